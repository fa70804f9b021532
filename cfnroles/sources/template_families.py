"""Task definitions of a template that something runs by family, as in ``web`` or ``arn:...:task-definition/web``.

ECS runs the latest active revision of the family. A fixed revision is not that of the template.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.sources.template_task_types import RUNS, TASK_DEFINITIONS, names_of
from cfnroles.template.dependencies import names_in
from cfnroles.template.template import Resource, Template

_TASK_DEFINITION, _OF_DAEMONS = TASK_DEFINITIONS
#: How the ARN of each ends before its family.
_IN_ARNS = {_TASK_DEFINITION: ":task-definition/", _OF_DAEMONS: ":daemon-task-definition/"}


def calls(named: Any, task: Resource) -> bool:
    """Return whether this is the family of a task definition, or its ARN without a fixed revision."""
    family = task.properties.get("Family")
    if not isinstance(named, str) or not isinstance(family, str) or not family:
        return False
    called = named.rpartition(_IN_ARNS[task.type])[2] if named.startswith("arn:") else named
    return called in (family, f"{family}:*")


def runs_task(running: Resource, task: Resource) -> bool:
    """Return whether a service, task set or daemon runs a task definition, by reference or by family."""
    named = running.properties.get(RUNS[running.type][1])
    return named in names_of(task.logical_id) or (task.type == _type_run_by(running.type) and calls(named, task))


def may_call(running: Mapping[str, Any], task: Mapping[str, Any], template: Template) -> bool:
    """Return whether a service, task set or daemon may name a task definition by family, in any world."""
    if task["Type"] != _type_run_by(running["Type"]) or not (family := _property(task, "Family")):
        return False
    given = _property(running, RUNS[running["Type"]][1])
    return any(_may_be(each, family, template) for each in _outcomes(given) if not _is_reference(each, template))


def _type_run_by(kind: str) -> str:
    return _OF_DAEMONS if RUNS[kind][0] == "daemon" else _TASK_DEFINITION


def _may_be(given: Any, family: Any, template: Template) -> bool:
    if not set(names_in(given)).isdisjoint(names_in(family)) or _is_computed(given):
        return True
    named, families = _spellings(given, template), _spellings(family, template)
    return any(each in text for text in named for each in families) or (bool(named) and _is_computed(family))


def _is_computed(value: Any) -> bool:
    """Return whether a function makes a value of others, possibly known ones."""
    functions = value.keys() if isinstance(value, Mapping) else ()
    return any(str(name).startswith("Fn::") and name not in ("Fn::GetAtt", "Fn::ImportValue") for name in functions)


def _spellings(value: Any, template: Template) -> tuple[str, ...]:
    """Return a text, or the default of a parameter, or how an expression is written."""
    default = template.declarations.get(value["Ref"], {}).get("Default") if _is_ref(value) else None
    spelled = default if _is_ref(value) else value
    return () if spelled in (None, "") else (str(spelled),)


def _is_ref(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"Ref"} and isinstance(value["Ref"], str)


def _is_reference(value: Any, template: Template) -> bool:
    """Return whether a value is a reference to a task definition, which names no family."""
    return _is_ref(value) and value["Ref"] in template.resources and template.type_of(value["Ref"]) in TASK_DEFINITIONS


def _outcomes(given: Any) -> Iterator[Any]:
    """Yield the values that conditions choose from."""
    match given:
        case {"Fn::If": [_, one, other]}:
            yield from _outcomes(one)
            yield from _outcomes(other)
        case None:
            pass
        case _:
            yield given


def _property(resource: Mapping[str, Any], name: str) -> Any:
    properties = resource.get("Properties")
    return properties.get(name) if isinstance(properties, Mapping) else None
