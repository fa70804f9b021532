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

Each row says what ECS does when a field is set, and which permissions that needs. The resources are those of the row's
example, in account 123456789012 and us-east-1.

| the field begins with | where it comes from |
|---|---|
| `service`, `cluster`, `account` | `--service-file FILE`, or the option for the same purpose |
| `runTask` | `--run-task-file FILE` |
| `runBy`, `gateway` | a [service spec](spec.md) |
| `capacityProvider` | a [service spec](spec.md), a [template](templates.md) or [Terraform](terraform.md) |
| anything else | the task definition |

*Standing* says how certain a permission is: *documented* by AWS or by the authors of the log router; *seen in AWS's
managed policy* for the same purpose; *seen in the agent's source*; *derived* from how AWS works in similar cases; or
*unproven*, with the open question. `cfnroles explain` shows the standing if it is not *documented*.

## Roles

- **Execution role**: ECS and its agent use it. cfnroles always writes one, and the task definition that it writes names
  it. On EC2, without an execution role, the agent pulls from ECR and writes to CloudWatch Logs with the role of the
  container instance; secrets, environment files, credential specs and registry credentials always need the execution
  role ([AWS](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html)). With the
  execution role, you can remove these permissions from the instance role of EC2 and of ECS Anywhere.
- **Task role**: the application and its sidecar containers use it. A task definition does not say what the application
  does; list that in a [service spec](spec.md).
- **Infrastructure role**: ECS uses it to manage resources of a service's tasks. cfnroles writes it if a row needs it.
- **Infrastructure role of an Express Mode service**: ECS uses it to create the load balancer, security groups,
  certificate, scaling, alarms and log group. It is narrower than AWS's managed policy: the account and Region, the
  log group and the security groups that the service names, two service-linked roles, and for each action the resources
  that AWS's reference lists. Conditions on tags, and actions that only describe, are as in AWS's policy. cfnroles reads
  the container as the task definition that ECS creates from it.
- **Lifecycle hook role**: ECS uses it to invoke the functions of a service's lifecycle hooks. cfnroles writes it if the
  service has a hook.
- **Managed instances role** and **instance role**: ECS launches the instances of a capacity provider with the first,
  and the ECS agent on them uses the second. cfnroles writes them if a spec names a `capacity-provider` of Managed
  Instances, and for each one in a template or in Terraform. A capacity provider of an Auto Scaling group has no role:
  ECS scales the group with its service-linked role. The two roles are narrower than AWS's managed policies: the account
  and Region, the subnets, security groups and cluster of the capacity provider, and the one role that is passed. Spot
  and Capacity Reservations add permissions only if the capacity provider uses them. Conditions on tags, images, and
  actions that only describe, are as in AWS's policies.
- **Gateway role**: ECS uses it to create the load balancers of a gateway. cfnroles writes it if a spec names a
  `gateway`. AWS calls it an infrastructure role; its pages show the trust policy of infrastructure roles, but none
  for a gateway. The role is narrower than AWS's managed policy: the account and Region, the resources of each action,
  and the web ACL that the gateway names, if any.
- **Scheduler role**, **event rule role**, **state machine role** and **pipe role**: EventBridge Scheduler, EventBridge,
  Step Functions and EventBridge Pipes use them to run the task. cfnroles writes each one if the spec says that this
  service runs the task. The trust policy requires `aws:SourceAccount` and `aws:SourceArn`, as AWS's pages about these
  services do: a schedule group, a rule, a state machine or a pipe in the same account and Region.
"""

_FIELDLESS_HEAD = """
## Fields that cost nothing

A field includes everything below it, except names of roles, keys, secrets and other resources: each of these has its
own row or line. `runTask`, `taskSet`, `capacityProvider`, `daemon`, `expressGatewayService` and `gateway` are the
inputs of the operations with these names.

| field | why it costs nothing |
| --- | --- |
"""

_INSTEAD_HEAD = """
## Fields that replace others

These fields replace a field of the task definition when a task runs or a daemon starts. Pass them with `--run-task-file
FILE` or `--service-file FILE`, or write them in a spec under `run-task` or `service`. The roles get the permissions of
both: the original field and its replacement. An Express Mode service has these fields for the task definition that ECS
creates from it.

| field | replaces, with the same permissions |
| --- | --- |
"""

_OPERATIONS_HEAD = """
## Operations that need no role

Operations that delete, describe, list or stop something need no role. Neither do these:

| operation | why |
| --- | --- |
"""


def feature_table(features: Iterable[Feature] = FEATURES) -> str:
    """Return the page: one section for each feature in the order of the table, and features without a row."""
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
        yield f"- with: `{field}` is `{_text(value)}`"


def _cost(feature: Feature) -> Iterator[str]:
    discovery = discover(example_workload(feature), FACTS, (feature,))
    if feature.is_free:
        yield "It needs no permission."
        return
    for gap in discovery.gaps:
        yield f"Its permissions are unknown: {gap.what}. {gap.remedy}."
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
