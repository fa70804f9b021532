"""Names for what is added to a template, which nothing in it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: As long as a name may be, with room for a number. Names have letters and digits only.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html
_LONGEST = 240

#: The sections whose members have names that others refer to; an output or a rule may be called like a resource.
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources")
_LOOP = "Fn::ForEach::"
_SYMBOL = re.compile(r"[$&]\{[^{}]*\}")


class LogicalIds:
    """The names that a template has, those that its loops may make, and those that were given out since."""

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
        """A name that is free, which is ``wanted`` itself or begins like it, and is given out to nobody else."""
        base = re.sub("[^A-Za-z0-9]", "", wanted)[:_LONGEST] or "Added"
        made = [each for each in self._made if not each.fullmatch("")]
        numbered = (base, *(f"{base}{number}" for number in range(2, len(self._taken) + 3)))
        # A loop that makes every name with this beginning leaves another beginning free.
        candidates = (*numbered, *(f"Cfnroles{name}" for name in numbered), *(f"{name}OfCfnroles" for name in numbered))
        free = [name for name in candidates if name not in self._taken]
        name = next((each for each in free if not any(loop.fullmatch(each) for loop in made)), free[0])
        self._taken.add(name)
        return name

    def may_be_made(self, name: str) -> bool:
        """Whether a loop of the template may make this name."""
        return any(each.fullmatch(name) for each in self._made)


def _names(section: Any) -> Iterator[str]:
    """The names of a section, and those of its loops with their symbols.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
    """
    for name, given in section.items() if isinstance(section, Mapping) else ():
        if str(name).startswith(_LOOP):
            yield from _names(given[2] if isinstance(given, list) and len(given) == 3 else None)
        else:
            yield str(name)
