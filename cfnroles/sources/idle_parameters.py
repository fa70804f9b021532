"""Template parameters that are irrelevant for roles: sizes, counts, tags, addresses, and most environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.template.template import Template
from cfnroles.workload import Path

#: Properties that need no permission for any value: numbers, and what a container runs.
_IDLE = frozenset(
    (
        *("Command", "ContainerPort", "Cpu", "DesiredCount", "EntryPoint", "EphemeralStorage", "HealthCheck"),
        *("HealthCheckGracePeriodSeconds", "HostPort", "Memory", "MemoryReservation", "PlatformVersion"),
        *("CidrBlock", "ClusterSettings", "FromPort", "Port", "SecurityGroupIngress", "ToPort"),
        *("ManagedScaling", "RetentionInDays", "Tags", "TaskCount", "NetworkConfiguration"),
    )
)
#: The names of environment variables that decide about permissions: of the init process of AWS for Fluent Bit, of App
#: Mesh, and of the SSM agent.
_READ = re.compile(r"(?i)aws_fluent_bit_init|appmesh|managed_instance")
#: The part of an image before its tag: https://docs.docker.com/reference/cli/docker/image/tag/
_BEFORE_TAG = re.compile(r"[^/:]:[^/:]*$|@[^/]*$")


class _Place(Struct, frozen=True):
    """A reference to a parameter, with the text before and after it."""

    path: Path
    before: str = ""
    after: str = ""
    of_application: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether the value is irrelevant here."""
        if self.of_application or not _IDLE.isdisjoint(self.path):
            return True
        properties = [step for step in self.path if isinstance(step, str) and not step.startswith("Fn::")]
        chosen = {step for step in self.path if str(step).startswith("Fn::")} <= {"Fn::If"}
        of_image = chosen and properties[-1:] == ["Image"]
        return of_image and bool(_BEFORE_TAG.search(self.before)) and "/" not in self.after


def is_idle(name: str, template: Template) -> bool:
    """Return whether the value of a parameter is irrelevant for the roles, at all places that refer to it."""
    resources = template.resources.items()
    places = [each for logical_id, one in resources for each in _places(name, one.get("Properties"), (logical_id,))]
    return bool(places) and all(place.is_idle for place in places)


def _places(name: str, value: Any, path: Path) -> Iterator[_Place]:
    match value:
        case {"Ref": str(given)} if given == name:
            yield _Place(path)
        case {"Fn::Sub": str(text) | [str(text), *_]} if f"${{{name}}}" in text:
            before, _, after = text.partition(f"${{{name}}}")
            yield _Place(path, before, after)
        case {"Fn::Join": [str(sign), [*pieces]]}:
            for index, piece in enumerate(pieces):
                before, after = _text(sign, pieces[:index]), _text(sign, pieces[index + 1 :])
                lead, tail = (sign if before else ""), (sign if after else "")
                for each in _places(name, piece, path):
                    yield _Place(each.path, f"{before}{lead}{each.before}", f"{each.after}{tail}{after}")
            return
        case {"Name": str(variable), "Value": given} if "Environment" in path and not _READ.match(variable):
            yield from (replace(each, of_application=True) for each in _places(name, given, path))
            return
    inner: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, Mapping):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = iter(enumerate(value))
    for step, member in inner:
        yield from _places(name, member, (*path, step))


def _text(sign: str, pieces: Sequence[Any]) -> str:
    """Return the result of a join, with ``sign`` for each expression that may contain a colon or slash."""
    return sign.join(each if isinstance(each, str) else "${}" for each in pieces)
