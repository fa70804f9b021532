"""Evaluation of expressions, as far as their values are known.

https://developer.hashicorp.com/terraform/language/expressions
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.hcl import functions, operators, rendering
from cfnroles.hcl.arguments import Partial
from cfnroles.hcl.asked_images import image_part, image_question
from cfnroles.hcl.asked_lists import is_any_asked, kind_asked, references_asked
from cfnroles.hcl.asked_references import path_asked, piece_asked
from cfnroles.hcl.parser import parse_template
from cfnroles.hcl.remembered import Remembered
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.syntax import (
    Call,
    Conditional,
    Constant,
    For,
    GetAttribute,
    Index,
    Node,
    Object,
    Operation,
    Source,
    Splat,
    Template,
    Tuple,
    Variable,
)
from cfnroles.hcl.traversals import chain, leading
from cfnroles.hcl.values import (
    MOST,
    Elements,
    Failed,
    Lazy,
    Value,
    elements,
    first_unknown,
    is_known,
    plain,
    text,
    truth,
)
from cfnroles.symbols import Expression

#: The characters of an object whose value is worth sharing.
_LARGE = 200


def evaluate(node: Node, scope: Scope) -> Value:
    """Return the value of an expression. Raise Failed if Terraform would fail, and TooMuch."""
    scope.session.budget.spend(node)
    return _KINDS[type(node)](node, scope)


def decide(node: Node, scope: Scope) -> bool:
    """Return whether a condition holds; the session decides unknown ones."""
    if isinstance(node, Operation):
        match node.operator, node.operands:
            case "!", (inner,):
                return not decide(inner, scope)
            case "&&", (left, right):
                return decide(left, scope) and decide(right, scope)
            case "||", (left, right):
                return decide(left, scope) or decide(right, scope)
            case "!=", operands:
                return not decide(Operation(node.source, node.start, node.end, "==", operands), scope)
    value = evaluate(node, scope)
    if is_known(value):
        return truth(value)
    return scope.session.holds(value.data.name if isinstance(value.data, Expression) else scope.called(node.written))


def _literal(node: Any, scope: Scope) -> Value:
    return Value(node.value, node.place)


def _template(node: Any, scope: Scope) -> Value:
    return rendering.rendered(node, scope, evaluate, decide)


def _traversal(node: Node, scope: Scope) -> Value:
    found = chain(node)
    if found is None:
        if (asked := image_part(node, scope, evaluate)) is not None:
            return asked
        if isinstance(node, GetAttribute | Index):
            return _step(evaluate(node.of, scope), node, scope)
        raise Failed("this is not a reference", node.place)
    root, steps = found
    named = scope.named(root.name, leading(node), node.place)
    if named is None:
        raise Failed(f"{node.written} is not declared", node.place)
    value, passed = named
    for step in steps[passed:]:
        value = _step(value, step, scope)
    return value


def _step(value: Value, step: Node, scope: Scope) -> Value:
    """Evaluate one more step of a traversal."""
    if isinstance(step, GetAttribute):
        return member(value, step.name, step)
    return _at_key(value, step, scope) if isinstance(step, Index) else value


def _at_key(value: Value, step: Index, scope: Scope) -> Value:
    key = evaluate(step.key, scope)
    if key.unknown or not is_known(key):
        return _at_unknown_key(value, key, step, scope)
    if not isinstance(key.data, str | int | float):
        raise Failed("expected a string, a number or a Boolean as key", step.place)
    number = isinstance(key.data, int | float) and not isinstance(key.data, bool)
    return member(value, int(key.data) if number else str(text(key)), step)


def _at_unknown_key(value: Value, key: Value, step: Index, scope: Scope) -> Value:
    if value.unknown:
        written = f"{value.unknown.written[2:-1]}[{step.key.written}]"
        return scope.hanging(step, value.unknown, written)
    if isinstance(value.data, Lazy):
        found = value.data.at_open_key(key, step.key)
        if found is not None:
            return found
    return scope.hanging(step, first_unknown(key))


def member(value: Value, key: str | int, node: Node) -> Value:
    """Return a member of a value. Raise Failed if it has no such name or number."""
    data = value.data
    if isinstance(data, Expression):
        return Value(_of(data, key, node), node.place)
    if isinstance(data, Lazy):
        return data.member(key, node.place)
    if isinstance(data, Partial):
        return Value(_of_partial(data, key, node), node.place)
    if isinstance(data, dict):
        if str(key) not in data:
            raise Failed(f"{node.written} does not exist: its object has no {key}", node.place, value.place)
        found: Value = data[str(key)]
        return found
    if isinstance(data, list) and not isinstance(data, Elements):
        number = int(key) if isinstance(key, int) or key.isdigit() else -1
        if 0 <= number < len(data):
            element: Value = data[number]
            return element
        if not isinstance(key, int) and number < 0:
            raise Failed(f"{node.written}: a list has no {key}", node.place, value.place)
        raise Failed(f"{node.written} does not exist: its list has {len(data)} elements", node.place, value.place)
    what = "null has" if data is None else "a string has" if isinstance(data, str) else "it has"
    raise Failed(f"{node.written}: {what} no members", node.place, value.place)


def _of_partial(data: Partial, key: str | int, node: Node) -> Expression:
    """Return an element of a partly known list."""
    open_ = next(each.unknown for each in data if each.unknown)
    return replace(open_, name=f"{open_.name}, element {key}", written=f"${{{node.written}}}", address="", type="")


def _of(symbol: Expression, key: str | int, node: Node) -> Expression:
    """Return a member of an unknown."""
    step = f"[{key}]" if isinstance(key, int) else f'["{key}"]' if isinstance(node, Index) else f".{key}"
    attribute = f"{symbol.attribute}{step}".lstrip(".") if symbol.address else ""
    written = f"${{{symbol.written[2:-1]}{step}}}" if symbol.written else ""
    return replace(symbol, name=f"{symbol.name}{step}", written=written, attribute=attribute)


def _splat(node: Any, scope: Scope) -> Value:
    value = evaluate(node.of, scope)
    if isinstance(value.data, Lazy):
        value = value.data.all(node.place)
    if isinstance(value.data, Expression):
        rest = node.written[len(node.of.written) :] if node.written.startswith(node.of.written) else "[*]"
        return Value(_of_all(value.data, rest), node.place)
    if value.data is None:
        return Value([], node.place)
    if isinstance(value.data, Partial):
        return scope.hanging(node, first_unknown(value))
    found = value.data if isinstance(value.data, list) else [value]
    return Value([evaluate(node.each, scope.binding("", {"*": each})) for each in found], node.place)


def _of_all(symbol: Expression, rest: str) -> Expression:
    written = f"${{{symbol.written[2:-1]}{rest}}}" if symbol.written else ""
    return replace(symbol, name=f"{symbol.name}{rest}", written=written, type="", address="", attribute="")


def _tuple(node: Any, scope: Scope) -> Value:
    return Value([_element(each, scope) for each in node.elements], node.place)


def _element(node: Node, scope: Scope) -> Value:
    """Return the value of an element; that of a large one is shared by the passes that do not change it."""
    if scope.known is None or not isinstance(node, Object) or node.end - node.start < _LARGE:
        return evaluate(node, scope)
    known = scope.known.setdefault(id(node), Remembered())
    return scope.session.once(known, lambda: evaluate(node, scope))


def _object(node: Any, scope: Scope) -> Value:
    found: dict[str, Value] = {}
    for key, member_ in node.members:
        name = evaluate(key, scope)
        if not is_known(name):
            return scope.hanging(node, first_unknown(name))
        found[str(plain(name))] = evaluate(member_, scope)
    return Value(found, node.place)


def _for(node: Any, scope: Scope) -> Value:
    if (asked := references_asked(node, scope, evaluate)) is not None:
        return asked
    collection = evaluate(node.collection, scope)
    if isinstance(collection.data, Lazy):
        collection = collection.data.all(node.place)
    if collection.unknown or isinstance(collection.data, Partial):
        return scope.hanging(node, first_unknown(collection))
    pairs = elements(collection)
    if len(pairs) > MOST:
        raise Failed(f"the loop has more than {MOST:,} iterations", node.place)
    made: list[Value] = []
    members: dict[str, Value] = {}
    told_apart = _uses_its_names(node)
    for key, value in pairs:
        turn = scope.binding(
            _turn(node, key) if told_apart else "", {**({node.key: key} if node.key else {}), node.value: value}
        )
        if node.condition is not None and not decide(node.condition, turn):
            continue
        if node.member is None:
            made.append(evaluate(node.result, turn))
            continue
        name = evaluate(node.member, turn)
        if not is_known(name):
            return scope.hanging(node, first_unknown(name))
        _put(members, str(plain(name)), evaluate(node.result, turn), grouped=node.grouped)
    return Value(made if node.member is None else members, node.place)


def _put(members: dict[str, Value], name: str, value: Value, *, grouped: bool) -> None:
    if grouped:
        known = members[name].data if name in members else []
        members[name] = Value([*known, value], value.place)
    elif name in members:
        raise Failed(f"two elements have the key {name}", value.place)
    else:
        members[name] = value


def _uses_its_names(node: For) -> bool:
    """Whether the turns of a loop may differ at all."""
    parts = (node.member, node.result, node.condition)
    written = " ".join(part.written for part in parts if part is not None)
    return any(re.search(rf"\b{re.escape(name)}\b", written) for name in (node.key, node.value) if name)


def _turn(node: Any, key: Value) -> str:
    called = plain(key) if is_known(key) and not isinstance(key.data, list | dict) and key.data is not None else "..."
    return f"{node.key or node.value} = {called}"


def _conditional(node: Any, scope: Scope) -> Value:
    if (asked := path_asked(node, scope, evaluate)) is not None:
        return asked
    return evaluate(node.yes if decide(node.predicate, scope) else node.no, scope)


def _operation(node: Any, scope: Scope) -> Value:
    if (asked := is_any_asked(node, scope, evaluate)) is not None:
        return asked
    return operators.worked_out(node, scope, evaluate)


def _call(node: Any, scope: Scope) -> Value:
    if node.name in ("try", "can"):
        return piece_asked(node, scope, evaluate) or _tried(node, scope)
    if (asked := kind_asked(node, scope, evaluate)) is not None:
        return asked
    arguments = [evaluate(each, scope) for each in node.arguments]
    if node.name == "templatefile" and len(arguments) == 2:
        path, variables = arguments
        return functions.or_outside(node, scope, lambda: _template_file(node, path, variables, scope))
    if node.name == "templatestring" and len(arguments) == 2 and is_known(arguments[0]) and not arguments[1].unknown:
        template, variables = arguments
        filled = filled_template(str(text(template).plain), template.place.document, variables, scope)
        return Value(filled.data, node.place)
    if node.expands and arguments:
        last = arguments.pop()
        if last.unknown or isinstance(last.data, Lazy):
            return scope.hanging(node, first_unknown(last))
        arguments += [each for _, each in elements(last)]
    return functions.called(node, arguments, scope)


def _template_file(node: Call, path: Value, variables: Value, scope: Scope) -> Value:
    """https://developer.hashicorp.com/terraform/language/functions/templatefile"""
    if not is_known(path) or variables.unknown:
        return scope.hanging(node, variables.unknown or first_unknown(path))
    name = str(plain(path))
    return filled_template(scope.names.read(name, node.place), scope.names.file_name(name), variables, scope)


def filled_template(text: str, name: str, variables: Value, scope: Scope) -> Value:
    """Return a template with its variables, the only names in it."""
    bound = {str(plain(key)): value for key, value in elements(variables)}
    thing = ("template", name)
    scope.session.enter(thing, name, variables.place)
    try:
        return evaluate(_parsed(name, text), scope.only(bound))
    except InvalidInput as error:
        raise Failed(str(error), variables.place) from error
    finally:
        scope.session.leave(thing)


@lru_cache(maxsize=256)  # each pass fills the same templates
def _parsed(name: str, text: str) -> Template:
    return parse_template(Source(name, text))


def _tried(node: Any, scope: Scope) -> Value:
    """Evaluate ``try`` and ``can``: the first argument without an error."""
    for each in node.arguments:
        try:
            value = evaluate(each, scope)
        except Failed:
            continue
        if isinstance(value.data, Expression) and not value.data.address and not isinstance(each, Variable):
            # Whether Terraform fails there depends on an unknown value, unless that is a plain one.
            if isinstance(each, Call):
                return image_question(node, scope, evaluate) or scope.hanging(node, value.data)
            shape = chain(each)
            if shape is not None and len(shape[1]) > 1 and shape[0].name in ("var", "local", "each", "module"):
                return scope.hanging(node, value.data)
        return Value(True, node.place) if node.name == "can" else value
    if node.name == "can":
        return Value(False, node.place)
    raise Failed("all arguments of try fail", node.place)


_KINDS: dict[type, Callable[[Any, Scope], Value]] = {
    Constant: _literal,
    Template: _template,
    Variable: _traversal,
    GetAttribute: _traversal,
    Index: _traversal,
    Splat: _splat,
    Tuple: _tuple,
    Object: _object,
    For: _for,
    Conditional: _conditional,
    Operation: _operation,
    Call: _call,
}
