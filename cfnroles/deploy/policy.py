"""The permissions for deploying the stacks of a build: the calls of cfnroles and of CloudFormation.

They follow from the names of the stacks and the resources in their templates, by the rows of
``cfnroles.deploy.handlers`` and ``cfnroles.deploy.calls``. An unknown resource name is a gap and never becomes ``*``;
permissions that cannot be narrowed are listed with the reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.deploy.calls import (
    BUCKET_CALLS,
    BUCKET_FOLDER,
    NO_RESOURCE,
    OWN_CALLS,
    STACK_SET_CALLS,
    OwnCalls,
)
from cfnroles.deploy.handlers import EXPRESS_SERVICE, Calls, ResourceType, type_of
from cfnroles.deploy.names import NamedStack, arns_of, home_arn, named, starred
from cfnroles.deploy.plan import GATE
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Condition, Gap, Holder, Need, Origin, Permission, Reason, Reference
from cfnroles.policies import INLINE_TOTAL, Policy, pack
from cfnroles.statements import Statement, compose
from cfnroles.symbols import Parameter
from cfnroles.table.account_reads import FAILED_SERVICE
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.references import SecretReference, value_from
from cfnroles.template.template import Resource
from cfnroles.text import ANYTHING, EMPTY, Text, arn_of, is_region
from cfnroles.validator_needs import validator_needs

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ROLE = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)


class DeployOptions(Struct, frozen=True):
    """The target of a deployment, and the options of ``cfnroles deploy`` that affect its calls.

    With ``role_arn``, CloudFormation has a service role; ``service_role`` requests that role's policy. With
    ``stack_set``, the account is the administrator's.
    """

    account: str
    region: str
    bucket: str = ""
    check: bool = True
    role_arn: str = ""
    continue_rollback: bool = False
    termination_protection: bool = False
    service_role: bool = False
    stack_set: bool = False
    administration_role_arn: str = ""

    def __post_init__(self) -> None:
        """Raise ``InvalidInput`` if account or Region is unknown, and for values that no ARN can contain."""
        told = (("account", self.account, "ID"), ("region", self.region, "REGION"))
        if missing := [f"--{name} {value}" for name, given, value in told if not given]:
            raise InvalidInput(
                "the account and Region of the stacks are unknown",
                why="A policy names resources by ARN, with the account and the Region.",
                remedy=f"Pass {' '.join(missing)}.",
            )
        for what, given, fits, remedy in (
            ("the account", self.account, re.fullmatch(r"[0-9]{12}", self.account), "Pass its 12 digits."),
            ("the Region", self.region, is_region(self.region), "Pass one such as us-east-1."),
            ("the bucket", self.bucket, _BUCKET.fullmatch(self.bucket), "Pass only the bucket name."),
            *(
                (f"the {what} role", arn, _ROLE.fullmatch(arn), "Pass the ARN of a role.")
                for what, arn in (("service", self.role_arn), ("administration", self.administration_role_arn))
            ),
        ):
            if given and not fits:
                raise InvalidInput(f"{given!r} cannot be {what}", remedy=remedy)

    @property
    def facts(self) -> Facts:
        """The target of the stacks."""
        return Facts(account=self.account, region=self.region)


class Unnarrowed(Struct, frozen=True):
    """Permissions beyond the stacks: actions (all, if none is named), resources, and the reason."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str


class DeployPolicy(Struct, frozen=True):
    """The permissions for deploying: ``statements`` with their reasons, in ``policies`` within IAM's quotas.

    ``wide`` are permissions beyond the stacks, ``gaps`` those whose resource name is unknown.
    """

    statements: tuple[Statement, ...]
    policies: tuple[Policy, ...]
    wide: tuple[Unnarrowed, ...]
    gaps: tuple[Gap, ...]


_DIVIDE = (
    "Divide the project, or use a service role: --service-role writes its policy, --role-arn the policy of the caller."
)


class _Untold(Struct, frozen=True):
    """A parameter without a value, and where a name depends on it."""

    parameter: str
    origin: Origin


_Found = Need | Gap | Unnarrowed | _Untold


def deploy_policy(stacks: Iterable[StackSource], options: DeployOptions) -> DeployPolicy:
    """Return the policy for deploying these stacks with these options, or that of CloudFormation's service role.

    Raise InvalidInput for parameters without a value that names depend on, and if IAM would need more policies than it
    allows. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
    """
    known = named(tuple(stacks), options.facts)
    found = tuple(_found(known, options))
    if untold := [each for each in found if isinstance(each, _Untold)]:
        raise _without_values(untold)
    statements = compose(each for each in found if isinstance(each, Need))
    return DeployPolicy(
        statements,
        pack(statements, reserved=INLINE_TOTAL, remedy=_DIVIDE),
        tuple(_joined(each for each in found if isinstance(each, Unnarrowed))),
        tuple(dict.fromkeys(each for each in found if isinstance(each, Gap))),
    )


def _found(stacks: tuple[NamedStack, ...], options: DeployOptions) -> Iterator[_Found]:
    if options.stack_set:
        yield from _stack_sets(stacks, options)
        return
    if not options.service_role:
        yield from _own_calls(stacks, options)
    if options.service_role or not options.role_arn:
        for stack in stacks:
            yield from _handlers(stack)


def _joined(wide: Iterable[Unnarrowed]) -> Iterator[Unnarrowed]:
    """Merge permissions that are wide for the same reason."""
    groups: dict[str, list[Unnarrowed]] = defaultdict(list)
    for each in wide:
        groups[each.why].append(each)
    for why, group in groups.items():
        actions = {action for each in group for action in each.actions}
        resources = {resource for each in group for resource in each.resources}
        yield Unnarrowed(tuple(sorted(actions)), tuple(sorted(resources)), why)


def _without_values(untold: Iterable[_Untold]) -> InvalidInput:
    first = {each.parameter: each.origin for each in reversed(list(untold))}
    names = sorted(first)
    some = "a parameter has" if len(names) == 1 else "parameters have"
    return InvalidInput(
        f"{some} no value, and names of resources depend on {'it' if len(names) == 1 else 'them'}: {', '.join(names)}",
        why="; ".join(f"{name} is in {first[name]}" for name in names),
        remedy=f"Pass {' '.join(f'--parameter {name}=VALUE' for name in names)}, as for cfnroles deploy.",
    )


# Calls of cfnroles.

_NO_TYPE = "AWS defines no resource type for these"
_SERVICE_ROLE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html"
_ADMINISTRATION = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html"
_TEMPLATE_URL = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html"


def _own_calls(stacks: tuple[NamedStack, ...], options: DeployOptions) -> Iterator[_Found]:
    for calls in OWN_CALLS:
        if not calls.option or getattr(options, calls.option):
            for stack in stacks:
                yield from _to_cloudformation(calls, stack)
    for stack in stacks:
        yield from _diagnosing(stack)
    told = Origin("the command line", ())
    if options.bucket:
        partition = options.facts.arn("s3", EMPTY).partition
        objects = Text("arn:", partition, ":s3:::", options.bucket, f"/{BUCKET_FOLDER}", ANYTHING)
        why = "cfnroles uploads a large template to it, and CloudFormation reads it with the caller's permissions"
        for action in BUCKET_CALLS:
            yield _need(Permission(action, objects), Reason("deploy", why, _TEMPLATE_URL), told, "UploadTemplates")
    if options.role_arn:
        yield _passing(options.role_arn, "using a service role passes it to CloudFormation", _SERVICE_ROLE)
    if options.check:
        for stack in stacks:
            yield from _references(stack)


def _diagnosing(stack: NamedStack) -> Iterator[_Found]:
    """Yield the calls to Amazon ECS for a service of the stack that does not become stable."""
    for resource in stack.resolved.of_type(EXPRESS_SERVICE):
        origin = stack.origin(resource.logical_id)
        for reads in FAILED_SERVICE:
            reason = Reason("deploy", f"when the service fails, cfnroles says {reads.why}", reads.source)
            for on in reads.resources:
                at = starred(on.split(":", 5)[-1], {})
                arn = ANYTHING if on == NO_RESOURCE else home_arn("ecs", at, stack.facts, stack.facts).text
                yield Unnarrowed(reads.actions, (str(arn),), "which tasks fail is known when they do")
                for action in reads.actions:
                    yield _need(Permission(action, arn), reason, origin, reads.sid)


def _stack_sets(stacks: tuple[NamedStack, ...], options: DeployOptions) -> Iterator[_Found]:
    """Yield the calls for those stacks that can be stack sets: an import belongs to one account and Region."""
    chosen = tuple(stack for stack in stacks if not stack.source.imports)
    if not chosen:
        raise InvalidInput("none of the stacks can be a stack set")
    for stack in chosen:
        for calls in STACK_SET_CALLS:
            yield from _to_cloudformation(calls, stack)
        if options.check:
            yield from _references(stack)
    if arn := options.administration_role_arn:
        yield _passing(arn, "using an administration role passes it to CloudFormation", _ADMINISTRATION)


def _passing(role: str, why: str, source: str) -> Need:
    to = Condition("StringEquals", "iam:PassedToService", (Text("cloudformation.amazonaws.com"),))
    permission = Permission("iam:PassRole", Text(role), (to,))
    return _need(permission, Reason("deploy", why, source), Origin("the command line", ()), "PassServiceRole")


_NO_HOME = "AWS's pages disagree about the Region and the account in these ARNs"


def _to_cloudformation(calls: OwnCalls, stack: NamedStack) -> Iterator[_Found]:
    reason = Reason("deploy", calls.why, calls.source)
    origin = Origin(stack.source.template, ("Resources",), item=f"stack {stack.source.name}")
    for on in calls.on:
        if on == NO_RESOURCE:
            yield Unnarrowed(calls.actions, (NO_RESOURCE,), _NO_TYPE)
        for resource in _authorized_on(on, stack):
            if on.startswith("arn:"):
                yield Unnarrowed(calls.actions, (str(resource),), _NO_HOME)
            for action in calls.actions:
                yield _need(Permission(action, resource), reason, origin, calls.sid)


def _authorized_on(on: str, stack: NamedStack) -> tuple[Text, ...]:
    """Return the resources of a form of the table: one, or one for each resource type in the stack."""
    facts, names = stack.facts, {"{stack}": Text(stack.source.name)}
    if on == NO_RESOURCE:
        return (ANYTHING,)
    if not on.startswith("arn:"):
        return (home_arn("cloudformation", starred(on, names), facts, facts).text,)
    names["{partition}"] = facts.arn("cloudformation", EMPTY).partition
    types = sorted({resource.type for resource in stack.resolved.resources.values()}) if "{type}" in on else [""]
    return tuple(starred(on, names | {"{type}": Text(each.replace("::", "-"))}) for each in types)


def _need(permission: Permission, reason: Reason, origin: Origin, sid: str) -> Need:
    return Need(Holder.DEPLOYER, permission, reason, origin, sid)


def _references(stack: NamedStack) -> Iterator[_Found]:
    """Yield the calls for checking secrets and parameters: those of the gate, with its optional ones."""
    for gate in stack.resolved.of_type(GATE):
        given = gate.properties.get("References")
        for item in given if isinstance(given, list) else []:
            text = item.get("ValueFrom") if isinstance(item, Mapping) else item
            if isinstance(text, str) and text:
                yield from _reference(stack, stack.filled(text), stack.origin(gate.logical_id, "References"))


def _reference(stack: NamedStack, text: Text, origin: Origin) -> Iterator[_Found]:
    if text.unknown:
        yield from _untold(stack, text, origin)
        return
    try:
        needs = validator_needs((Reference(text, origin),), stack.facts)
    except (Malformed, Unnamed) as error:
        yield _gap(origin, error.what)
        return
    for need in needs:
        if not need.permission.when:
            yield _need(need.permission, need.reason, origin, need.sid)


# Calls of CloudFormation for the resources of a stack.


def _handlers(stack: NamedStack) -> Iterator[_Found]:
    for resource in stack.resolved.resources.values():
        row = type_of(resource.type)
        if row is None:
            what = f"cfnroles does not know which calls CloudFormation makes for {resource.type}"
            yield _gap(stack.origin(resource.logical_id), what)
            continue
        for unused in row.unused:
            if unused.property and _at(resource.properties, unused.property) is not None:
                what = f"with {unused.property}, CloudFormation also calls {', '.join(unused.permissions)}"
                yield _gap(stack.origin(resource.logical_id, unused.property), what)
        for calls in row.calls:
            if not calls.has or calls.has in resource.properties:
                yield from _called(stack, row, resource, calls)


def _at(properties: Mapping[str, Any], path: str) -> Any:
    value: Any = properties
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _called(stack: NamedStack, row: ResourceType, resource: Resource, calls: Calls) -> Iterator[_Found]:
    conditions = []
    for bound in calls.bounds:
        if bound.property and bound.property not in resource.properties:
            continue
        values, problems = (
            _values(stack, resource, bound.property) if bound.property else ((starred(bound.value, {}),), ())
        )
        yield from problems
        if not values:
            return  # without its condition it would be another permission
        conditions.append(Condition(bound.operator, bound.key, tuple(sorted(values))))
    arns, problems = _arns(stack, row, resource, calls)
    yield from problems
    reason = Reason(resource.type, calls.why, row.source, calls.standing, calls.doubt)
    on = [calls.on] if calls.on not in ("", NO_RESOURCE) else []
    for arn in arns:
        for action in calls.actions:
            permission = Permission(action, arn, tuple(conditions))
            yield _need(permission, reason, stack.origin(resource.logical_id, *on), calls.sid)
        yield from _reaching(stack, row, resource, calls, arn)


_GENERATED = "CloudFormation adds its own characters to the names that it generates"
_SHORTENED = (
    "CloudFormation shortens the name that it makes for {resource} of {stack} to {longest} characters, by a rule that"
    " AWS does not document; a shorter name of the project, or one for the role, makes these exact"
)
_PERMITS = frozenset({"iam:AttachRolePolicy", "iam:PutRolePolicy"})
_NO_BOUNDARY = (
    "IAM does not check the content of the policies that a role gets: anyone who deploys can give these roles any"
    " permission; a permissions boundary (PermissionsBoundaryArn) limits that, and becomes a condition here"
)
_ADMITS = frozenset({"iam:CreateRole", "iam:UpdateAssumeRolePolicy"})
_ANY_TRUST = "IAM does not check who a trust policy admits: anyone who deploys can let anyone assume these roles"


def _reaching(
    stack: NamedStack, row: ResourceType, resource: Resource, calls: Calls, arn: Text
) -> Iterator[Unnarrowed]:
    """Yield the calls that affect more than the stack."""
    if arn == ANYTHING:
        yield Unnarrowed(calls.actions, (NO_RESOURCE,), _NO_TYPE)
    elif not calls.on and stack.is_shortened(row, resource):
        told = _SHORTENED.format(resource=resource.logical_id, stack=stack.source.name, longest=row.longest)
        yield Unnarrowed((), (str(arn),), told)
    elif not calls.on and row.longest and row.name not in resource.properties:
        yield Unnarrowed((), (str(arn),), _GENERATED)
    permits = _PERMITS & {*calls.actions}
    if permits and "PermissionsBoundary" not in resource.properties:
        yield Unnarrowed(tuple(permits), (str(arn),), _NO_BOUNDARY)
    if admits := _ADMITS & {*calls.actions}:
        yield Unnarrowed(tuple(admits), (str(arn),), _ANY_TRUST)


_Told = tuple[tuple[Text, ...], tuple[Gap | _Untold, ...]]


def _arns(stack: NamedStack, row: ResourceType, resource: Resource, calls: Calls) -> _Told:
    """Return the resources of the calls, and the unknown ones."""
    if calls.on == NO_RESOURCE:
        return (ANYTHING,), ()
    if calls.on:
        texts, problems = _values(stack, resource, calls.on)
        try:
            return tuple(arn for text in texts for arn in _named(text, calls.of, stack)), problems
        except (Malformed, Unnamed) as error:
            return (), (*problems, _gap(stack.origin(resource.logical_id, calls.on), error.what))
    arns = stack.arns(row, resource)
    if not arns:
        return (), (_gap(stack.origin(resource.logical_id), "its name is unknown"),)
    return _known(stack, arns, stack.origin(resource.logical_id, row.name))


def _named(text: Text, of: str, stack: NamedStack) -> tuple[Text, ...]:
    """Return the ARNs of what a property names by name or ARN; a name leaves its path unknown."""
    if arn_of(text):
        secret = value_from(text, stack.facts) if ":secretsmanager:" in text else None
        return secret.policy_resources if isinstance(secret, SecretReference) else (text,)
    row = type_of(of)
    if row is None:
        return ()
    same = [each for each in stack.resolved.of_type(of) if stack.name(row, each) == text]
    return stack.arns(row, same[0]) if same else arns_of(row, text, Text("/"), stack.facts)


def _values(stack: NamedStack, resource: Resource, property_: str) -> _Told:
    """Return the texts of a property with one value or a list, and the unknown ones."""
    value, origin = resource.properties.get(property_), stack.origin(resource.logical_id, property_)
    items = value if isinstance(value, list) else [] if value is None else [value]
    texts, problems = _known(stack, (stack.filled(item) for item in items if isinstance(item, str)), origin)
    if all(isinstance(item, str) for item in items):
        return texts, problems
    return texts, (*problems, _gap(origin, f"a part of {property_} is known only to CloudFormation"))


def _known(stack: NamedStack, texts: Iterable[Text], origin: Origin) -> _Told:
    """Return the known texts, and the unknowns of the others."""
    given = tuple(texts)
    open_ = [text for text in given if text.unknown]
    problems = tuple(problem for text in open_ for problem in _untold(stack, text, origin))
    return tuple(text for text in given if not text.unknown), problems


def _untold(stack: NamedStack, text: Text, origin: Origin) -> Iterator[Gap | _Untold]:
    """Yield the parameters without a value, or a gap for a text with an unknown value."""
    settable = {name for name in stack.source.parsed.settable if name not in dict(stack.source.parameters)}
    names = [symbol.name for symbol in text.unknown if isinstance(symbol, Parameter)]
    if len(names) == len(text.unknown) and settable.issuperset(names):
        yield from (_Untold(name, origin) for name in names)
    else:
        yield _gap(origin, f"only CloudFormation knows the value of {text.written}")


def _gap(origin: Origin, what: str) -> Gap:
    return Gap(Holder.DEPLOYER, "deploy", origin, what, "Allow it in a separate policy.")
