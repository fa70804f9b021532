"""Identity-based policies: the parsed form, and the parser for IAM JSON.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from cfnroles.errors import InvalidInput
from cfnroles.iam.evaluator.conditions import PolicyCondition, operator_named
from cfnroles.iam.evaluator.variables import variables_of

_GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
_VERSIONS = ("2008-10-17", "2012-10-17")
_POLICY_ELEMENTS = ("Version", "Id", "Statement")
_PRINCIPALS = ("Principal", "NotPrincipal")
#: The index that represents all statements of a policy.
WHOLE_POLICY = -1
_STATEMENT_ELEMENTS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")


class Effect(StrEnum):
    """The effect of a statement."""

    ALLOW = "Allow"
    DENY = "Deny"


class StatementId(Struct, frozen=True, order=True):
    """The identity of a statement: the name of its policy, its index from zero, and its Sid if it has one."""

    policy: str
    index: int
    sid: str = ""

    def __str__(self) -> str:
        if self.index == WHOLE_POLICY:
            return f"the {self.policy}"
        place = f"{self.policy}.Statement[{self.index}]"
        return f"{place} ({self.sid})" if self.sid else place


class PolicyStatement(Struct, frozen=True):
    """One statement. ``actions`` are exclusions if ``not_actions``, ``resources`` if ``not_resources``."""

    id: StatementId
    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[PolicyCondition, ...] = ()
    not_actions: bool = False
    not_resources: bool = False
    variables: bool = True


class IdentityPolicy(Struct, frozen=True):
    """An identity-based policy, with its name in evaluations and errors.

    ``unread`` are statements that could not be read, with what is known about them: each may apply to any request for
    its actions, or to none.
    """

    name: str
    statements: tuple[PolicyStatement, ...]
    version: str = "2008-10-17"
    unread: tuple[PolicyStatement, ...] = ()


def parse_policy(name: str, document: object) -> IdentityPolicy:
    """Parse the policy in *document*: a mapping, or JSON text.

    A single statement, action, resource or value may be without its list. Policy variables require
    version 2012-10-17; without a Version element, the version is 2008-10-17. References that are not policy
    variables (such as ``${AWS::Partition}``) must have been replaced. A remaining one is read as a
    variable, so that everything that depends on it is unknown under its name.

    Raise InvalidInput, with *name* and the index of the statement, for an invalid document.
    """
    policy, faults = read_policy(name, document)
    for fault in faults.values():
        raise fault
    return policy


def read_policy(
    name: str,
    document: object,
    known: Mapping[int, InvalidInput] | None = None,
    outcomes: Callable[[object], Iterable[object]] = lambda given: (given,),
) -> tuple[IdentityPolicy, Mapping[int, InvalidInput]]:
    """Parse the readable statements of *document*, and return the fault of each other statement by its index.

    ``known`` are faults of statements that the caller found, ``outcomes`` all possible values of a statement. Raise
    InvalidInput if the document has no statements.
    """
    policy = _object(_loaded(name, document), name, _POLICY_ELEMENTS)
    version = policy.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise _malformed(name, f"Version is {version!r}", f"Use {' or '.join(_VERSIONS)}.")
    statements = policy.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise _malformed(name, "Statement has no statements", "Write a statement or a list of statements.")
    variables = version == _VERSIONS[1]
    read: list[PolicyStatement] = []
    unread: list[PolicyStatement] = []
    faults = dict(known or {})
    for index, each in enumerate(statements):
        try:
            if index not in faults:
                read.append(_statement(name, index, each, variables))
        except InvalidInput as fault:
            faults[index] = fault
        if index in faults:
            unread += [part for one in outcomes(each) for part in _unread(StatementId(name, index), one)]
    return IdentityPolicy(name, tuple(read), str(version), tuple(unread)), dict(sorted(faults.items()))


def unread_policy(name: str, effects: Iterable[Effect] = tuple(Effect)) -> IdentityPolicy:
    """Return a policy of which only the possible effects are known, such as ``policy Ours``."""
    whole = StatementId(name, WHOLE_POLICY)
    return IdentityPolicy(name, (), unread=tuple(PolicyStatement(whole, each, ("*",), ("*",)) for each in effects))


def effects_of(given: object) -> tuple[Effect, ...]:
    """Return the possible effects of a statement."""
    effect = given.get("Effect") if isinstance(given, Mapping) else None
    return tuple(each for each in Effect if each == effect) or tuple(Effect)


def _unread(statement: StatementId, given: object) -> Iterator[PolicyStatement]:
    """Yield what is known about an unreadable statement: its effect and its actions, if these can be read."""
    try:
        actions, not_actions = _actions(given if isinstance(given, Mapping) else {}, str(statement))
    except InvalidInput:
        actions, not_actions = ("*",), False
    for effect in effects_of(given):
        yield PolicyStatement(statement, effect, actions, ("*",), not_actions=not_actions)


def _statement(policy: str, index: int, given: object, variables: bool) -> PolicyStatement:
    where = f"{policy}.Statement[{index}]"
    statement = _object(given, where, _STATEMENT_ELEMENTS + _PRINCIPALS)
    for element in _PRINCIPALS:
        if element in statement:
            raise _malformed(
                where,
                f"{element} is not valid in an identity-based policy",
                f"Remove {element}: the role is the principal.",
            )
    effect = statement.get("Effect")
    if effect not in tuple(Effect):
        raise _malformed(where, f"Effect is {effect!r}", "Use Allow or Deny.")
    sid = statement.get("Sid", "")
    if not isinstance(sid, str):
        raise _malformed(where, f"Sid is {sid!r}", "Use a string.")
    actions, not_actions = _actions(statement, where)
    resources, not_resources = _one_of(statement, "Resource", where)
    for resource in resources:
        if resource != "*" and not resource.startswith("arn:") and not (variables and variables_of(resource)):
            raise _malformed(where, f"{resource!r} is not a resource", "Write the ARN of what the statement is about.")
    return PolicyStatement(
        StatementId(policy, index, sid),
        Effect(str(effect)),
        actions,
        resources,
        _conditions(statement.get("Condition", {}), where, variables),
        not_actions,
        not_resources,
        variables,
    )


def _actions(statement: Mapping[str, object], where: str) -> tuple[tuple[str, ...], bool]:
    actions, not_actions = _one_of(statement, "Action", where)
    for action in actions:
        if action != "*" and ":" not in action:
            raise _malformed(where, f"{action!r} is not an action", "Write service:Name.")
        if variables_of(action):
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
            raise _malformed(where, f"{action!r} is not an action: it has a variable", "Write service:Name.")
    return actions, not_actions


def _conditions(block: object, where: str, variables: bool) -> tuple[PolicyCondition, ...]:
    if not isinstance(block, Mapping):
        raise _malformed(f"{where}.Condition", "Condition is not an object", "Write {operator: {key: value}}.")
    conditions: list[PolicyCondition] = []
    for name, keys in block.items():
        place = f"{where}.Condition.{name}"
        found = operator_named(str(name))
        if found is None:
            raise _malformed(place, f"{name!r} is not a condition operator", "Use one of IAM's operators.")
        if not isinstance(keys, Mapping):
            raise _malformed(place, "the operator has no object", "Write {key: value}.")
        qualifier, operator, if_exists = found
        for key, given in keys.items():
            values = _values(given, f"{place}.{key}")
            condition = PolicyCondition(operator, str(key), values, qualifier, if_exists, variables)
            _check_values(condition, f"{place}.{key}")
            conditions.append(condition)
    return tuple(conditions)


def _check_values(condition: PolicyCondition, where: str) -> None:
    for value in condition.values:
        if condition.variables and variables_of(value):
            continue
        if condition.operator is None:
            good, expects = value.lower() in ("true", "false"), "true or false"
        else:
            good, expects = (
                condition.operator.accepts(value),
                condition.operator.expects,
            )
        if not good:
            raise _malformed(where, f"{value!r} is not valid for the operator", f"Write {expects}.")


def _values(given: object, where: str) -> tuple[str, ...]:
    return tuple(_scalar(value, where) for value in (given if isinstance(given, list | tuple) else [given]))


def _scalar(value: object, where: str) -> str:
    # "Quotation marks are optional for numeric and Boolean values."
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise _malformed(where, f"{value!r} is not a string, a number or a Boolean", "Write one value or a list of values.")


def _one_of(statement: Mapping[str, object], element: str, where: str) -> tuple[tuple[str, ...], bool]:
    """Return the strings of *element* or of its Not form, and whether it was the latter."""
    present = [name for name in (element, f"Not{element}") if name in statement]
    if len(present) != 1:
        both = "both" if present else "neither"
        raise _malformed(where, f"it has {both} {element} and Not{element}", f"Use one of {element} and Not{element}.")
    given = statement[present[0]]
    strings = given if isinstance(given, list | tuple) else [given]
    for string in strings:
        if not isinstance(string, str):
            raise _malformed(
                f"{where}.{present[0]}", f"{string!r} is not a string", "Write a string or a list of strings."
            )
    return tuple(str(string) for string in strings), present[0] != element


def _object(given: object, where: str, elements: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise _malformed(where, "it is not a JSON object", "Write an object in braces.")
    for element in given:
        if element not in elements:
            raise _malformed(where, f"{element!r} is not a valid element", f"Use {', '.join(elements)}.")
    return given


def _loaded(name: str, document: object) -> object:
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document, object_pairs_hook=lambda pairs: _without_duplicates(name, pairs))
    except json.JSONDecodeError as error:
        raise _malformed(name, f"it is not JSON: {error}", "Pass a policy document in JSON.") from error


def _without_duplicates(name: str, pairs: list[tuple[str, object]]) -> dict[str, object]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        twice = sorted({key for key, _ in pairs if [other for other, _ in pairs].count(key) > 1})
        raise _malformed(name, f"{', '.join(twice)} is twice in one object", "Keep one of them.")
    return whole


def _malformed(where: str, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where=where, why=f"IAM's policy grammar does not allow it: {_GRAMMAR}", remedy=remedy)
