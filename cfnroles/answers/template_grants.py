"""The grants of every role in a template, behind whatever condition they stand.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cfnroles.answers.grants import Grant, Guard, Kind, Place, merged
from cfnroles.iam.evaluator import Effect
from cfnroles.need import Condition, Origin
from cfnroles.statements import single_valued
from cfnroles.template.template import Resource, Stack, Template
from cfnroles.text import from_spelling
from cfnroles.workload import Path

_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
_NO_VALUE = {"Ref": "AWS::NoValue"}
#: A Condition block that hangs on more conditions than this is compared as a whole.
_UNDECIDED = 4


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a resource with the way to it, and what must hold for it to be there."""

    value: Any
    path: Path
    guards: tuple[Guard, ...]


def template_grants(
    template: Template,
    parameters: Mapping[str, str | None] | None = None,
    account: str = "",
    region: str = "",
    *,
    deployed: bool = False,
) -> tuple[Grant, ...]:
    """What the roles of a template may do, with ``parameters`` at these values and the others at their defaults.

    What stands behind a condition is there whether it holds or not, with the condition as its guard. Of a template
    that is ``deployed`` with these values, only conditions that they do not decide are guards; the value ``None`` is
    one that nobody knows. A policy of no role of the template stands under its own logical id.
    """
    decided = template.resolve(parameters, account, region).conditions
    if deployed:
        shown = {**(parameters or {}), **dict.fromkeys(template.secret_parameters)}
        stack = template.resolve(shown, account, region, conditions=decided)
    else:
        named = replace(template, tree=_without_empty_defaults(template.tree))
        stack = named.resolve(parameters, account, region, conditions=dict.fromkeys(template.conditions))
    return merged(_Grants(template, stack, decided).all())


@dataclass(frozen=True, slots=True)
class _Grants:
    template: Template
    stack: Stack
    decided: Mapping[str, bool | None]

    def all(self) -> Iterator[Grant]:
        attached: set[str] = set()
        for role in self.stack.of_type("AWS::IAM::Role"):
            yield from self._of_role(role, attached)
        for policy in self.stack.of_type(*_POLICIES):
            roles = list(self._roles_of(policy))
            if not roles and policy.logical_id not in attached:
                roles = [(policy.logical_id, ())]
            for name, guards in roles:
                yield from self._of_policy(name, policy, guards)

    def _of_role(self, role: Resource, attached: set[str]) -> Iterator[Grant]:
        own = self._guards_of(role)
        trust = _Part(role.properties.get("AssumeRolePolicyDocument"), ("AssumeRolePolicyDocument",), own)
        yield from self._of_document(role.logical_id, Kind.TRUST, role, trust, "trust policy")
        for policy in self._each(role.properties.get("Policies"), ("Policies",), own):
            if isinstance(policy.value, Mapping):
                document = _Part(policy.value.get("PolicyDocument"), (*policy.path, "PolicyDocument"), policy.guards)
                name = _text(policy.value.get("PolicyName", ""))
                yield from self._of_document(role.logical_id, Kind.PERMISSION, role, document, name)
        for arn in self._each(role.properties.get("ManagedPolicyArns"), ("ManagedPolicyArns",), own):
            managed = self._referred(_text(arn.value), "AWS::IAM::ManagedPolicy")
            if managed is None:
                yield self._whole(role, Kind.MANAGED_POLICY, Effect.ALLOW, arn)
            else:
                attached.add(managed.logical_id)
                yield from self._of_policy(role.logical_id, managed, arn.guards)
        for arn in self._each(role.properties.get("PermissionsBoundary"), ("PermissionsBoundary",), own):
            # A boundary takes away: a role without one may do more.
            yield self._whole(role, Kind.BOUNDARY, Effect.DENY, arn)

    def _of_policy(self, role: str, policy: Resource, guards: tuple[Guard, ...]) -> Iterator[Grant]:
        both = _joined(guards, self._guards_of(policy))
        if both is not None:
            document = _Part(policy.properties.get("PolicyDocument"), ("PolicyDocument",), both)
            yield from self._of_document(role, Kind.PERMISSION, policy, document, policy.logical_id)

    def _roles_of(self, policy: Resource) -> Iterator[tuple[str, tuple[Guard, ...]]]:
        for name in ("Roles", "RoleName"):
            for part in self._each(policy.properties.get(name), (name,), ()):
                text = _text(part.value)
                role = self._referred(text, "AWS::IAM::Role")
                yield (role.logical_id if role else text), part.guards

    def _referred(self, text: str, type_: str) -> Resource | None:
        """The resource of the template that a text refers to, by symbol or by the role's own name."""
        for resource in self.stack.of_type(type_):
            logical_id, name = resource.logical_id, resource.properties.get("RoleName")
            attributes = ("", ".Arn", ".PolicyArn")
            if text in (f"${{{logical_id}{attribute}}}" for attribute in attributes) or (name and text == name):
                return resource
        return None

    def _of_document(self, role: str, kind: Kind, holder: Resource, given: _Part, name: str) -> Iterator[Grant]:
        for document in self._each(given.value, given.path, given.guards):
            if not isinstance(document.value, Mapping):
                yield self._opaque(role, kind, holder, document, name)
                continue
            old = document.value.get("Version", "2008-10-17") != "2012-10-17"
            path = (*document.path, "Statement")
            for statement in self._each(document.value.get("Statement"), path, document.guards):
                if isinstance(statement.value, Mapping):
                    yield from self._of_statement(role, kind, holder, statement, name, old)
                else:
                    yield self._opaque(role, kind, holder, statement, name)

    def _of_statement(
        self, role: str, kind: Kind, holder: Resource, statement: _Part, name: str, old: bool
    ) -> Iterator[Grant]:
        given = statement.value
        sid = _text(given.get("Sid", ""))
        trust = kind is Kind.TRUST
        target = "Principal" if trust else "Resource"
        not_actions, not_resources = "NotAction" in given, f"Not{target}" in given
        actions = self._listed(statement, "NotAction" if not_actions else "Action")
        resources = self._listed(statement, f"Not{target}" if not_resources else target, principals=trust)
        effect = Effect.DENY if given.get("Effect") == "Deny" else Effect.ALLOW
        for wanted, on, block in itertools.product(
            _together(actions, statement) if not_actions else actions,
            _together(resources, statement) if not_resources else resources,
            list(self._conditions(statement)),
        ):
            guards = _joined(wanted.guards, on.guards, block.guards)
            if guards is None:
                continue
            texts = tuple(on.value) if not_resources else (on.value,)
            why = ", ".join(filter(None, (name, sid)))
            place = Place(self._origin(holder, on.path), why, sid=sid, reasons=self._reasons(role, sid))
            for conditions in single_valued(_without_variables(block.value) if old else block.value):
                yield Grant(
                    role,
                    kind,
                    effect,
                    tuple(wanted.value) if not_actions else (wanted.value,),
                    tuple(map(_verbatim, texts)) if old else texts,
                    conditions,
                    guards,
                    not_actions,
                    not_resources,
                    (place,),
                )

    def _reasons(self, role: str, sid: str) -> tuple[str, ...]:
        """What the role's Metadata tells about a statement, wherever in it a key is the Sid."""
        resource = self.stack.resources.get(role)
        return next(_lists_of(sid, resource.metadata), ()) if resource and sid else ()

    def _listed(self, statement: _Part, element: str, *, principals: bool = False) -> list[_Part]:
        path = (*statement.path, element)
        listed = []
        for part in self._each(statement.value.get(element), path, statement.guards):
            if principals and isinstance(part.value, Mapping):
                for kind, names in part.value.items():
                    listed += [
                        _Part(f"{kind} {_text(name.value)}", name.path, name.guards)
                        for name in self._each(names, (*part.path, kind), part.guards)
                    ]
            else:
                listed.append(_Part(_text(part.value), part.path, part.guards))
        return listed

    def _conditions(self, statement: _Part) -> Iterator[_Part]:
        """The Condition block as values, once for each outcome of the conditions that it hangs on."""
        block = _Part(statement.value.get("Condition"), statement.path, statement.guards)
        if len(set(_undecided(block.value))) > _UNDECIDED:
            yield replace(block, value=(Condition("", _text(block.value), ()),))
        else:
            yield from (replace(each, value=tuple(sorted(_block(each.value)))) for each in self._outcomes(block))

    def _outcomes(self, part: _Part) -> Iterator[_Part]:
        name = next(_undecided(part.value), None)
        if name is None:
            yield part
            return
        for holds in (True, False):
            guards = _joined(part.guards, (self._guard(name, holds),))
            if guards is not None:
                yield from self._outcomes(_Part(_decided(part.value, name, holds), part.path, guards))

    def _each(self, value: Any, path: Path, guards: tuple[Guard, ...]) -> Iterator[_Part]:
        """The elements of a list, or the one value; both outcomes of what hangs on a condition."""
        if isinstance(value, list):
            for index, element in enumerate(value):
                yield from self._each(element, (*path, index), guards)
        elif isinstance(value, Mapping) and list(value) == ["Fn::If"]:
            name, *branches = value["Fn::If"]
            for index, branch in enumerate(branches, start=1):
                inner = _joined(guards, (self._guard(name, index == 1),))
                if inner is not None:
                    yield from self._each(branch, (*path, "Fn::If", index), inner)
        elif value is not None and value != _NO_VALUE:
            yield _Part(value, path, guards)

    def _whole(self, role: Resource, kind: Kind, effect: Effect, arn: _Part) -> Grant:
        place = Place(self._origin(role, arn.path))
        return Grant(role.logical_id, kind, effect, (), (_text(arn.value),), (), arn.guards, places=(place,))

    def _opaque(self, role: str, kind: Kind, holder: Resource, part: _Part, name: str) -> Grant:
        # A part that only CloudFormation can work out, such as an Fn::Transform, is compared as it stands.
        place = Place(self._origin(holder, part.path), name)
        return Grant(role, kind, Effect.ALLOW, (), (_text(part.value),), (), part.guards, places=(place,))

    def _guards_of(self, resource: Resource) -> tuple[Guard, ...]:
        return (self._guard(resource.undecided, True),) if resource.undecided else ()

    def _guard(self, name: str, holds: bool) -> Guard:
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


def _joined(*several: tuple[Guard, ...]) -> tuple[Guard, ...] | None:
    """All the guards, or ``None`` where they contradict each other."""
    guards = {guard for each in several for guard in each}
    if any(guard.name == other.name and guard.holds != other.holds for guard in guards for other in guards):
        return None
    return tuple(sorted(guards, key=lambda guard: (guard.name, guard.holds)))


def _together(parts: list[_Part], statement: _Part) -> list[_Part]:
    """Exclusions count together; one that hangs on a condition is a symbol, as nothing can be proved of it."""
    texts = {
        part.value if part.guards == statement.guards else f"${{Fn::If({part.guards}, {part.value})}}" for part in parts
    }
    return [_Part(sorted(texts), parts[0].path, statement.guards)] if parts else []


def _block(block: Any) -> Iterator[Condition]:
    for operator, keys in block.items() if isinstance(block, Mapping) and block != _NO_VALUE else ():
        if not isinstance(keys, Mapping):
            yield Condition(str(operator), _text(keys), ())
            continue
        for key, values in keys.items():
            listed = values if isinstance(values, list) else [values]
            yield Condition(str(operator), str(key), tuple(sorted({from_spelling(_text(value)) for value in listed})))


def _undecided(value: Any) -> Iterator[str]:
    """The names of the conditions that a value hangs on, the outermost first."""
    if isinstance(value, Mapping):
        if list(value) == ["Fn::If"]:
            yield str(value["Fn::If"][0])
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from _undecided(element)


def _decided(value: Any, condition: str, holds: bool) -> Any:
    """The value with one condition decided."""
    if isinstance(value, Mapping):
        if list(value) == ["Fn::If"]:
            name, *branches = value["Fn::If"]
            yes, no = (_decided(branch, condition, holds) for branch in branches)
            return (yes if holds else no) if name == condition else {"Fn::If": [name, yes, no]}
        decided = {key: _decided(member, condition, holds) for key, member in value.items()}
        return {key: member for key, member in decided.items() if member != _NO_VALUE}
    if isinstance(value, list):
        return [member for member in (_decided(each, condition, holds) for each in value) if member != _NO_VALUE]
    return value


def _without_empty_defaults(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    # An empty text is how a template spells that there is no such thing: `${KmsKeyArns}` says more than nothing.
    parameters = tree.get("Parameters")
    if not isinstance(parameters, Mapping):
        return tree
    return {
        **tree,
        "Parameters": {
            name: {key: member for key, member in parameter.items() if (key, member) != ("Default", "")}
            if isinstance(parameter, Mapping)
            else parameter
            for name, parameter in parameters.items()
        },
    }


def _verbatim(text: str) -> str:
    # Policy variables came with version 2012-10-17: before, `${aws:username}` is a text like any other.
    return text.replace("${!", "${!$}{")


def _without_variables(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(
        replace(condition, values=tuple(from_spelling(_verbatim(value)) for value in condition.values))
        for condition in conditions
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
