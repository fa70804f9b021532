"""The grants of every role in a template, under any condition.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.grants import GrantKind, Guard, Place, RoleGrant, merged
from cfnroles.iam.evaluator import Effect
from cfnroles.iam.stack_roles import PolicySource, RoleResource, StackRoles, gives_away, may_make
from cfnroles.iam.statements import NO_VALUE, Part, PlacedStatement, joined, text_of
from cfnroles.need import Condition, Origin
from cfnroles.statements import single_valued
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.intrinsics import undecided
from cfnroles.template.template import ResolvedStack, Resource, Template
from cfnroles.template.worlds import Literal, without_defaults
from cfnroles.text import from_spelling
from cfnroles.workload import Path

#: A Condition block that depends on more conditions is compared as a whole.
_UNDECIDED = 4


def template_grants(
    template: Template, given: Given = NOTHING_GIVEN, *, deployed: bool = False
) -> tuple[RoleGrant, ...]:
    """Return what the roles of a template allow, with the ``given`` values and defaults for the other parameters.

    A conditional part is included with the condition as its guard. For a template that is ``deployed`` with these
    values, only undecided conditions are guards; the value ``None`` is unknown. A policy without a role in the template
    is listed under its own logical ID.
    """
    decided = template.resolve(given).conditions
    if deployed:
        shown = {**given.parameters, **dict.fromkeys(template.secret_parameters)}
        stack = template.resolve(replace(given, parameters=shown), conditions=decided)
    else:
        # Templates use an empty string for absence: the symbol `${KmsKeyArns}` would mean more than nothing.
        named = replace(template, tree=without_defaults(template.tree, lambda _, default: default == ""))
        stack = named.resolve(given, conditions=dict.fromkeys(template.conditions))
    return merged(_Grants(template, stack, decided).all())


class _Grants(Struct, frozen=True):
    template: Template
    stack: ResolvedStack
    decided: Mapping[str, bool | None]

    def all(self) -> Iterator[RoleGrant]:
        found = StackRoles(self.stack)
        for role in found.roles:
            name = role.logical_id
            yield from self._of_document(name, GrantKind.TRUST, role.trust)
            for policy in role.policies:
                if policy.document is not None:
                    yield from self._of_document(name, GrantKind.PERMISSION, policy)
                elif policy.arn is not None:
                    yield self._whole(role, GrantKind.MANAGED_POLICY, Effect.ALLOW, policy.arn)
            for boundary in role.boundaries:
                if boundary.arn is not None:
                    # A boundary restricts: a role without one may allow more.
                    yield self._whole(role, GrantKind.BOUNDARY, Effect.DENY, boundary.arn)
        for name, policy in found.elsewhere:
            yield from self._of_document(name, GrantKind.PERMISSION, policy)
        yield from self._out_of_sight(found)

    def _out_of_sight(self, found: StackRoles) -> Iterator[RoleGrant]:
        """Yield what only CloudFormation can evaluate and may create roles or policies. It is compared as written."""
        tree = self.template.tree
        for name in ("Transform", "Fn::Transform"):
            given = tree.get(name, ())
            for each in given if isinstance(given, list) else [given] if given else ():
                if not str(each).startswith("AWS::"):
                    yield self._unseen(name, each, (name,))
        for name, given in tree["Resources"].items():
            if may_make(str(name), given, ("AWS::IAM::",)):
                yield self._unseen(str(name), given, ("Resources", str(name)))
        for name, given in self.template.resources.items():
            for role in found.roles:
                if gives_away(given, role.logical_id):
                    yield self._unseen(role.logical_id, {"Ref": name}, ("Resources", name))
        for role in found.roles:
            for name, given in role.resource.properties.items():
                if name.startswith("Fn::"):
                    yield self._unseen(role.logical_id, {name: given}, ("Resources", role.logical_id))

    def _unseen(self, role: str, value: Any, path: Path) -> RoleGrant:
        place = Place(Origin(self.template.document, path))
        return RoleGrant(role, GrantKind.PERMISSION, Effect.ALLOW, (), (text_of(value),), (), (), places=(place,))

    def _of_document(self, role: str, kind: GrantKind, policy: PolicySource) -> Iterator[RoleGrant]:
        for statement in policy.statements(trust=kind is GrantKind.TRUST):
            if isinstance(statement, PlacedStatement):
                yield from self._of_statement(role, kind, policy, statement)
            else:
                yield self._opaque(role, kind, policy, statement)

    def _of_statement(
        self, role: str, kind: GrantKind, policy: PolicySource, statement: PlacedStatement
    ) -> Iterator[RoleGrant]:
        actions, resources = list(statement.actions), list(statement.resources)
        for wanted, on, block in itertools.product(
            _together(actions, statement.part) if statement.not_actions else actions,
            _together(resources, statement.part) if statement.not_resources else resources,
            list(self._conditions(statement.condition)),
        ):
            guards = joined(wanted.guards, on.guards, block.guards)
            if guards is None:
                continue
            texts = tuple(on.value) if statement.not_resources else (on.value,)
            origin = self._origin(policy.holder, on.path)
            why = ", ".join(filter(None, (_called(policy), statement.sid)))
            place = Place(origin, why, sid=statement.sid, reasons=self._reasons(role, statement.sid))
            for conditions in single_valued(block.value if statement.variables else _without_variables(block.value)):
                yield RoleGrant(
                    role,
                    kind,
                    statement.effect,
                    tuple(wanted.value) if statement.not_actions else (wanted.value,),
                    texts if statement.variables else tuple(map(_verbatim, texts)),
                    conditions,
                    tuple(map(self._guard, guards)),
                    statement.not_actions,
                    statement.not_resources,
                    (place,),
                )

    def _reasons(self, role: str, sid: str) -> tuple[str, ...]:
        """Return the entries of the role's Metadata for a statement, at any key that is the Sid."""
        resource = self.stack.resources.get(role)
        return next(_lists_of(sid, resource.metadata), ()) if resource and sid else ()

    def _conditions(self, block: Part) -> Iterator[Part]:
        """Yield the Condition block as values, once for each outcome of its conditions."""
        if len(set(_undecided(block.value))) > _UNDECIDED:
            yield replace(block, value=(Condition("", text_of(block.value), ()),))
        else:
            yield from (replace(each, value=tuple(sorted(_block(each.value)))) for each in _outcomes(block))

    def _whole(self, role: RoleResource, kind: GrantKind, effect: Effect, arn: Part) -> RoleGrant:
        place = Place(self._origin(role.resource, arn.path))
        guards = tuple(map(self._guard, arn.guards))
        return RoleGrant(role.logical_id, kind, effect, (), (arn.text,), (), guards, places=(place,))

    def _opaque(self, role: str, kind: GrantKind, policy: PolicySource, part: Part) -> RoleGrant:
        # A part that only CloudFormation can evaluate, such as an Fn::Transform, is compared as written.
        place = Place(self._origin(policy.holder, part.path), _called(policy))
        return RoleGrant(
            role, kind, Effect.ALLOW, (), (part.text,), (), tuple(map(self._guard, part.guards)), places=(place,)
        )

    def _guard(self, literal: Literal) -> Guard:
        name, holds = literal.condition, literal.holds
        decided = self.decided.get(name)
        by_default = None if decided is None else decided is holds
        return Guard(name, holds, by_default, json.dumps(self._definition(name, ()), sort_keys=True))

    def _definition(self, name: str, inside: tuple[str, ...]) -> Any:
        def whole(given: Any) -> Any:
            if isinstance(given, Mapping):
                if list(given) == ["Condition"]:
                    return self._definition(str(given["Condition"]), (*inside, name))
                return {key: whole(value) for key, value in given.items()}
            return [whole(element) for element in given] if isinstance(given, list) else given

        if name in inside:
            return {"Condition": name}
        conditions = self.template.tree.get("Conditions")
        return whole(conditions.get(name)) if isinstance(conditions, Mapping) else None

    def _origin(self, resource: Resource, path: Path) -> Origin:
        return Origin(self.template.document, resource.source(*path))


def _lists_of(key: str, metadata: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, value in metadata.items():
        if isinstance(value, Mapping):
            yield from _lists_of(key, value)
        elif name == key and isinstance(value, list) and all(isinstance(element, str) for element in value):
            yield tuple(value)


def _called(policy: PolicySource) -> str:
    return policy.name if policy.holder.type == "AWS::IAM::Role" else policy.holder.logical_id


def _together(parts: list[Part], statement: Part) -> list[Part]:
    """Combine exclusions. A conditional one is a symbol, because nothing can be proved about it."""
    texts = {
        part.value
        if part.guards == statement.guards
        else f"${{Fn::If({' and '.join(map(str, part.guards))}, {part.value})}}"
        for part in parts
    }
    return [Part(sorted(texts), parts[0].path, statement.guards)] if parts else []


def _block(block: Any) -> Iterator[Condition]:
    for operator, keys in block.items() if isinstance(block, Mapping) and block != NO_VALUE else ():
        if not isinstance(keys, Mapping):
            yield Condition(str(operator), text_of(keys), ())
            continue
        for key, values in keys.items():
            listed = values if isinstance(values, list) else [values]
            yield Condition(str(operator), str(key), tuple(sorted({from_spelling(text_of(value)) for value in listed})))


def _undecided(value: Any) -> Iterator[str]:
    """Yield the names of the conditions of a value, outermost first."""
    if isinstance(value, Mapping):
        if found := undecided(value):
            yield found[0]
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from _undecided(element)


def _outcomes(part: Part) -> Iterator[Part]:
    name = next(_undecided(part.value), None)
    if name is None:
        yield part
        return
    for holds in (True, False):
        guards = joined(part.guards, (Literal(name, holds),))
        if guards is not None:
            yield from _outcomes(Part(_decided(part.value, name, holds), part.path, guards))


def _decided(value: Any, condition: str, holds: bool) -> Any:
    """Return the value with one condition decided."""
    if isinstance(value, Mapping):
        if found := undecided(value):
            name, *outcomes = found
            yes, no = (_decided(outcome, condition, holds) for outcome in outcomes)
            return (yes if holds else no) if name == condition else {"Fn::If": [name, yes, no]}
        decided = {key: _decided(member, condition, holds) for key, member in value.items()}
        return {key: member for key, member in decided.items() if member != NO_VALUE}
    if isinstance(value, list):
        return [member for member in (_decided(each, condition, holds) for each in value) if member != NO_VALUE]
    return value


def _verbatim(text: str) -> str:
    # Policy variables need version 2012-10-17. Before that, `${aws:username}` is an ordinary text.
    return text.replace("${!", "${!$}{")


def _without_variables(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(
        replace(condition, values=tuple(from_spelling(_verbatim(value)) for value in condition.values))
        for condition in conditions
    )
