"""Values with a meaning of their own to a policy, a terminal or Markdown, in each text that a person can write.

`task_definitions` plants a value into every string of RegisterTaskDefinition, `grants` into every word of a spec's.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cfnroles.sources.members import MAP, TEXT, recorded
from cfnroles.sources.service_spec.role_keys import GRANT
from cfnroles.table.ecs import FEATURES
from cfnroles.table.examples import example_workload
from cfnroles.table.words import ROWS

#: Each by the name that tests show: IAM's wildcards and variables, what CloudFormation fills, what a terminal obeys.
SIGNS = {
    "star": "*",
    "question mark": "?",
    "policy variable": "${aws:username}",
    "pseudo parameter": "${AWS::Nope}",
    "dynamic reference": "{{resolve:ssm:x}}",
    "newline": "\n",
    "carriage return": "\r",
    "escape": "\x1b[2K",
    "hyperlink": "\x1b]8;;https://example.com\x07",
    "C1 control": "\x9b",
    "bidi override": "\u202e",
    "bidi isolate": "\u2066",
    "zero width space": "\u200b",
    "line separator": "\u2028",
}
#: Settings that ECS takes elsewhere, which are next to the members of a task definition in a workload.
SETTINGS = frozenset({"service", "cluster", "account"})
#: The keys that are next to the words of a spec's grants.
OPTIONS = {key.name: key.example for key in GRANT.keys if key.beside}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Planted:
    """A document with ``value`` at ``path``; ``field`` is the path as the table spells it."""

    field: str
    path: Path
    value: str
    tree: dict[str, Any]

    @property
    def definition(self) -> dict[str, Any]:
        """The task definition without the settings beside it."""
        return {name: member for name, member in self.tree.items() if name not in SETTINGS}

    def __str__(self) -> str:
        return f"{self.field} = {self.value!r}"


def string_fields() -> tuple[str, ...]:
    """Every string of RegisterTaskDefinition; a map's own is spelled ``options.*``."""
    taken = recorded()["takes"]["RegisterTaskDefinition"]
    return tuple(f"{path}.*" if kind == MAP else path for path, kind in taken.items() if kind in (TEXT, MAP))


def task_definitions(values: Sequence[str]) -> Iterator[Planted]:
    """Each value in each string of RegisterTaskDefinition: by itself, and inside of each example that has the field.

    The examples are those of the table of permissions, in which the neighboring fields make the field count. The values
    are also planted in the settings of a service, a cluster and an account that the examples have.
    """
    for field, path, tree in _examples():
        for value in values:
            before = _at(tree, path)
            for planted in (value, _inside(before, value)):
                yield Planted(field, path, planted, _with(tree, path, planted))


def everywhere(value: str) -> dict[str, Any]:
    """One task definition in which each string of RegisterTaskDefinition ends in the value."""
    tree: dict[str, Any] = {}
    for field in string_fields():
        _grow(tree, _steps(field), f"x{value}")
    return tree


def grants(values: Sequence[str]) -> Iterator[Planted]:
    """Each value in each word of a spec's grants and in each key beside it, as the entry of one grant."""
    for row in ROWS:
        beside = (*row.options, *(["kms-key"] if row.key else []))
        entry = {row.word: row.example, **{name: OPTIONS[name] for name in beside}}
        for name, example in entry.items():
            for value in values if isinstance(example, str) else ():
                for planted in (value, _inside(example, value), example + value):
                    yield Planted(f"{row.word}: {name}", (name,), planted, {**entry, name: planted})


def _inside(text: str, value: str) -> str:
    return f"{text[: len(text) // 2 + 1]}{value}{text[len(text) // 2 + 1 :]}"


@cache
def _examples() -> tuple[tuple[str, Path, dict[str, Any]], ...]:
    """Field, path and tree of each string in each example; fields that no example has are in one of their own."""
    # Many rows share their example.
    trees = list({str(tree): tree for tree in (example_workload(feature).tree for feature in FEATURES)}.values())
    found = [(_field(path), path, tree) for tree in trees for path in _paths(tree, ()) if path != ("family",)]
    known = {field for field, _, _ in found}
    for field in string_fields():
        if field not in known and not any(_is_of_map(field, other) for other in known):
            tree: dict[str, Any] = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "web"}]}
            found.append((field, _grow(tree, _steps(field), "example"), tree))
    return tuple(found)


def _steps(field: str) -> list[str]:
    return [("option" if step == "*" else step) for step in field.split(".")]


def _grow(tree: Any, steps: Sequence[str], value: str) -> Path:
    """Put the value where the steps lead, and say where that is."""
    (step, *rest), name = steps, steps[0].removesuffix("[]")
    if step.endswith("[]"):
        elements = tree.setdefault(name, [])
        if not rest:
            elements.append(value)
            return name, len(elements) - 1
        if not elements:
            elements.append({})
        return (name, 0, *_grow(elements[0], rest, value))
    if not rest:
        tree[name] = value
        return (name,)
    return (name, *_grow(tree.setdefault(name, {}), rest, value))


def _paths(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _paths(member, (*path, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _paths(element, (*path, index))
    elif isinstance(value, str):
        yield path


def _field(path: Path) -> str:
    return "".join("[]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _is_of_map(field: str, other: str) -> bool:
    return field.endswith(".*") and other.startswith(field[:-1])


def _at(tree: Any, path: Path) -> str:
    for step in path:
        tree = tree[step]
    return str(tree)


def _with(tree: dict[str, Any], path: Path, value: str) -> dict[str, Any]:
    made = copy.deepcopy(tree)
    *steps, last = path
    parent: Any = made
    for step in steps:
        parent = parent[step]
    parent[last] = value
    return made
