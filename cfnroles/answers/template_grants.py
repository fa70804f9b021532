"""The grants of every role in a template, under any condition.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.grants import GrantKind, Guard, Place, RoleGrant, merged
from cfnroles.answers.managed_grants import opened
from cfnroles.answers.statement_grants import statement_grants
from cfnroles.iam.evaluator import Effect
from cfnroles.iam.stack_roles import PolicySource, RoleResource, StackRoles, gives_away, may_make
from cfnroles.iam.statements import Part, PlacedStatement, text_of
from cfnroles.need import Origin
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.template import ResolvedStack, Resource, Template
from cfnroles.template.worlds import Literal, without_defaults
from cfnroles.workload import Path


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
    return merged(_Grants(template, stack, decided, given).all())


class _Grants(Struct, frozen=True):
    template: Template
    stack: ResolvedStack
    decided: Mapping[str, bool | None]
    given: Given

    def all(self) -> Iterator[RoleGrant]:
        found = StackRoles(self.stack)
        for role in found.roles:
            name = role.logical_id
            yield from self._of_document(name, GrantKind.TRUST, role.trust)
            for policy in role.policies:
                if policy.document is not None:
                    yield from self._of_document(name, GrantKind.PERMISSION, policy)
                elif policy.arn is not None:
                    attached = self._whole(role, GrantKind.MANAGED_POLICY, Effect.ALLOW, policy.arn)
                    yield from opened(attached, self.given.region)
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
        why = ", ".join(filter(None, (_called(policy), statement.sid)))
        reasons = self._reasons(role, statement.sid)
        for grant in statement_grants(statement, role, kind, self._guard):
            origin = self._origin(policy.holder, grant.on)
            places = (Place(origin, why, sid=statement.sid, reasons=reasons),)
            yield dataclasses.replace(grant.grant, places=places)

    def _reasons(self, role: str, sid: str) -> tuple[str, ...]:
        """Return the entries of the role's Metadata for a statement, at any key that is the Sid."""
        resource = self.stack.resources.get(role)
        return next(_lists_of(sid, resource.metadata), ()) if resource and sid else ()

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
