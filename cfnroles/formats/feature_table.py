"""The feature table as a page of the documentation: ``python -m cfnroles.formats.feature_table docs/features.md``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cfnroles.discovery import discover
from cfnroles.statements import compose
from cfnroles.table.ecs import FEATURES
from cfnroles.table.ecs.fieldless import COSTLESS, COSTLESS_OPERATIONS, INSTEAD
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.table.feature import Feature

_HEAD = """\
# Features

<!-- Written by `python -m cfnroles.formats.feature_table docs/features.md` from the table in cfnroles/table/ecs. -->

Each row says what ECS does when a field is set, and what that costs. A field that begins with `service`, `cluster` or
`account` is not part of a task definition: it comes from `--service-file FILE` or from the option of the same purpose.
One that begins with `runTask` comes from `--run-task-file FILE`, and one that begins with `runBy` or `capacityProvider`
is what a [service spec](spec.md) says. The resources are those of the row's example, for the account 123456789012 in
us-east-1.

*Standing* is by whose word a permission is needed: *documented* by AWS or by the authors of the log router; *seen in
AWS's managed policy* for the same purpose; *seen in the agent's source*; *derived* from how AWS works elsewhere; or
*unproven*, with what nobody has shown. `cfnroles explain` tells it wherever it is not the first.

Who holds what:

- The **execution role** is used by ECS itself and by its agent. cfnroles always makes one. On EC2 a task definition
  without an execution role lets the agent pull from ECR and write to CloudWatch Logs as the container instance;
  secrets, environment files, credential specs and registry credentials need the execution role everywhere
  ([AWS](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html)). The task that
  cfnroles writes always names the role, so these permissions can go from the instance role of EC2 and of ECS Anywhere.
- The **task role** is used by the application and by the containers beside it. What the application itself does is not
  in a task definition.
- The **infrastructure role** is used by ECS to manage what a service's tasks use. It is made where a row needs it.
- The **lifecycle hook role** is used by ECS to invoke the functions of a service's lifecycle hooks. It is made where
  the service has one.
- The **managed instances role** is used by ECS to launch the instances of a capacity provider, and the **instance
  role** by the ECS agent on them. They are made where a spec names a `capacity-provider` of Managed Instances. Against
  AWS's managed policies they are narrowed to the account and Region, to the subnets, security groups and cluster that
  the capacity provider names, and to the very role that is passed; Spot and capacity reservations cost something only
  where they are used. Conditions on tags, images and what is only described are as AWS wrote them.
- The **infrastructure role** of an **Express Mode** service makes its load balancer, security groups, certificate,
  scaling, alarms and log group. Against AWS's managed policy it is narrowed to the account and Region, to the log group
  and to the security groups that the service names, to two service-linked roles, and for each action to the resources
  that AWS's reference has for it. Conditions on tags and what is only described are as AWS wrote them. The container is
  read as the task definition that ECS makes of it.
- The **gateway role** is used by ECS to make the load balancers of a gateway. It is made where a spec names a
  `gateway`. AWS calls it an infrastructure role, whose trust policy it shows; no page shows that of a gateway. Against
  AWS's managed policy it is narrowed to the account and Region, to the resources that each action takes, and to the web
  ACL that the gateway names, if it does.
- The **scheduler role**, the **event rule role** and the **state machine role** are used by EventBridge Scheduler, by
  EventBridge and by Step Functions to run the task. Each is made where the spec says that they run it. Its trust policy
  asks for `aws:SourceAccount` and `aws:SourceArn`, as AWS's pages about these services do: a schedule group, a rule
  or a state machine of the same account and Region.
"""

_FIELDLESS_HEAD = """
## Fields that cost nothing

A field stands for everything below it, but for what is named like a role, a key, a secret or another resource: that has
a row, or a line of its own. `runTask`, `taskSet`, `capacityProvider`, `daemon`, `expressGatewayService` and `gateway`
are what the operations of these names take.

| field | why it costs nothing |
| --- | --- |
"""

_INSTEAD_HEAD = """
## Fields that come into the place of others

`--run-task-file FILE` says them of a run, and `--service-file FILE` of a daemon; in a spec, `run-task` and `service`.
A task definition needs what it says itself, and what it says as it is run. An Express Mode service says them of the
task definition that ECS makes of it.

| field | in the place of, and at the cost of |
| --- | --- |
"""

_OPERATIONS_HEAD = """
## Operations that ask nothing of a role

What deletes, describes, lists or stops something gives ECS nothing to do later. The others that ask nothing of a role:

| operation | why |
| --- | --- |
"""


def feature_table(features: Iterable[Feature] = FEATURES) -> str:
    """The page: one section for each feature, in the order of the table, and what needs no row, or has none yet."""
    sections = "".join(f"\n{section}" for section in map(_section, features))
    others = {field: f"`{other}`" for field, other in INSTEAD.items()}
    reasons = (
        (_FIELDLESS_HEAD, COSTLESS),
        (_INSTEAD_HEAD, others),
        (_OPERATIONS_HEAD, COSTLESS_OPERATIONS),
    )
    return f"{_HEAD}{sections}" + "".join(f"{head}{_reasons(told)}" for head, told in reasons)


def _reasons(reasons: Mapping[str, str]) -> str:
    return "".join(f"| `{name}` | {reason} |\n" for name, reason in reasons.items())


def _section(feature: Feature) -> str:
    return "\n".join(
        (
            f"## {feature.name}",
            "",
            f"- field: `{feature.field}`",
            f"- role: {feature.holder}",
            f"- why: {feature.why}",
            f"- source: <{feature.source}>",
            f"- standing: {feature.standing}",
            f"- example: `{_text(feature.example)}`",
            *_beside(feature),
            "",
            *_cost(feature),
            "",
        )
    )


def _beside(feature: Feature) -> Iterator[str]:
    for field, value in feature.beside:
        yield f"- beside: `{field}` is `{_text(value)}`"


def _cost(feature: Feature) -> Iterator[str]:
    discovery = discover(example_workload(feature), FACTS, (feature,))
    if feature.is_free:
        yield "It costs no permission."
        return
    for gap in discovery.gaps:
        yield f"What it costs cannot be seen: {gap.what}. {gap.remedy}."
    if not feature.grants:
        for finding in discovery.findings:
            yield f"It is refused: {finding.what}. {finding.remedy}"
    if not discovery.needs:
        return
    yield "| actions | resource | condition | only with | standing |"
    yield "| --- | --- | --- | --- | --- |"
    for statement in compose(discovery.needs):
        conditions = "<br>".join(
            f"{condition.operator} `{condition.key}` `{' or '.join(condition.values)}`"
            for condition in statement.conditions
        )
        standings = {need.reason.told or str(need.reason.standing) for need in statement.needs}
        yield (
            f"| {'<br>'.join(f'`{action}`' for action in statement.actions)}"
            f" | {'<br>'.join(f'`{resource}`' for resource in statement.resources)}"
            f" | {conditions} | {', '.join(f'`{name}`' for name in statement.when)}"
            f" | {'<br>'.join(sorted(standings))} |"
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(feature_table(), encoding="utf-8")
