"""CloudFormation templates as plain trees, with the little evaluation that a plan needs.

Intrinsic functions are evaluated as far as parameters alone decide them; what depends on real resources
stays a text such as ``${ExecutionRole.Arn}``.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from cfnroles.document import parse as read
from cfnroles.errors import InvalidInput

Tree = Mapping[str, Any]

NO_VALUE = object()


@functools.lru_cache(maxsize=32)
def parse(body: str, where: str = "template") -> Tree:
    """The tree of a JSON or YAML template; not to be changed, as the next caller gets the same one.

    Raises ``InvalidInput`` when it is neither.
    """
    tree = read(body, where)
    if not isinstance(tree, dict) or not isinstance(tree.get("Resources"), dict):
        raise InvalidInput("is no CloudFormation template: it has no Resources", where=where)
    return tree


def declared(tree: Tree) -> Mapping[str, Tree]:
    """The template's parameters by name."""
    parameters: Mapping[str, Tree] = tree.get("Parameters") or {}
    return parameters


def values(tree: Tree, given: Mapping[str, str]) -> dict[str, str]:
    """Each declared parameter's value: the given one or the default."""
    return {
        name: given.get(name, str(declaration.get("Default", "${" + name + "}")))
        for name, declaration in declared(tree).items()
    }


class Evaluation:
    """A template under given parameter values."""

    def __init__(self, tree: Tree, given: Mapping[str, str]) -> None:
        self.tree = tree
        self._values = values(tree, given)
        self._lists = {
            name for name, declaration in declared(tree).items() if "List" in str(declaration.get("Type", ""))
        }

    def resources(self) -> dict[str, Tree]:
        """The resources whose Condition holds, with their properties evaluated."""
        return {
            name: self.of(resource)
            for name, resource in self.tree["Resources"].items()
            if self.holds(resource.get("Condition"))
        }

    def holds(self, condition: str | None) -> bool:
        """Whether a named condition is true; one that cannot be decided here counts as true."""
        if not condition:
            return True
        expression = (self.tree.get("Conditions") or {}).get(condition)
        return self._true(expression)

    def _true(self, expression: Any) -> bool:
        match expression:
            case {"Fn::Equals": [left, right]}:
                return bool(self.of(left) == self.of(right))
            case {"Fn::Not": [inner]}:
                return not self._true(inner)
            case {"Fn::And": [*inner]}:
                return all(map(self._true, inner))
            case {"Fn::Or": [*inner]}:
                return any(map(self._true, inner))
            case {"Condition": str(name)}:
                return self.holds(name)
            case _:
                return True

    def of(self, node: Any) -> Any:
        """``node`` with every intrinsic function that parameters decide replaced by its value."""
        match node:
            case {"Ref": str(name)} if len(node) == 1:
                return self._ref(name)
            case {"Fn::If": [str(condition), yes, no]}:
                return self.of(yes if self.holds(condition) else no)
            case {"Fn::Sub": str(text)}:
                return self._sub(text, {})
            case {"Fn::Sub": [str(text), dict(extra)]}:
                return self._sub(text, {name: self.of(value) for name, value in extra.items()})
            case {"Fn::GetAtt": [str(resource), attribute]}:
                return "${" + f"{resource}.{attribute}" + "}"
            case {"Fn::GetAtt": str(path)}:
                return "${" + path + "}"
            case {"Fn::Join": [str(separator), items]}:
                parts = self.of(items)
                return separator.join(map(str, parts)) if isinstance(parts, list) else parts
            case {"Fn::Split": [str(separator), text]}:
                whole = self.of(text)
                return whole.split(separator) if isinstance(whole, str) else whole
            case {"Fn::Select": [index, items]}:
                parts = self.of(items)
                at = int(self.of(index))
                return parts[at] if isinstance(parts, list) and at < len(parts) else "${Fn::Select}"
            case {"Fn::ImportValue": name}:
                return "${Fn::ImportValue " + str(self.of(name)) + "}"
            case dict():
                evaluated = {key: self.of(value) for key, value in node.items()}
                return {key: value for key, value in evaluated.items() if value is not NO_VALUE}
            case list():
                return [value for value in map(self.of, node) if value is not NO_VALUE]
            case _:
                return node

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._lists:
            return [item.strip() for item in self._values[name].split(",")]
        return self._values.get(name, "${" + name + "}")

    def _sub(self, text: str, extra: Mapping[str, Any]) -> str:
        known = {**self._values, **extra}
        return re.sub(r"\$\{([^!}][^}]*)\}", lambda found: str(known.get(found[1].strip(), found[0])), text)
