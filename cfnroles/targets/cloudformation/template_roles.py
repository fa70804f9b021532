"""The roles of a template's tasks and services as additions to that template: resources, conditions and parameters.

What a task definition needs only in some worlds has a condition: the template's own if it has the same meaning, else a
new one from the template's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from awacs.aws import PolicyDocument
from msgspec import Struct
from msgspec.structs import replace
from troposphere import Parameter as Declaration
from troposphere import Ref, encode_to_dict

from cfnroles.facts import Facts
from cfnroles.need import Condition, Gap, Holder, Need, Permission
from cfnroles.policies import Policy, pack
from cfnroles.role_kinds import RoleKind, kind_of
from cfnroles.sources.role_places import ROLE_PROPERTIES, Choice, RolePlace, needs_at
from cfnroles.sources.template_references import resources_in
from cfnroles.sources.template_shapes import spelled
from cfnroles.sources.template_targets import RUNNING
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.statements import compose
from cfnroles.symbols import Attribute, Parameter
from cfnroles.table.ecs.run_by import OF_THE_TASK
from cfnroles.targets.cloudformation.parameters import key_arns
from cfnroles.targets.cloudformation.policy_documents import policy_document, trust
from cfnroles.targets.cloudformation.roles import metadata_of
from cfnroles.targets.cloudformation.template_expressions import Expressions
from cfnroles.targets.cloudformation.values import Spelling, value
from cfnroles.template.logical_ids import LogicalIds
from cfnroles.template.world_conditions import Conditions
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import Literal
from cfnroles.text import Text
from cfnroles.workload import Path

_KEYS = "KmsKeyArns"
_HAS = re.compile(r"(?:^|(?<=And))Has(?=[A-Z])")
NO_VALUE = {"Ref": "AWS::NoValue"}


class Added(Struct, frozen=True):
    """The additions to a template, by names that it does not have, and the changes to its resources.

    ``roles`` are the expressions for a role, by the path of the property; ``depends_on`` is by logical ID. ``gaps`` are
    the permissions that the roles lack because a policy cannot express them.
    """

    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    resources: Mapping[str, Any]
    roles: Mapping[Path, Any]
    depends_on: Mapping[str, str]
    gaps: tuple[Gap, ...] = ()

    @property
    def resourced(self) -> tuple[str, ...]:
        """The logical IDs of the resources whose roles are set."""
        return tuple(dict.fromkeys(str(path[1]) for path in self.roles))


class Adding:
    """The additions to a template for its task definitions, one by one; names are shared among them."""

    def __init__(self, tree: Mapping[str, Any], facts: Facts) -> None:
        self.tree, self.facts = tree, facts
        self.ids = LogicalIds(tree)
        self.parameters: dict[str, Any] = {}
        self.conditions: dict[str, Any] = {}
        self.resources: dict[str, Any] = {}
        self.roles: dict[Path, Choice] = {}
        #: The expression for the role of each task definition, by the place.
        self.named: dict[Path, dict[str, Any]] = {}
        self.depends_on: dict[str, str] = {}
        self.gaps: list[Gap] = []
        self._shared: dict[str, str] = {}

    @property
    def added(self) -> Added:
        """All additions."""
        roles = {path: _said(choice, self.named[path]) for path, choice in self.roles.items()}
        made = (self.parameters, self.conditions, self.resources, roles, self.depends_on)
        return Added(*made, gaps=tuple(dict.fromkeys(self.gaps)))

    def parameter(self, wanted: str, declaration: Declaration) -> str:
        """Return the name of a parameter that all task definitions share."""
        if wanted not in self._shared:
            self._shared[wanted] = self.ids.new(wanted)
            self.parameters[self._shared[wanted]] = declaration.to_dict()
        return self._shared[wanted]


def add_roles(task: TaskInWorlds, places: Iterable[RolePlace], adding: Adding) -> None:
    """Add the roles of a task definition that have these places, and name them there.

    Raise InvalidInput for a role that IAM's policies cannot hold.
    """
    given = tuple(places)
    holders = tuple(dict.fromkeys(place.holder for place in given))
    added = added_roles(needs_at(task, given, adding.tree), holders, adding)
    for place in given:
        adding.roles[place.path] = place.choice or place.task
        adding.named.setdefault(place.path, {})[place.task] = added[place.holder]


def _said(choice: Choice, roles: Mapping[str, Any]) -> Any:
    """Return the expression for the role of the task definition that is run; nothing if none is."""
    if isinstance(choice, str):
        return roles.get(choice, NO_VALUE)
    condition, one, other = choice
    return {"Fn::If": [condition, _said(one, roles), _said(other, roles)]}


def added_roles(task: TaskInWorlds, holders: Sequence[Holder], adding: Adding) -> Mapping[Holder, Any]:
    """Add these roles of a task definition, and return the expression for each; raise as ``add_roles`` does.

    Those of schedules and rules pass the two that are added for the task definition itself, and that of a capacity
    provider passes the one of its instances.
    """
    passing = {*RUNNING, Holder.MANAGED_INSTANCES}
    added = _added(task, [each for each in holders if each not in passing], adding)
    running = passing_on(task, [added[each] for each in ROLE_PROPERTIES if each in added])
    if profile := added.get(Holder.INSTANCE):
        running = _passing_to_instances(running, role_behind(profile, adding))
    others = _added(running, [each for each in holders if each in passing], adding)
    return {each: {**added, **others}[each] for each in holders}


def _added(task: TaskInWorlds, holders: Iterable[Holder], adding: Adding) -> Mapping[Holder, Any]:
    roles = _Roles(task, adding)
    return {holder: roles.added(kind_of(holder)) for holder in holders}


def passing_on(task: TaskInWorlds, roles: Sequence[Any]) -> TaskInWorlds:
    """Return the task whose schedules and rules pass these roles instead of those that it names, if any.

    Every principal that runs it must pass them:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
    """
    if not roles:
        return task
    needs = {each: where for each, where in task.needs.items() if each.holder not in RUNNING or each.sid != OF_THE_TASK}
    to_ecs = Condition("StringEquals", "iam:PassedToService", (Text(kind_of(Holder.TASK).assumed_by.service),))
    for need, where in task.needs.items():
        if need.holder in RUNNING and (need.permission.action == "ecs:RunTask" or need.sid == OF_THE_TASK):
            for role in roles:
                arn = Text(Attribute(".".join(role["Fn::GetAtt"]), type="AWS::IAM::Role"))
                passed = Permission("iam:PassRole", arn, (to_ecs,))
                needs[replace(need, permission=passed, sid=OF_THE_TASK)] = where
    return replace(task, needs=needs)


def role_behind(named: Mapping[str, Any], adding: Adding) -> str:
    """Return the logical ID of the added role that an expression names, or whose instance profile it names."""
    logical_id: str = named["Fn::GetAtt"][0]
    roles = adding.resources[logical_id]["Properties"].get("Roles")
    return str(roles[0]["Ref"]) if roles else logical_id


def _passing_to_instances(task: TaskInWorlds, role: str) -> TaskInWorlds:
    """Return the task that passes the role added for its instances, instead of the one that is built separately."""
    built, own = kind_of(Holder.INSTANCE).arn, Text(Attribute(f"{role}.Arn", type="AWS::IAM::Role"))
    needs = {
        replace(need, permission=replace(need.permission, resource=own))
        if need.permission.resource == built
        else need: where
        for need, where in task.needs.items()
    }
    return replace(task, needs=needs)


def own_condition(task: TaskInWorlds, adding: Adding) -> dict[str, str]:
    """Return the Condition of a task definition, which its additions also have."""
    resource = adding.tree["Resources"][task.logical_id]
    return {"Condition": resource["Condition"]} if isinstance(resource.get("Condition"), str) else {}


class Placing:
    """The conditions of a template for what a task definition has in some worlds."""

    def __init__(self, task: TaskInWorlds, adding: Adding) -> None:
        self.task, self.adding = task, adding
        self.conditions = Conditions(task.worlds, task.there, adding.ids, adding.conditions)
        self._own = own_condition(task, adding).get("Condition", "")

    def behind(self, where: WorldSet, texts: tuple[Text, ...], *more: Literal) -> tuple[Literal, ...] | None:
        """Return the literals that must hold for something with these texts; ``None`` if it never exists."""
        literals = list(more)
        for condition in self._of_resources(texts):
            holds, fails = self.task.worlds.truths(condition)
            where -= fails
            if not self.task.there <= holds | fails:
                literals.append(Literal(condition))
        if not where:
            return None
        own = self.conditions.of(where)
        whole = self.conditions.both((*literals, own) if own else literals)
        return (whole,) if whole else ()

    def _of_resources(self, texts: tuple[Text, ...]) -> Iterator[str]:
        """Yield the conditions of the resources that the texts name, except the task definition's own."""
        for name in dict.fromkeys(each for text in texts for each in resources_in(text, self.adding.tree)):
            condition = self.adding.tree["Resources"][name].get("Condition")
            if isinstance(condition, str) and condition != self._own:
                yield condition


def chosen(literals: Sequence[Literal], given: Any, other: Any = NO_VALUE) -> Any:
    """Return an expression for ``given`` if the literals hold, else for ``other``."""
    for literal in literals:
        branches = (given, other) if literal.holds else (other, given)
        given = {"Fn::If": [literal.condition, *branches]}
    return given


class _Roles:
    def __init__(self, task: TaskInWorlds, adding: Adding) -> None:
        self.task, self.adding = task, adding
        self.placing = Placing(task, adding)
        self.expressions = Expressions(task.worlds)
        self._literals: dict[str, Literal] = {}

    def added(self, kind: RoleKind) -> dict[str, Any]:
        """Add a role, and its instance profile if it has one, and return the expression for it."""
        logical_id = self.adding.ids.new(f"{self.task.logical_id}{kind.name}")
        policies = pack(compose(self._placed(kind.holder)))
        metadata = metadata_of(policies)
        managed = [self._managed(policy, logical_id) for policy in policies if policy.managed]
        inline = [self._inline(policy) for policy in policies if not policy.managed]
        self.adding.resources[logical_id] = {
            "Type": "AWS::IAM::Role",
            **own_condition(self.task, self.adding),
            **({"Metadata": metadata} if metadata else {}),
            "Properties": {
                "Description": f"{kind.used_by}{' of' if kind.always else ':'} {self.task.logical_id}."[:1000],
                "AssumeRolePolicyDocument": encode_to_dict(_trust(kind)),
                **({"ManagedPolicyArns": managed} if managed else {}),
                **({"Policies": inline} if inline else {}),
            },
        }
        named = self._profile(kind, logical_id) if kind.profile else logical_id
        return {"Fn::GetAtt": [named, "Arn"]}

    def _profile(self, kind: RoleKind, role: str) -> str:
        """Add the instance profile of a role, and return its logical ID."""
        name = self.adding.ids.new(f"{self.task.logical_id}{kind.profile}")
        self.adding.resources[name] = {
            "Type": "AWS::IAM::InstanceProfile",
            **own_condition(self.task, self.adding),
            "Properties": {"Roles": [{"Ref": role}]},
        }
        return name

    def _placed(self, holder: Holder) -> Iterator[Need]:
        """Yield the needs of a role, each with the condition that it depends on, if any."""
        where: dict[Permission, WorldSet] = {}
        needs = [(_spelled(need), worlds) for need, worlds in self.task.needs.items() if need.holder is holder]
        for need, worlds in needs:
            where[need.permission] = where.get(need.permission, worlds) | worlds
        for need, _ in needs:
            permission = need.permission
            if unsaid := self.expressions.unsaid(permission.texts, where[permission]):
                what = f"a policy cannot say {unsaid}"
                self.adding.gaps.append(
                    Gap(holder, need.reason.feature, need.origin, what, "Replace it with its value")
                )
                continue
            keys, permission = self._keys(permission)
            literals = self.placing.behind(where[need.permission], permission.texts, *keys)
            if literals is not None:
                yield replace(need, permission=replace(permission, when=tuple(map(self._key, literals))))

    def _keys(self, permission: Permission) -> tuple[tuple[Literal, ...], Permission]:
        """Return whether the unknown keys of secrets are set, if a permission depends on them."""
        if not permission.when:
            return (), permission
        declared = key_arns(self.adding.facts.kms_key_arns)
        name = self.adding.parameter(_KEYS, declared)
        # An empty list parameter is a list of one empty string.
        given = {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [0, {"Ref": name}]}, ""]}]}
        return (self.placing.conditions.add(f"Has{name}", given),), replace(permission, resource=Text(Parameter(name)))

    def _key(self, literal: Literal) -> str:
        """Return the name of a literal in the names of policies, which have at most 128 characters."""
        called = literal.condition[:100]
        wanted = _HAS.sub("", called) if literal.holds else f"Not{called}"
        names = (wanted, *(f"{wanted}{number}" for number in range(2, len(self._literals) + 3)))
        name = next(each for each in names if self._literals.get(each, literal) == literal)
        self._literals[name] = literal
        return name

    def _spelling(self) -> Spelling:
        lists = {name for name, each in self.adding.parameters.items() if each["Type"] == "CommaDelimitedList"}
        return Spelling(self.adding.facts, lists=lists)

    def _document(self, policy: Policy) -> Any:
        return self.expressions.said(encode_to_dict(policy_document(policy.statements, self._spelling())))

    def _of(self, policy: Policy) -> tuple[Literal, ...]:
        return tuple(self._literals[each] for each in policy.when)

    def _inline(self, policy: Policy) -> Any:
        return chosen(self._of(policy), {"PolicyName": policy.name, "PolicyDocument": self._document(policy)})

    def _managed(self, policy: Policy, role: str) -> Any:
        """Add a customer managed policy of a role, and return the expression for it."""
        name, literals = self.adding.ids.new(f"{role}{policy.name}"), self._of(policy)
        own = own_condition(self.task, self.adding)
        if whole := self.placing.conditions.both((*literals, *map(Literal, own.values()))):
            own = {"Condition": self.placing.conditions.named(whole)}
        self.adding.resources[name] = {
            "Type": "AWS::IAM::ManagedPolicy",
            **own,
            "Properties": {
                "Description": f"Permissions of {self.task.logical_id} beyond the quota for inline policies.",
                "PolicyDocument": self._document(policy),
            },
        }
        return chosen(literals, {"Ref": name})


def _spelled(need: Need) -> Need:
    permission = need.permission
    conditions = tuple(
        replace(condition, values=tuple(sorted(map(spelled, condition.values)))) for condition in permission.conditions
    )
    return replace(need, permission=replace(permission, resource=spelled(permission.resource), conditions=conditions))


def _trust(kind: RoleKind) -> PolicyDocument:
    """Return the default trust policy of a build's stacks: only for this account's ECS.

    AWS documents that ECS sends aws:SourceArn for the task role, and does not mention the execution role. For others it
    requires neither condition.
    """
    by = kind.assumed_by
    if not by.source_arn:
        return trust(by.service)
    conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}
    if not by.source_arn_switch:
        conditions["ArnLike"] = {"aws:SourceArn": value(by.source_arn)}
    return trust(by.service, conditions)
