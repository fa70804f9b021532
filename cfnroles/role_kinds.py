"""The kinds of roles that are built. One row has everything that is particular to a kind."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.need import Holder
from cfnroles.symbols import Attribute
from cfnroles.text import ACCOUNT, ANYTHING, EMPTY, PARTITION, REGION, Text


class AssumedBy(Struct, frozen=True):
    """The service that assumes a role, its name ``who`` in messages, and what it sends according to ``source``, AWS's
    page.

    ``source_arn`` is the value of ``aws:SourceArn``; empty if the trust policy requires neither that nor
    ``aws:SourceAccount``. ``switch`` and ``source_arn_switch`` are the template parameters that enable these
    conditions, and the condition on the ARN.
    """

    service: str
    source: str
    who: str = "ECS"
    source_arn: Text = EMPTY
    switch: str = ""
    source_arn_switch: str = ""


class RoleKind(Struct, frozen=True):
    """One kind of role of a service.

    ``name`` is the logical ID of the role and part of the names of its parameters and exports, ``key`` its key in a
    spec, ``option`` its command-line option. ``used_by`` says what uses it for what. A role that is not ``always``
    built is built if something needs it, and its ARN is exported. ``profile`` is the name of the instance profile of
    the role, if it has one; that is exported instead.
    """

    holder: Holder
    name: str
    used_by: str
    assumed_by: AssumedBy
    export: str = ""
    option: str = ""
    always: bool = False
    profile: str = ""

    @property
    def key(self) -> str:
        """The key of its options in a spec: ``task-role``."""
        return self.holder.replace(" ", "-")

    @property
    def export_name(self) -> str:
        """The name of the export of its ARN, or of its instance profile, in the spelling of ``Fn::Sub``."""
        return f"${{ProjectName}}-ECS{self.export or self.profile or self.name}Arn"

    @property
    def option_name(self) -> str:
        """The command-line option for such a role: ``--task-role``."""
        return f"--{self.option or self.key}"

    @property
    def arn(self) -> Text:
        """The ARN of the role that is built, in the template of the roles."""
        return Text(Attribute(f"{self.name}.Arn", type="AWS::IAM::Role"))


_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"


def _here(service: str, *resource: str) -> Text:
    """Return a pattern for the ARNs of a service in this account and Region."""
    return Text("arn:", PARTITION, f":{service}:", REGION, ":", ACCOUNT, ":", *resource, ANYTHING)


ROLE_KINDS = (
    RoleKind(
        Holder.EXECUTION,
        "ExecutionRole",
        "ECS uses this role to start the tasks",
        # AWS documents that ECS sends aws:SourceArn for the task role, and says nothing about the execution role.
        AssumedBy(
            "ecs-tasks.amazonaws.com",
            f"{_GUIDE}/task_execution_IAM_role.html",
            source_arn=_here("ecs"),
            switch="TrustConditions",
            source_arn_switch="ExecutionRoleSourceArn",
        ),
        export="TaskExecutionRole",
        option="role",
        always=True,
    ),
    RoleKind(
        Holder.TASK,
        "TaskRole",
        "The application uses this role in the tasks",
        # All of ECS in the account, because aws:SourceArn contains neither cluster nor task.
        AssumedBy(
            "ecs-tasks.amazonaws.com",
            f"{_GUIDE}/task-iam-roles.html",
            source_arn=_here("ecs"),
            switch="TrustConditions",
        ),
        always=True,
    ),
    RoleKind(
        Holder.INFRASTRUCTURE,
        "InfrastructureRole",
        "ECS uses this role to manage resources of the service's tasks",
        AssumedBy("ecs.amazonaws.com", f"{_GUIDE}/infrastructure_IAM_role.html"),
    ),
    RoleKind(
        Holder.LIFECYCLE_HOOK,
        "LifecycleHookRole",
        "ECS uses this role to invoke lifecycle hook functions",
        AssumedBy("ecs.amazonaws.com", f"{_GUIDE}/blue-green-permissions.html"),
    ),
    RoleKind(
        Holder.MANAGED_INSTANCES,
        "ManagedInstancesRole",
        "ECS uses this role to launch managed instances for the tasks",
        AssumedBy("ecs.amazonaws.com", f"{_GUIDE}/infrastructure_IAM_role.html"),
    ),
    RoleKind(
        Holder.INSTANCE,
        "InstanceRole",
        "The ECS agent uses this role on managed instances for the tasks",
        AssumedBy(
            "ec2.amazonaws.com", f"{_GUIDE}/managed-instances-instance-profile.html", "the ECS agent on an instance"
        ),
        profile="InstanceProfile",
    ),
    RoleKind(
        Holder.GATEWAY,
        "GatewayRole",
        "ECS uses this role to manage the load balancers of a gateway",
        # AWS calls it an infrastructure role of ECS: ECS itself assumes these.
        AssumedBy("ecs.amazonaws.com", f"{_GUIDE}/infrastructure_IAM_role.html"),
    ),
    RoleKind(
        Holder.SCHEDULER,
        "SchedulerRole",
        "EventBridge Scheduler uses this role to run the tasks",
        # EventBridge Scheduler sends the ARN of the schedule group, never that of a schedule.
        AssumedBy(
            "scheduler.amazonaws.com",
            "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
            "EventBridge Scheduler",
            _here("scheduler", "schedule-group/"),
        ),
    ),
    RoleKind(
        Holder.EVENT_RULE,
        "EventRuleRole",
        "EventBridge uses this role to run the tasks",
        AssumedBy(
            "events.amazonaws.com",
            "https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
            "EventBridge",
            _here("events", "rule/"),
        ),
    ),
    RoleKind(
        Holder.STATE_MACHINE,
        "StateMachineRole",
        "Step Functions uses this role to run the tasks",
        AssumedBy(
            "states.amazonaws.com",
            "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
            "Step Functions",
            _here("states", "stateMachine:"),
        ),
    ),
    RoleKind(
        Holder.PIPE,
        "PipeRole",
        "EventBridge Pipes uses this role to run the tasks",
        AssumedBy(
            "pipes.amazonaws.com",
            "https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
            "EventBridge Pipes",
            _here("pipes", "pipe/"),
        ),
    ),
)

_BY_HOLDER = {kind.holder: kind for kind in ROLE_KINDS}


def kind_of(holder: Holder) -> RoleKind:
    """Return the row of a service's role. Raise KeyError for the validator's role, which belongs to a project."""
    return _BY_HOLDER[holder]
