"""The environments of a spec: the parameters of the stacks that have other values there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from cfnroles.lines import refuse
from cfnroles.need import Finding, Origin, Severity
from cfnroles.sources.service_spec.types import nearest
from cfnroles.sources.spec import Spec
from cfnroles.targets.cloudformation.service import Stack
from cfnroles.targets.cloudformation.settled import CHOICES, Form
from cfnroles.workload import Path


def offered_by(spec: Spec, form: Form) -> Form:
    """Return the form with the choices that environments set: their templates are equal, with these parameters."""
    environments = (spec.get("environments") or {}).values()
    everywhere = (name for each in environments for name in each.get("parameters") or ())
    services: dict[str, set[str]] = {}
    for each in environments:
        for name, settings in (each.get("services") or {}).items():
            services.setdefault(name, set()).update(settings.get("parameters") or ())
    return replace(form, names=frozenset(map(str, everywhere)), services=services)


def with_parameters(
    spec: Spec, environment: str, stacks: Sequence[Stack], owners: Mapping[str, str]
) -> tuple[Stack, ...]:
    """Return the stacks with the environment's values of their parameters. The templates are unchanged.

    ``owners`` names the service of each stack that belongs to one. Raise InvalidInput with the position of a parameter
    that no stack has, and of a value that the template would reject.
    """
    wrong: list[Finding] = []
    base: Path = ("environments", environment)
    everywhere = spec.get(*base, "parameters") or {}
    changed = list(stacks)
    changed = _set(changed, changed, everywhere, Origin(spec.document, (*base, "parameters")), wrong)
    for name, settings in (spec.get(*base, "services") or {}).items():
        own = [stack for stack in changed if owners.get(stack.name) == name]
        place = Origin(spec.document, (*base, "services", name, "parameters"))
        changed = _set(changed, own, settings.get("parameters", {}), place, wrong)
    refuse(wrong, {spec.document: spec.text})
    return tuple(changed)


def _set(
    stacks: Sequence[Stack], chosen: Sequence[Stack], values: Mapping[str, Any], place: Origin, wrong: list[Finding]
) -> list[Stack]:
    known = sorted({name for stack in chosen for name in stack.template.get("Parameters", {})})
    texts = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in values.items()}
    for name, text in texts.items():
        origin = replace(place, path=(*place.path, name))
        if name not in known:
            what = f"no stack has the parameter {name!r}"
            wrong.append(Finding(Severity.ERROR, origin, what, nearest(name, sorted({*known, *CHOICES}))))
            continue
        declared = next(stack.template["Parameters"][name] for stack in chosen if name in stack.template["Parameters"])
        if refusal := _refusal(text, declared):
            wrong.append(Finding(Severity.ERROR, origin, f"{text!r} is not a value of {name}", refusal))
    names = {stack.name for stack in chosen}
    return [
        replace(
            stack,
            parameters={
                **stack.parameters,
                **{name: text for name, text in texts.items() if name in stack.template.get("Parameters", {})},
            },
        )
        if stack.name in names
        else stack
        for stack in stacks
    ]


def _refusal(text: str, declared: Mapping[str, Any]) -> str:
    allowed = [str(value) for value in declared.get("AllowedValues", ())]
    if allowed and text not in allowed:
        return f"It is one of {', '.join(allowed)}."
    parts = text.split(",") if declared["Type"] == "CommaDelimitedList" else [text]
    pattern = declared.get("AllowedPattern")
    if pattern and not all(re.search(pattern, part.strip()) for part in parts):
        return f"It must be {declared.get('ConstraintDescription', pattern)}."
    return ""
