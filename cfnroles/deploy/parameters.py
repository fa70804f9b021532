"""Template parameters: given values, missing values, and the declarations of the templates."""

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

#: The parameter whose new value makes CloudFormation call the gate again. The deployer sets it.
DEPLOYMENT_ID = "DeploymentId"


class MissingParameter(Struct, frozen=True):
    """A parameter that ``stacks`` declare without a default and that has no value, with each declaration."""

    name: str
    stacks: tuple[str, ...]
    declarations: tuple[Mapping[str, Any], ...]

    @property
    def description(self) -> str:
        """The description, from the first template that has one."""
        return next((str(each["Description"]) for each in self.declarations if each.get("Description")), "")

    @property
    def default(self) -> str | None:
        """The default value."""
        return next((str(each["Default"]) for each in self.declarations if "Default" in each), None)

    @property
    def is_secret(self) -> bool:
        """Whether its value must not be shown (NoEcho)."""
        return any(str(each.get("NoEcho", "")).lower() == "true" for each in self.declarations)

    def refusal(self, value: str) -> str:
        """Return why CloudFormation would reject ``value``, in the words of the template; empty if it is valid."""
        return next(filter(None, (refusal(value, each) for each in self.declarations)), "")


#: The source of missing values, by parameter name.
Ask = Callable[[Sequence[MissingParameter]], Mapping[str, str]]


def with_parameters(sources: Iterable[StackSource], given: Iterable[tuple[str, str]]) -> tuple[StackSource, ...]:
    """Return the stacks with the user's parameter values, each where the template declares it.

    Exports and imports that begin with the project's name change with ``ProjectName``.
    """
    wanted = dict(given)
    return tuple(_with_parameters(source, wanted) for source in sources)


def undeclared(sources: Iterable[StackSource], given: Iterable[tuple[str, str]]) -> tuple[Failure, ...]:
    """Return failures for values of parameters that no template declares."""
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
    """Return the values of the parameters that the template declares, by name; others are ignored."""
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
    """Return the parameters without default and value, once for all stacks that declare them.

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
    """Return the parameters that stacks share with the template next to them and that only have a default.

    A different value there would make these roles wrong, so the user is asked for it.
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
    """Return the failure for missing parameter values without a prompt."""
    told = [
        f"  {each.name}: {each.description or 'its template says no more'} ({', '.join(each.stacks)})"
        for each in missing
    ]
    head = f"{counted(len(missing), 'parameter has', 'parameters have')} no value:"
    options = " ".join(f"--parameter {each.name}=VALUE" for each in missing)
    remedy = f"Pass {options}, or a --parameter-file."
    return Failure("", Cause.INPUT, (head, *told), remedy=remedy)


def wrong_values(stacks: Iterable[tuple[StackSource, Pairs]]) -> tuple[Failure, ...]:
    """Return failures for values that their templates reject, without the values.

    Each stack comes with the values that are kept from its deployment. CloudFormation does not return values of NoEcho
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
