"""The values of template parameters: which are given, which are missing, and what a template admits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.counted import counted
from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.parameter_values import refusal
from cfnroles.deploy.stacks_file import Pairs, StackSource
from cfnroles.sources.roles_beside import STANDS_FOR
from cfnroles.targets.cloudformation.settled import CHOICES

#: The parameter whose fresh value makes CloudFormation call the gate again; the deployer gives it.
DEPLOYMENT_ID = "DeploymentId"


class MissingParameter(Struct, frozen=True):
    """A parameter that ``stacks`` declare without a default and that has no value, as each template declares it."""

    name: str
    stacks: tuple[str, ...]
    declarations: tuple[Mapping[str, Any], ...]

    @property
    def description(self) -> str:
        """What the first template that describes it says."""
        return next((str(each["Description"]) for each in self.declarations if each.get("Description")), "")

    @property
    def default(self) -> str | None:
        """The value that it has where nobody gives one."""
        return next((str(each["Default"]) for each in self.declarations if "Default" in each), None)

    @property
    def is_secret(self) -> bool:
        """Whether its value must not be shown (NoEcho)."""
        return any(str(each.get("NoEcho", "")).lower() == "true" for each in self.declarations)

    def refusal(self, value: str) -> str:
        """Why CloudFormation would refuse ``value``, in the words of the template; empty where it takes it."""
        return next(filter(None, (refusal(value, each) for each in self.declarations)), "")


#: Where missing values come from: each value by the parameter's name.
Ask = Callable[[Sequence[MissingParameter]], Mapping[str, str]]


def with_parameters(sources: Iterable[StackSource], given: Iterable[tuple[str, str]]) -> tuple[StackSource, ...]:
    """The same stacks with the user's parameter values, each where the template declares it.

    Exports and imports that begin with the project's name follow when ``ProjectName`` is given.
    """
    wanted = dict(given)
    return tuple(_with_parameters(source, wanted) for source in sources)


def undeclared(sources: Iterable[StackSource], given: Iterable[tuple[str, str]]) -> tuple[Failure, ...]:
    """The refusal of given values for parameters that no template declares."""
    known = sorted({name for source in sources for name in source.parsed.declarations})
    unknown = [name for name, _ in given if name not in known]
    if not unknown:
        return ()
    what = f"no template declares the parameter{'s' if len(unknown) > 1 else ''} {', '.join(unknown)}"
    remedy = f"They declare: {', '.join(known)}."
    if not CHOICES.isdisjoint(unknown):
        remedy = f"Build again with --parameterized for more parameters. {remedy}"
    return (Failure("", Cause.INPUT, (what,), remedy=remedy),)


def given_values(source: StackSource) -> dict[str, str]:
    """The values of the parameters that the template declares, by name; it may declare fewer than are given."""
    declared = source.parsed.declarations
    return {name: value for name, value in source.parameters if name in declared}


def _with_parameters(source: StackSource, wanted: Mapping[str, str]) -> StackSource:
    own = {name: value for name, value in wanted.items() if name in source.parsed.declarations}
    before, after = dict(source.parameters).get("ProjectName", ""), own.get("ProjectName", "")

    def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
        if not before or not after:
            return names
        return tuple(after + name.removeprefix(before) if name.startswith(f"{before}-") else name for name in names)

    return replace(
        source,
        parameters=tuple(sorted({**dict(source.parameters), **own}.items())),
        exports=renamed(source.exports),
        imports=renamed(source.imports),
    )


def missing_parameters(stacks: Iterable[tuple[StackSource, Pairs]]) -> tuple[MissingParameter, ...]:
    """The parameters that have neither a default nor a value, each once for all stacks that declare it.

    Each stack comes with the values that are kept from its deployment.
    """
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for source, kept in stacks:
        valued = {DEPLOYMENT_ID, *dict(source.parameters), *dict(kept)}
        for name, declaration in source.parsed.declarations.items():
            if "Default" not in declaration and name not in valued:
                found.setdefault(name, []).append((source.name, declaration))
    return _asked(found)


def _asked(found: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]) -> tuple[MissingParameter, ...]:
    return tuple(
        MissingParameter(name, tuple(stack for stack, _ in where), tuple(declaration for _, declaration in where))
        for name, where in found.items()
    )


def shared_parameters(stacks: Iterable[tuple[StackSource, Pairs]]) -> tuple[MissingParameter, ...]:
    """The parameters of stacks beside a template that the template has, too, and that have no value but a default.

    Another value there makes these roles wrong, and who deploys is asked for it.
    """
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for source, kept in stacks:
        metadata = source.parsed.tree.get("Metadata")
        ours = metadata.get("cfnroles") if isinstance(metadata, Mapping) else None
        record = ours.get(STANDS_FOR) if isinstance(ours, Mapping) else None
        valued = {*dict(source.parameters), *dict(kept)}
        for name, declaration in source.parsed.declarations.items():
            if isinstance(record, Mapping) and name in record and "Default" in declaration and name not in valued:
                found.setdefault(name, []).append((source.name, declaration))
    return _asked(found)


def taken_defaults(shared: Iterable[MissingParameter], stack: str) -> Iterator[str]:
    """What to read before agreeing to a stack whose shared parameters have the default, because no one was asked."""
    for each in shared:
        if stack in each.stacks:
            value = "its default" if each.is_secret else f"its default, {each.default!r}"
            yield f"{each.name} has {value}. If the template has another value, pass --parameter {each.name}=VALUE"


def without_value(missing: Sequence[MissingParameter]) -> Failure:
    """The refusal of a deployment whose parameters nobody can be asked for."""
    told = [
        f"  {each.name}: {each.description or 'its template says no more'} ({', '.join(each.stacks)})"
        for each in missing
    ]
    head = f"{counted(len(missing), 'parameter has', 'parameters have')} no value:"
    options = " ".join(f"--parameter {each.name}=VALUE" for each in missing)
    remedy = f"Pass {options}, or a --parameter-file."
    return Failure("", Cause.INPUT, (head, *told), remedy=remedy)


def wrong_values(stacks: Iterable[tuple[StackSource, Pairs]]) -> tuple[Failure, ...]:
    """The refusal of values that their templates do not take; what the values are is not shown.

    Each stack comes with the values that are kept from its deployment. CloudFormation tells nobody those of NoEcho
    parameters.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for source, kept in stacks:
        known = {name: value for name, value in kept if name not in source.parsed.secret_parameters}
        values = {**known, **given_values(source)}
        for name, declaration in source.parsed.declarations.items():
            if name in values and name != DEPLOYMENT_ID and (why := refusal(values[name], declaration)):
                found.setdefault((name, why), []).append(source.name)
    if not found:
        return ()
    head = (
        "1 value is not valid for its template:"
        if len(found) == 1
        else f"{len(found)} values are not valid for their templates:"
    )
    told = [f"  {name}: {why} ({', '.join(where)})" for (name, why), where in found.items()]
    options = " ".join(f"--parameter {name}=VALUE" for name in dict.fromkeys(name for name, _ in found))
    return (Failure("", Cause.INPUT, (head, *told), remedy=f"Pass other values: {options}"),)
