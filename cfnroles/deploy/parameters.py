"""The values of template parameters: which are given, which are missing, and what a template admits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.deploy.stacks_file import Pairs, StackSource
from cfnroles.errors import InvalidInput

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
    def is_secret(self) -> bool:
        """Whether its value must not be shown (NoEcho)."""
        return any(str(each.get("NoEcho", "")).lower() == "true" for each in self.declarations)

    def refusal(self, value: str) -> str:
        """Why CloudFormation would refuse ``value``, in the words of the template; empty where it takes it.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
        """
        return next(filter(None, (_refusal(value, each) for each in self.declarations)), "")


#: Where missing values come from: each value by the parameter's name.
Ask = Callable[[Sequence[MissingParameter]], Mapping[str, str]]


def with_parameters(sources: Iterable[StackSource], given: Iterable[tuple[str, str]]) -> tuple[StackSource, ...]:
    """The same stacks with the user's parameter values, each where the template declares it.

    Exports and imports that begin with the project's name follow when ``ProjectName`` is given.

    Raises ``InvalidInput`` for a parameter that no template declares.
    """
    sources, wanted = tuple(sources), dict(given)
    known = sorted({name for source in sources for name in source.parsed.declarations})
    for name in wanted:
        if name not in known:
            raise InvalidInput(f"no template declares the parameter {name}", remedy=f"They declare: {', '.join(known)}")
    return tuple(_with_parameters(source, wanted) for source in sources)


def given_values(source: StackSource) -> dict[str, str]:
    """The values of the parameters that the template declares, by name; it may declare fewer than are given."""
    declared = source.parsed.declarations
    return {name: value for name, value in source.parameters if name in declared}


def with_missing(stacks: Sequence[tuple[StackSource, Pairs]], ask: Ask | None) -> tuple[StackSource, ...]:
    """The stacks with a value for every parameter; each comes with the values that are ``kept`` from its deployment.

    A parameter that has neither a default nor a value is asked for, once for all stacks that declare it.

    Raises ``InvalidInput`` with all of them where there is nobody to ask.
    """
    sources = tuple(source for source, _ in stacks)
    missing = _missing(stacks)
    if not missing:
        return sources
    if ask is None:
        raise _refused(missing)
    return with_parameters(sources, ask(missing).items())


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


def _missing(stacks: Iterable[tuple[StackSource, Pairs]]) -> tuple[MissingParameter, ...]:
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for source, kept in stacks:
        valued = {DEPLOYMENT_ID, *dict(source.parameters), *dict(kept)}
        for name, declaration in source.parsed.declarations.items():
            if "Default" not in declaration and name not in valued:
                found.setdefault(name, []).append((source.name, declaration))
    return tuple(
        MissingParameter(name, tuple(stack for stack, _ in where), tuple(declaration for _, declaration in where))
        for name, where in found.items()
    )


def _refused(missing: Sequence[MissingParameter]) -> InvalidInput:
    told = [
        f"  {each.name}: {each.description or 'its template says no more'} ({', '.join(each.stacks)})"
        for each in missing
    ]
    options = " ".join(f"--parameters {each.name}=VALUE" for each in missing)
    return InvalidInput(
        "1 parameter has no value:" if len(missing) == 1 else f"{len(missing)} parameters have no value:",
        why="\n".join(told),
        remedy=f"Give {options}, or write them into a --parameters-file.",
    )


def _refusal(value: str, declaration: Mapping[str, Any]) -> str:
    allowed, pattern = declaration.get("AllowedValues"), declaration.get("AllowedPattern")
    is_list = "List" in str(declaration.get("Type", ""))
    values = [element.strip() for element in value.split(",")] if is_list else [value]
    if isinstance(allowed, list) and not {*values} <= {_text(each) for each in allowed}:
        expected = f"one of {', '.join(map(_text, allowed))}"
    elif isinstance(pattern, str) and not all(_matches(pattern, each) for each in values):
        expected = f"a text that matches {pattern}"
    else:
        return ""
    return f"expected {declaration.get('ConstraintDescription') or expected}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True  # a pattern of Java's that Python does not read: CloudFormation looks at it itself


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
