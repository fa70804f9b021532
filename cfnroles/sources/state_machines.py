"""Step Functions state machines in a template, and their states that run Amazon ECS tasks.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.sources.inner_json import inner_json
from cfnroles.workload import Path

#: The types of state machines, and the property with the role of each.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
#: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
STATE_MACHINES = {"AWS::StepFunctions::StateMachine": "RoleArn", "AWS::Serverless::StateMachine": "Role"}
_SUBSTITUTIONS = "DefinitionSubstitutions"
#: The properties with the definition.
DEFINING = ("Definition", "DefinitionString", _SUBSTITUTIONS)
#: Other properties that need permissions of its role.
_BESIDES = ("LoggingConfiguration", "Logging", "TracingConfiguration", "Tracing", "EncryptionConfiguration")
_IN_MAPS = ("ItemReader", "ResultWriter")
#: The maximum depth of a definition: that of its nested states, with about eight levels for each.
_LEVELS = 200
_LITERAL = re.compile(r"\$\{!([^{}]+)\}")
_RUN = re.compile(r"arn:(?:\$\{[^{}]+\}|[^:$]+):states:::(?:aws-sdk:)?ecs:runTask(\.sync(?::2)?|\.waitForTaskToken)?")
_OF_ECS = re.compile(r":ecs:(run|start)Task")
TASK = "TaskDefinition"


class RunningState(Struct, frozen=True):
    """A state that runs a task: its input for RunTask, and the place of that in the properties."""

    name: str
    said: Mapping[str, Any]
    steps: Path
    waits: bool


class StateMachine(Struct, frozen=True):
    """What is known about a state machine.

    ``unread`` are sentences about unreadable parts that may run a task. ``does_more`` says whether its role may need
    more than to run the tasks of ``running``; ``is_seen`` whether there is a readable definition.
    """

    running: tuple[RunningState, ...] = ()
    unread: tuple[str, ...] = ()
    does_more: bool = True
    is_seen: bool = True


def state_machine(properties: Mapping[str, Any]) -> StateMachine:
    """Return what the resolved properties of a state machine say about the tasks that it runs."""
    tree, steps = _definition(properties)
    if not isinstance(tree, Mapping) or not isinstance(tree.get("States"), Mapping):
        return StateMachine(unread=("cannot see its definition, which may run tasks",), is_seen=False)
    running, unread = [], []
    more = any(name in properties for name in _BESIDES)
    for name, state, place in _states(tree, steps):
        if not isinstance(state, Mapping):
            unread.append(f"cannot see its state {name}, which may run tasks")
        elif state.get("Type") == "Task":
            read = _task(name, state, place)
            running += [read] if isinstance(read, RunningState) else []
            unread += [read] if isinstance(read, str) and read else []
            more |= not isinstance(read, RunningState)
        else:
            more |= state.get("Type") == "Map" and _starts_executions(state)
    return StateMachine(tuple(running), tuple(unread), more or bool(unread))


def _definition(properties: Mapping[str, Any]) -> tuple[Any, Path]:
    """Return the definition with the values of its substitutions, and its place."""
    given = properties.get(_SUBSTITUTIONS)
    values = given if isinstance(given, Mapping) else {}

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1].strip())
        return str(found).lower() if isinstance(found, bool) else match[0] if found is None else str(found)

    def filled(part: Any) -> Any:
        if isinstance(part, Mapping):
            return {filled(name): filled(member) for name, member in part.items()}
        if isinstance(part, list):
            return [filled(element) for element in part]
        return _LITERAL.sub(value, part) if isinstance(part, str) else part

    text = properties.get("DefinitionString")
    if isinstance(text, str):
        return inner_json(filled(text), _LEVELS), ("DefinitionString",)
    return filled(properties.get("Definition")), ("Definition",)


def _states(tree: Mapping[str, Any], steps: Path) -> Iterator[tuple[str, Any, Path]]:
    """Yield the states by name, including those in parallel branches and maps, with their places."""
    states = tree.get("States")
    for name, state in states.items() if isinstance(states, Mapping) else ():
        here = steps if steps == ("DefinitionString",) else (*steps, "States", name)
        yield str(name), state, here
        members = state if isinstance(state, Mapping) else {}
        branches = members.get("Branches")
        inner: list[tuple[Any, Path]] = [(members.get(part), (part,)) for part in ("Iterator", "ItemProcessor")]
        inner += [(each, ("Branches", n)) for n, each in enumerate(branches if isinstance(branches, list) else ())]
        for each, part in inner:
            if isinstance(each, Mapping):
                yield from _states(each, here if here == steps else (*here, *part))
        if isinstance(branches, str):
            yield str(name), branches, here


def _task(name: str, state: Mapping[str, Any], place: Path) -> RunningState | str:
    """Return a state that runs a task, or why it cannot be read; empty if it runs none."""
    resource, part = str(state.get("Resource")), "Arguments" if "Arguments" in state else "Parameters"
    said = state.get(part)
    run = _RUN.fullmatch(resource)
    if run is None:
        may = _OF_ECS.search(resource) or (isinstance(said, Mapping) and any(key.startswith(TASK) for key in said))
        return f"cannot see how its state {name} runs a task" if may else ""
    if "Credentials" in state:
        return f"its state {name} runs a task with the role of its Credentials, which cfnroles does not check"
    if not isinstance(said, Mapping):
        return f"cannot see which task its state {name} runs"
    waits = str(run[1] or "").startswith(".sync")
    return RunningState(name, said, place if place == ("DefinitionString",) else (*place, part), waits)


def _starts_executions(state: Mapping[str, Any]) -> bool:
    """Return whether a map runs its items as separate executions, or reads and writes files.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    return any(name in state for name in _IN_MAPS) or "DISTRIBUTED" in str(state.get("ItemProcessor"))
