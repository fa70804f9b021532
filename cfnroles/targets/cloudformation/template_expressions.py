"""The expressions of a template for symbols whose meaning is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from cfnroles.placeholders import placeholders_in
from cfnroles.symbols import Opaque
from cfnroles.template.atoms import World
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import Worlds
from cfnroles.text import Text, from_spelling, text_of

_DYNAMIC = "resolve:"
#: Only one of the dynamic references is not a secret; secrets do not belong in a policy.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
_OPEN = "resolve:ssm:"


class Expressions:
    """The functions of a template by the symbols that they evaluate to. ``known`` are those that were requested."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self.known: dict[str, Any] = {}
        self._by_world: dict[World, dict[str, list[int]]] = {}

    def unsaid(self, texts: Iterable[Text], where: WorldSet) -> str:
        """Return the first symbol in the texts that no expression has in all of these worlds; empty for none.

        A placeholder is one that no expression of a template has: CloudFormation reads it as literal text.
        """
        given = [text_of(text) for text in texts]
        for placeholder in placeholders_in(given).values():
            return placeholder.written
        for symbol in (symbol for text in given for symbol in text.unknown if isinstance(symbol, Opaque)):
            found = [each for each in self._of(symbol.name, where) if self.known.get(symbol.name, each) == each]
            if not found:
                return symbol.spelled
            self.known[symbol.name] = found[0]
        return ""

    def said(self, tree: Any) -> Any:
        """Return a part of a template with the functions in place of symbols' names."""
        match tree:
            case {"Ref": str(name)} if name in self.known:
                return self.known[name]
            case {"Fn::Sub": str(text)} if any(f"${{{name}}}" in text for name in self.known):
                return self._substituted(text, {})
            case {"Fn::Sub": [str(text), Mapping() as variables]}:
                return self._substituted(text, self.said(variables))
            case Mapping():
                return {key: self.said(member) for key, member in tree.items()}
            case list():
                return [self.said(member) for member in tree]
        return tree

    def _substituted(self, text: str, variables: Mapping[str, Any]) -> Any:
        for number, (name, function) in enumerate(self.known.items(), 1):
            if f"${{{name}}}" in text:
                text, variables = (
                    text.replace(f"${{{name}}}", f"${{Value{number}}}"),
                    {**variables, f"Value{number}": function},
                )
        return {"Fn::Sub": [text, variables]}

    def _of(self, name: str, where: WorldSet) -> Sequence[Any]:
        if name.startswith(_DYNAMIC):
            whole = f"{{{{{name}}}}}"
            return [whole] if name.startswith(_OPEN) and whole in self._worlds.template.text else []
        found = [self._in(world).get(name, ()) for world in self._worlds.some_of(where)]
        return [self._functions[each] for each in sorted(set(found[0]).intersection(*found))]

    def _in(self, world: World) -> Mapping[str, Sequence[int]]:
        """Return the functions, by their numbers, that evaluate to each symbol in a world."""
        if world not in self._by_world:
            found = self._by_world.setdefault(world, {})
            for number, function in enumerate(self._functions):
                value = self._worlds.value(world, function)
                whole = from_spelling(value, policy=False).whole if isinstance(value, str) else None
                if whole is not None:
                    found.setdefault(whole.name, []).append(number)
        return self._by_world[world]

    @cached_property
    def _functions(self) -> tuple[Any, ...]:
        return tuple(_functions(self._worlds.template.tree.get("Resources")))


def _functions(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Mapping):
        if len(tree) == 1 and str(next(iter(tree))).startswith("Fn::"):
            yield tree
        for member in tree.values():
            yield from _functions(member)
    elif isinstance(tree, list):
        for member in tree:
            yield from _functions(member)
