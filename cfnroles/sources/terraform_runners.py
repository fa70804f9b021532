"""Terraform's runners of tasks besides services, in the terms of a template.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_event_target
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/scheduler_schedule
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/pipes_pipe
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sfn_state_machine
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from cfnroles.hcl.arguments import Partial
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Failed, Lazy, Value, text
from cfnroles.need import Holder
from cfnroles.sources.template_targets import RUNNERS
from cfnroles.sources.terraform_members import Attributes, decoded_json
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.symbols import Expression, Opaque, Symbol
from cfnroles.text import Text, from_spelling
from cfnroles.workload import Path


class RunnerType(Struct, frozen=True):
    """A type of resource that runs tasks: its type in a template, and the property with the run.

    ``arguments`` and ``blocks`` are those to read; without ``running`` among them, a resource runs no task.
    """

    type: str
    arguments: tuple[str, ...]
    blocks: tuple[str, ...]
    running: str = ""
    within: str = ""

    @property
    def holder(self) -> Holder:
        """The holder of the role that runs the task."""
        return RUNNERS[self.type].holder


_EVENT_TARGET = RunnerType(
    "AWS::Events::Rule",
    ("arn", "role_arn", "input", "input_path"),
    ("ecs_target", "input_transformer", "dead_letter_config"),
    "ecs_target",
    "Targets",
)
RUNNER_TYPES: Mapping[str, RunnerType] = {
    "aws_cloudwatch_event_target": _EVENT_TARGET,
    "aws_scheduler_schedule": RunnerType("AWS::Scheduler::Schedule", ("kms_key_arn",), ("target",), "ecs_parameters"),
    "aws_pipes_pipe": RunnerType(
        "AWS::Pipes::Pipe",
        ("role_arn", "source", "target"),
        ("source_parameters", "target_parameters"),
        "ecs_task_parameters",
    ),
    "aws_sfn_state_machine": RunnerType(
        "AWS::StepFunctions::StateMachine",
        ("role_arn", "definition"),
        ("logging_configuration", "tracing_configuration", "encryption_configuration"),
    ),
}
_RENAMED = {
    "dynamodb_stream_parameters": "DynamoDBStreamParameters",
    "ecs_target": "EcsParameters",
    "enable_ecs_managed_tags": "EnableECSManagedTags",
    "definition": "DefinitionString",
    "container_override": "ContainerOverrides",
    "environment_file": "EnvironmentFiles",
    "inference_accelerator_override": "InferenceAcceleratorOverrides",
    "resource_requirement": "ResourceRequirements",
}
#: Blocks that occur once; Terraform has a list for each.
_SINGLE = frozenset(
    {
        *("Target", "TargetParameters", "EcsParameters", "EcsTaskParameters", "Overrides", "NetworkConfiguration"),
        *("AwsvpcConfiguration", "DeadLetterConfig", "InputTransformer", "EphemeralStorage"),
        *("SourceParameters", "SqsQueueParameters", "KinesisStreamParameters", "DynamoDBStreamParameters"),
    }
)
#: Arguments with JSON.
_JSON = frozenset({"Input", "InputTemplate", "DefinitionString"})
_MARK = "Terraform"


class Turning(Struct):
    """A resource in the terms of a template. ``spelled`` are its own names, with the place of each part."""

    address: str
    symbols: list[Symbol] = field(default_factory=list)
    spelled: dict[Path, tuple[Path, Place]] = field(default_factory=dict)

    def properties(self, given: Attributes, kind: RunnerType) -> dict[str, Any]:
        """Return the properties of the resource in a template."""
        start: Path = (kind.within, 0) if kind.within else ()
        self.spelled[start] = ((self.address,), Place("", 0, 0))
        known = {name: value for name, value in given.items() if isinstance(value, Value)}
        made = self._members(known, start)
        return {kind.within: [made]} if kind.within else made

    def _members(self, given: Mapping[str, Value], path: Path) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in given.items():
            called = _RENAMED.get(name) or "".join(part.capitalize() for part in name.split("_"))
            at = (*path, called)
            self.spelled[at] = ((*self.spelled[path][0], name), value.place)
            found = self._value(value, at)
            if found not in (None, "", []):
                made[called] = found
        return made

    def _value(self, value: Value, path: Path) -> Any:
        data = value.data
        if isinstance(data, list) and path[-1] in _SINGLE and not isinstance(data, Partial):
            return self._value(data[0], path) if data else None
        if isinstance(data, Partial):
            return str(self._marked(Text(next(each.unknown for each in data if each.unknown))))
        if isinstance(data, list):
            for index, each in enumerate(data):
                self.spelled[(*path, index)] = ((*self.spelled[path][0], index), each.place)
            return [self._value(each, (*path, index)) for index, each in enumerate(data)]
        if isinstance(data, dict):
            return self._members(data, path)
        if isinstance(data, Lazy) or data is None or isinstance(data, bool | int | float):
            return None if isinstance(data, Lazy) else data
        return self._json(value) if path[-1] in _JSON else str(self._marked(shaped(text(value))))

    def _json(self, value: Value) -> str:
        """Return JSON text with each expression in quotes: its value is evaluated elsewhere."""
        try:
            tree = decoded_json(value)
        except Failed:
            tree = value
        if isinstance(tree.data, str | Expression):
            return str(self._marked(shaped(text(tree))))
        return json.dumps(self._plain(tree))

    def _plain(self, value: Value) -> Any:
        match value.data:
            case list() as elements:
                return [self._plain(each) for each in elements]
            case dict() as members:
                return {name: self._plain(each) for name, each in members.items()}
            case None | bool() | int() | float():
                return value.data
            case Lazy() as lazy:
                return self._plain(lazy.all(value.place))
        return str(self._marked(shaped(text(value))))

    def _marked(self, given: Text) -> Text:
        """Return the text with symbols that are valid in JSON."""

        def mark(symbol: Symbol) -> Symbol:
            self.symbols.append(symbol)
            return Opaque(f"{_MARK}-{len(self.symbols) - 1}")

        return given.replaced(mark)

    def told(self, value: Any) -> Any:
        """Return a part of the properties, with its symbols."""
        if isinstance(value, Mapping):
            return {str(self.told(name)): self.told(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.told(each) for each in value]
        if not isinstance(value, str):
            return value
        found = from_spelling(value, policy=False).replaced(self._symbol)
        return found if found.symbols else found.plain

    def _symbol(self, mark: Symbol) -> Symbol:
        kind, _, number = mark.name.partition("-")
        return self.symbols[int(number)] if kind == _MARK and number.isdigit() else mark

    def at(self, path: Path) -> tuple[Path, Place]:
        """Return the own names of a path of the properties, and its place."""
        while path and path not in self.spelled:
            path = path[:-1]
        return self.spelled.get(path, ((self.address,), Place("", 0, 0)))


def may_run_tasks(kind: str, written: str) -> bool:
    """Return whether a resource of a type with this text may run tasks."""
    runner = RUNNER_TYPES.get(kind)
    return runner is not None and runner.running in written


def members_said(attributes: Attributes) -> Iterator[str]:
    """Yield the names of a resource's arguments, and of the blocks in its blocks."""
    for name, value in attributes.items():
        blocks = value.data if isinstance(value, Value) and isinstance(value.data, list) else ()
        inner = (member for block in blocks if isinstance(block.data, dict) for member in block.data.items())
        if not isinstance(value, Value) or value.data != []:
            yield name
        yield from (member for member, each in inner if each.data not in (None, []))
