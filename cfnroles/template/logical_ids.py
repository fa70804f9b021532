"""Unused names for additions to a template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: The maximum length of a name, with room for a number. Names have only letters and digits.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html
_LONGEST = 240

#: The sections whose members are referenced by name; an output or rule may have the name of a resource.
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources")
_LOOP = "Fn::ForEach::"
_SYMBOL = re.compile(r"[$&]\{[^{}]*\}")


class LogicalIds:
    """The names of a template, those that its loops may generate, and those that were assigned since."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._taken: set[str] = set()
        self._made: list[re.Pattern[str]] = []
        for section in _SECTIONS:
            for name in _names(tree.get(section)):
                if _SYMBOL.search(name):
                    self._made.append(re.compile("[A-Za-z0-9]*".join(map(re.escape, _SYMBOL.split(name)))))
                else:
                    self._taken.add(name)

    def new(self, wanted: str) -> str:
        """Return a free name, ``wanted`` or one with that prefix, and reserve it."""
        base = re.sub("[^A-Za-z0-9]", "", wanted)[:_LONGEST] or "Added"
        made = [each for each in self._made if not each.fullmatch("")]
        numbered = (base, *(f"{base}{number}" for number in range(2, len(self._taken) + 3)))
        # If a loop can generate every name with this prefix, use another prefix.
        candidates = (*numbered, *(f"Cfnroles{name}" for name in numbered), *(f"{name}OfCfnroles" for name in numbered))
        free = [name for name in candidates if name not in self._taken]
        name = next((each for each in free if not any(loop.fullmatch(each) for loop in made)), free[0])
        self._taken.add(name)
        return name

    def may_be_made(self, name: str) -> bool:
        """Return whether a loop of the template may generate this name."""
        return any(each.fullmatch(name) for each in self._made)


def _names(section: Any) -> Iterator[str]:
    """Yield the names of a section, and those of its loops with their symbols.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
    """
    for name, given in section.items() if isinstance(section, Mapping) else ():
        if str(name).startswith(_LOOP):
            yield from _names(given[2] if isinstance(given, list) and len(given) == 3 else None)
        else:
            yield str(name)
