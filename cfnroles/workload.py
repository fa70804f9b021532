"""A workload: a task definition with the relevant settings of its service, as one tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from cfnroles.need import Origin
from cfnroles.text import Text

Path = tuple[str | int, ...]

#: The key of the settings that Express Mode takes from a service and that no task definition has.
EXPRESS = "expressGatewayService"
#: The keys of a capacity provider and of its instance profile, whose ``roleArn`` is the role in it.
PROVIDER, PROFILE = "capacityProvider", "instanceProfile"
#: Keys next to the members of a task definition.
BESIDE = frozenset(
    {"service", "cluster", "account", PROVIDER, PROFILE, "runBy", "runTask", "daemon", "gateway", EXPRESS}
)

#: The noun of a list's elements in messages: list -> (noun, key of the name).
_NOUNS = {
    "secrets": ("secret", "name"),
    "secretOptions": ("log option", "name"),
    "environmentFiles": ("environment file", ""),
    "volumes": ("volume", "name"),
    "environment": ("variable", "name"),
}


class Workload(Struct, frozen=True):
    """One task definition. ``tree`` has the member names of RegisterTaskDefinition and contains no null.

    Settings from other API calls are under ``service``, ``cluster``, ``account`` and ``capacityProvider``, with the
    member names of CreateService, CreateCluster and CreateCapacityProvider and the setting names of PutAccountSetting,
    and so on; ``runBy`` has what runs the task. ``settings`` are their documents, and ``places`` the original paths of
    moved values. ``spots`` are document, line and column of values that are in another document than the values around
    them, or in one whose lines no path determines. ``hidden`` are the structures, maps and lists with unknown members.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    """

    document: str
    tree: Mapping[str, Any]
    settings: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[Path, Path] = field(default_factory=dict)
    spots: Mapping[Path, tuple[str, int, int]] = field(default_factory=dict)
    hidden: frozenset[Path] = frozenset()

    @property
    def launch_types(self) -> tuple[str, ...]:
        """The launch types that the task may run on: the service's, otherwise those that the task definition requires.

        Empty if neither is set.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
        """
        service = self.at(("service", "launchType"))
        if isinstance(service, str) and service:
            return (service,)
        required = self.tree.get("requiresCompatibilities", ())
        return tuple(name for name in required if isinstance(name, str)) if isinstance(required, list) else ()

    @property
    def noun(self) -> str:
        """What it is called: a task definition, or what has its own roles without one."""
        if EXPRESS in self.settings:
            return "Express Mode service"
        return "capacity provider" if self.is_provider else "task definition"

    @property
    def is_provider(self) -> bool:
        """Whether it is a capacity provider by itself, without a task definition."""
        return PROFILE in self.settings

    @property
    def family(self) -> str:
        """The family's name, or an empty string."""
        family = self.tree.get("family", "")
        return family if isinstance(family, str) else ""

    def find(self, member: str) -> Iterator[tuple[Path, Any]]:
        """Yield path and value of each occurrence of ``member``, such as
        ``containerDefinitions[].secrets[].valueFrom``.

        ``[]`` iterates over a list. Branches of another shape yield nothing.
        """
        return _descend(self.tree, _steps(member), ())

    def at(self, path: Path) -> Any:
        """Return the value at ``path``, or ``None`` if there is none."""
        value: Any = self.tree
        for step in path:
            # Most are dictionaries and lists; testing for these is much faster than for the abstract types.
            if isinstance(step, str) and isinstance(value, (dict, Mapping)):
                value = value.get(step)
            elif isinstance(step, int) and isinstance(value, (list, Sequence)) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def part(self, path: Path) -> Mapping[str, Any]:
        """Return the structure at ``path``, or an empty one."""
        part = self.at(path)
        return part if isinstance(part, (dict, Mapping)) else {}

    def hides(self, path: Path) -> bool:
        """Return whether the structure, map or list at ``path`` may have members that are unknown."""
        return path in self.hidden

    def origin(self, path: Path) -> Origin:
        """Return the origin of ``path``, with the names of the container and the item if the tree has them."""
        container = item = ""
        if path[:1] == ("containerDefinitions",) and len(path) > 1 and isinstance(path[1], int):
            name = self.at((*path[:2], "name"))
            container = _written(name) if isinstance(name, str) and name else f"#{path[1] + 1}"
        for depth, step in enumerate(path[:-1]):
            if step in _NOUNS and isinstance(path[depth + 1], int):
                noun, key = _NOUNS[step]
                name = self.at((*path[: depth + 2], key)) if key else None
                item = f"{noun} {_written(name)}" if isinstance(name, str) else f"{noun} #{int(path[depth + 1]) + 1}"
        document, line, column = self.spot(path)
        path = self.place(path)
        settings = self.settings.get(str(path[0]), "") if path else ""
        return Origin(document or settings or self.document, path, container, item, line, column)

    def spot(self, path: Path) -> tuple[str, int, int]:
        """Return document, line and column of the value at ``path``, from ``spots``."""
        starts = (path[:length] for length in range(len(path), -1, -1)) if self.spots else ()
        return next((self.spots[start] for start in starts if start in self.spots), ("", 0, 0))

    def place(self, path: Path) -> Path:
        """Return the original path of the value at ``path``."""
        starts = (path[:length] for length in range(len(path), 0, -1))
        start = next((start for start in starts if start in self.places), None)
        return path if start is None else (*self.places[start], *path[len(start) :])


def _written(name: str) -> str:
    return name.written if isinstance(name, Text) else name


@lru_cache(maxsize=512)  # the members of rows, which are the same for all workloads
def _steps(member: str) -> tuple[tuple[str, bool], ...]:
    return tuple((name.removesuffix("[]"), name.endswith("[]")) for name in member.split("."))


def _descend(value: Any, steps: tuple[tuple[str, bool], ...], path: Path) -> Iterator[tuple[Path, Any]]:
    if not steps:
        yield path, value
        return
    (name, repeated), rest = steps[0], steps[1:]
    if not isinstance(value, (dict, Mapping)) or name not in value:
        return
    member = value[name]
    if not repeated:
        yield from _descend(member, rest, (*path, name))
    elif isinstance(member, (list, Sequence)) and not isinstance(member, str):
        for index, element in enumerate(member):
            yield from _descend(element, rest, (*path, name, index))
