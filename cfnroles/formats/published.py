"""The formats of JSON output as types: the published schemas derive from them, and tests check output against them.

``schema`` in each output is the version of its format. It increases if a member changes its meaning or is removed. New
members may be added. Members that not every output has are optional.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from cfnroles.errors import InvalidInput
from cfnroles.spelling import meant

_Severity = Literal["error", "warning", "info"]
_Statements = list[dict[str, Any]]


class _Form(Struct, rename="camel", forbid_unknown_fields=True):
    """A JSON object that has exactly these members."""


class Origin(_Form, kw_only=True):
    """The place of a field: the document, the path in it, and the line (0 if the document does not have the field)."""

    document: str
    path: str
    line: int
    column: int | UnsetType = UNSET
    container: str
    item: str


class Gap(Origin, kw_only=True):
    """A need whose resource or condition is unknown."""

    role: str
    what: str
    remedy: str


class Finding(Origin, kw_only=True):
    """A problem at a place."""

    check: str
    code: str
    severity: _Severity
    what: str
    remedy: str
    source: str
    also: list[Finding] | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class ConditionLine(_Form, kw_only=True):
    """One line of a policy's Condition block."""

    operator: str
    key: str
    values: list[str]


class Need(Origin, kw_only=True):
    """A permission, the field that needs it and why."""

    action: str
    resource: str
    conditions: list[ConditionLine]
    feature: str
    why: str
    standing: str
    doubt: str
    source: str


class Permission(_Form, kw_only=True):
    """An action on a resource."""

    action: str
    resource: str
    only_if: str | UnsetType = UNSET


class Reason(_Form, kw_only=True):
    """The reason for a statement, and the fields that need it."""

    feature: str
    why: str
    source: str
    standing: str
    doubt: str
    fields: list[Origin]


class ExplainedStatement(_Form, kw_only=True):
    """One statement of a role."""

    sid: str
    only_if: str | UnsetType = UNSET
    actions: list[str]
    resources: list[str]
    conditions: list[ConditionLine]
    when: list[str]
    reasons: list[Reason]


class ExplainedRoles(_Form, kw_only=True):
    """The roles of one task definition, and its gaps."""

    roles: dict[str, list[ExplainedStatement]]
    gaps: list[Gap]


class ExplainedResource(ExplainedRoles, kw_only=True):
    """The same for a task definition of a template or of Terraform."""

    construct: str | UnsetType = UNSET
    when: str
    defaults: list[Any]


class ExplainedStack(_Form, kw_only=True):
    """The task definitions of one template, by their logical IDs."""

    resources: dict[str, ExplainedResource]
    gaps: list[Gap]


class Explain(_Form, kw_only=True):
    """`cfnroles explain`: the roles of a task definition, or those of services, task definitions or stacks by name."""

    schema: Literal[1]
    roles: dict[str, list[ExplainedStatement]] | UnsetType = UNSET
    gaps: list[Gap] | UnsetType = UNSET
    services: dict[str, ExplainedRoles] | UnsetType = UNSET
    resources: dict[str, ExplainedResource] | UnsetType = UNSET
    stacks: dict[str, ExplainedStack] | UnsetType = UNSET


class LintedFile(_Form, kw_only=True):
    """The findings in one file; ``unreadable`` says why there are none."""

    file: str
    unreadable: str
    findings: list[Finding]
    suppressed: list[Finding]


class Lint(_Form, kw_only=True):
    """`cfnroles lint`"""

    schema: Literal[1]
    files: list[LintedFile]


class CheckedReference(Origin, kw_only=True):
    """A reference to a secret or a parameter, and whether it can be used."""

    value_from: str
    usable: str
    version: str
    problem: str
    what: str
    remedy: str


class Check(_Form, kw_only=True):
    """`cfnroles check`"""

    schema: Literal[1]
    references: list[CheckedReference]
    warnings: list[str]
    unseen: list[Gap]


class StatementPlace(_Form, kw_only=True):
    """A statement of a role's policies."""

    policy: str
    index: int
    sid: str
    where: str


class JudgedNeed(Need, kw_only=True):
    """A need, and whether the role allows it."""

    only_if: str | UnsetType = UNSET
    outcome: str
    by: list[StatementPlace]
    depends_on: list[str]
    boundary: str
    unless_denied: list[StatementPlace]


class DependentNeed(Need, kw_only=True):
    """A need that exists only under conditions; ``if`` are parameters of the roles' template."""

    if_: list[str] = field(name="if")
    only_if: str | UnsetType = UNSET


class Trust(_Form, kw_only=True):
    """Whether ECS may assume the role, and who else may."""

    service: str
    outcome: str
    by: list[str]
    depends_on: list[str]
    also_admits: list[str]
    any_account: bool
    problem: str


class Ground(_Form, kw_only=True):
    """One reason for a verdict."""

    ground: str
    fails: bool
    what: str


class Wide(_Form, kw_only=True):
    """A grant that is wider than the needs that use it."""

    action: str
    resource: str
    only_if: str | UnsetType = UNSET
    further_actions: bool
    further_resources: bool
    lacking_conditions: list[str]
    looser_conditions: list[str]
    needed: list[Permission]


class Excess(_Form, kw_only=True):
    """A statement that allows more than needed, and its replacement."""

    statement: StatementPlace
    risk: str
    only_if: str | UnsetType = UNSET
    unused: list[Permission]
    wide: list[Wide]
    instead: _Statements
    instead_only_if: list[str] | UnsetType = UNSET
    kept: _Statements | UnsetType = UNSET


class Removal(_Form, kw_only=True):
    """A removed grant, and the needs that fail without it."""

    action: str
    resource: str
    conditions: dict[str, Any]
    statement: StatementPlace
    fails: list[Need]


class Unread(_Form, kw_only=True):
    """A part of a role that cannot be read."""

    policy: str
    where: str
    why: str
    remedy: str


class VerifiedRole(_Form, kw_only=True):
    """The verdict on one role for its use."""

    holder: str
    role: str
    resources: list[str] | UnsetType = UNSET
    constructs: list[str] | UnsetType = UNSET
    stack: str | UnsetType = UNSET
    run_by: list[str] | UnsetType = UNSET
    when: str | UnsetType = UNSET
    defaults: list[Any] | UnsetType = UNSET
    taken: list[Any] | UnsetType = UNSET
    also_used_by: list[str] | UnsetType = UNSET
    absent: bool | UnsetType = UNSET
    outcome: str
    verdict: str
    grounds: list[Ground]
    summary: str
    trust: Trust | None
    verdicts: list[JudgedNeed]
    only_if: list[DependentNeed]
    missing: _Statements
    missing_only_if: list[str] | UnsetType = UNSET
    excess: list[Excess]
    application: list[str]
    chosen: list[str]
    unsure: list[Permission]
    unread: list[Unread]
    proof: list[Removal] | None
    gaps: list[Gap]


class Verify(_Form, kw_only=True):
    """`cfnroles verify`"""

    schema: Literal[1]
    roles: list[VerifiedRole]


class Because(Origin, kw_only=True):
    """A place that needs a grant, and why."""

    why: str
    source: str


class Guard(_Form, kw_only=True):
    """A parameter or a condition of the template that a grant depends on."""

    parameter: str | UnsetType = UNSET
    condition: str | UnsetType = UNSET
    holds: bool
    by_default: bool | None


class Grant(_Form, kw_only=True):
    """A permission of a role, on one side of a comparison."""

    actions: list[str]
    not_actions: bool
    resources: list[str]
    not_resources: bool
    conditions: list[ConditionLine]
    when: list[Guard]
    origins: list[Because]


class Change(_Form, kw_only=True):
    """One grant that is added, removed, widened or narrowed."""

    change: str
    widens: bool
    redundant: bool
    role: str
    kind: str
    effect: str
    before: list[Grant]
    after: list[Grant]


class Standing(_Form, kw_only=True):
    """A verdict, and its reasons."""

    verdict: str
    grounds: list[str]


class Lack(_Form, kw_only=True):
    """A missing permission of a role."""

    action: str
    resource: str
    when: str


class VerdictChange(_Form, kw_only=True):
    """A task definition whose role has a different verdict than before."""

    task: str
    role: str
    line: int
    before: Standing | None
    after: Standing | None
    now_lacks: list[Lack]
    no_longer_lacks: list[Lack]


class Unjudged(_Form, kw_only=True):
    """A side that could not be judged."""

    document: str
    why: str


class UnknownPolicy(_Form, kw_only=True):
    """A managed policy of a role whose permissions change: what it allows is unknown and not compared."""

    role: str
    arn: str


class ComparedDocument(_Form, kw_only=True):
    """The changes in one document; ``old`` is null for a new document, ``new`` for a removed one."""

    old: str | None
    new: str | None
    widens: bool
    counts: dict[str, int]
    changes: list[Change]
    gaps_opened: list[Gap]
    gaps_closed: list[Gap]
    redefined_conditions: list[str]
    verdicts: list[VerdictChange]
    unjudged: list[Unjudged]
    unknown_policies: list[UnknownPolicy]


class Diff(_Form, kw_only=True):
    """`cfnroles diff`"""

    schema: Literal[1]
    widens: bool
    documents: list[ComparedDocument]


class Cause(_Form, kw_only=True):
    """A possible cause, the command that confirms it, and the remedy."""

    what: str
    category: str
    check: str
    remedy: str


class DiagnosedRole(_Form, kw_only=True):
    """The role that made the call."""

    name: str
    outcome: str | None
    where: str
    trust: Any | UnsetType = UNSET


class Diagnosis(_Form, kw_only=True):
    """One failure, its cause, and the remedy."""

    message: str
    times: int
    where: str
    when: str | None
    what: str
    category: str
    settled: bool
    stages: list[str]
    action: str
    resource: str
    caller: str
    principal: str
    policy: str
    explicit: bool
    cut: bool
    endpoint: str
    asked_by: list[Origin]
    role: DiagnosedRole | None
    causes: list[Cause]
    remedy: str
    check: str
    statements: _Statements
    also_missing: _Statements
    terraform: str
    unknown: list[str]
    source: str


class NotUnderstood(_Form, kw_only=True):
    """A text without a known message."""

    text: str
    where: str
    when: str | None


class Diagnose(_Form, kw_only=True):
    """`cfnroles diagnose`"""

    schema: Literal[1]
    diagnoses: list[Diagnosis]
    not_understood: list[NotUnderstood]
    not_read: list[str]


class Times(_Form, kw_only=True):
    """A number of times, and the last time."""

    times: int
    last: str


class TrailRegion(_Form, kw_only=True):
    """The coverage of a trail in one account and Region."""

    account: str
    region: str
    events: int
    missing_days: list[str]
    management_reads: int
    management_writes: int
    data_events: int


class UnreadableFile(_Form, kw_only=True):
    """A file of a trail that could not be read."""

    file: str
    why: str


class Trail(_Form, kw_only=True):
    """The coverage of a trail."""

    events: int
    first: str
    last: str
    files: int
    event_history: bool
    regions: list[TrailRegion]
    unreadable: list[UnreadableFile]
    unreadable_files: int
    unreadable_events: int
    other_files: int
    notes: list[str]


class UsedAction(_Form, kw_only=True):
    """An action that was used."""

    action: str
    times: int
    last: str


class DeniedCalls(_Form, kw_only=True):
    """Calls that a policy of this kind denied."""

    policy: str
    times: int
    last: str


class RefusedCall(_Form, kw_only=True):
    """A call that was denied."""

    action: str
    resource: str
    policy: str
    times: int
    last: str


class AuditedGrant(_Form, kw_only=True):
    """One action on one resource of one statement, and whether it is used."""

    statement: str
    action: str
    resource: str
    status: str
    times: int
    last: str
    used: list[UsedAction]
    may_have_used: int
    denied: list[DeniedCalls]
    why: str
    source: str
    iam: Any
    removable: bool
    needed_by: list[Origin]
    unused_actions: list[str]
    unknown_actions: Any


class RoleUse(_Form, kw_only=True):
    """A task definition that names the role."""

    task: str
    holder: str


class Narrowed(_Form, kw_only=True):
    """A grant, and its remaining resources."""

    action: str
    resource: str
    to: list[str]


class TightPolicy(_Form, kw_only=True):
    """A policy without unused permissions."""

    policy: str
    removed: list[Permission]
    narrowed: list[Narrowed]
    document: Any


class AuditedRole(_Form, kw_only=True):
    """The usage of one role in a trail."""

    role: str
    account: str
    source: str
    users: list[RoleUse]
    assumed: Times
    assumed_by_tasks: Times
    calls: Times
    regions: list[str]
    grants: list[AuditedGrant]
    refused: list[RefusedCall]
    further_refused: int
    wide: list[Permission]
    unread: list[str]
    tight: list[TightPolicy]


class Audit(_Form, kw_only=True):
    """`cfnroles audit`"""

    schema: Literal[1]
    trail: Trail
    roles: list[AuditedRole]


class FleetFinding(_Form, kw_only=True):
    """A problem of a role or of what task definitions name, and the task definitions with it."""

    kind: str
    severity: _Severity
    subject: str
    what: str
    where: str
    count: int
    task_definitions: dict[str, list[int]]


class Fleet(_Form, kw_only=True):
    """`cfnroles fleet`"""

    schema: Literal[1]
    account: str
    region: str
    revisions: str
    begun: str
    resumed: bool
    task_definitions: int
    families: int
    roles: int
    findings: list[FleetFinding]
    permissions_that_would_tell_more: list[str]


class StackStatus(_Form, kw_only=True):
    """The status of one stack."""

    name: str
    status: str
    meaning: str
    reason: str
    updated: str | None
    termination_protection: bool


class Status(_Form, kw_only=True):
    """`cfnroles status`"""

    schema: Literal[1]
    stacks: list[StackStatus]


class StackInstance(_Form, kw_only=True):
    """The stack of a stack set in one account and Region."""

    account: str
    region: str
    status: str
    reason: str


class StackSetStatus(_Form, kw_only=True):
    """One stack set; ``stacks`` is null if it does not exist."""

    name: str
    stacks: list[StackInstance] | None


class StackSetsStatus(_Form, kw_only=True):
    """`cfnroles stack-sets status`"""

    schema: Literal[1]
    stack_sets: list[StackSetStatus]


class Outputs(_Form, kw_only=True):
    """`cfnroles outputs`: the outputs of each stack, by name."""

    schema: Literal[1]
    stacks: dict[str, dict[str, str]]


class Unasked(_Form, kw_only=True):
    """A reference that was not checked."""

    stack: str
    reference: str
    needed_by: Any
    why: str


class References(_Form, kw_only=True):
    """The result for secrets and parameters."""

    total: int
    usable: int
    not_checked: list[Unasked]
    warnings: list[str]


class ResourceChange(_Form, kw_only=True):
    """The change of one resource by CloudFormation."""

    action: str
    resource: str
    type: str
    replacement: Any
    properties: list[str]


class PermissionChange(_Form, kw_only=True):
    """A grant that a stack adds or removes."""

    role: str
    kind: str
    change: str
    widening: bool
    wildcard: bool
    effect: str
    action: str
    resource: str
    condition: str
    when: list[Guard]
    sid: str
    reasons: list[str]


class ParameterChange(_Form, kw_only=True):
    """The value of a parameter, before and after."""

    name: str
    before: str | None
    after: str | None


class Adopted(_Form, kw_only=True):
    """The contents of a stack that cfnroles did not create, and what it loses."""

    tags: dict[str, str]
    lost: list[str]


class PlannedStack(_Form, kw_only=True):
    """The plan for one stack."""

    name: str
    action: str
    status: str
    changes: list[ResourceChange]
    permissions: list[PermissionChange]
    redefined_conditions: list[str]
    parameters: list[ParameterChange]
    secrets: Any
    unchecked_secrets: list[str]
    adopted: Adopted | None
    notes: list[str]
    pending_change_sets: list[str]


class DeployPlan(_Form, kw_only=True):
    """`cfnroles deploy --plan`"""

    schema: Literal[1]
    account: str | None
    region: str
    caller: str | None
    emulator: str | None
    references: References
    stacks: list[PlannedStack]


#: The format of each output, by the command with ``--format json``.
FORMS: dict[str, type[_Form]] = {
    "audit": Audit,
    "check": Check,
    "deploy": DeployPlan,
    "diagnose": Diagnose,
    "diff": Diff,
    "explain": Explain,
    "fleet": Fleet,
    "lint": Lint,
    "outputs": Outputs,
    "stack-sets-status": StackSetsStatus,
    "status": Status,
    "verify": Verify,
}


def answer_schema(command: str) -> str:
    """Return the JSON Schema of a command's output with ``--format json``. Raise InvalidInput if it has none."""
    form = FORMS.get(command)
    if form is None:
        near = meant(command, FORMS)
        remedy = f"Did you mean {near}?" if near else f"These have one: {', '.join(FORMS)}."
        raise InvalidInput(f"no schema is published for the command {command}", remedy=remedy)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cfnroles:{command}:1",
    }
    return json.dumps({**head, **_open(msgspec.json.schema(form))}, indent=2) + "\n"


def _open(schema: Any) -> Any:
    """Return the schema for readers, who accept unknown members."""
    if isinstance(schema, dict):
        return {key: _open(value) for key, value in schema.items() if (key, value) != ("additionalProperties", False)}
    return [_open(each) for each in schema] if isinstance(schema, list) else schema
