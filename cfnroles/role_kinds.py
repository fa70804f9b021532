"""The kinds of roles that are built: one row each, and everything that is particular to a kind stands in its row."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.need import Holder
from cfnroles.symbols import Attribute
from cfnroles.text import ACCOUNT, ANYTHING, EMPTY, PARTITION, REGION, Text


class AssumedBy(Struct, frozen=True):
    """The service that assumes a role, ``who`` to people, and what it says of itself by ``source``, the page of AWS.

    ``source_arn`` is what it sends as ``aws:SourceArn``, empty where the trust policy asks for neither that nor
    ``aws:SourceAccount``. ``switch`` and ``source_arn_switch`` are the parameters of the template that must be enabled
    for the trust policy to ask for any of it, and for the ARN.
    """

    service: str
    source: str
    who: str = "ECS"
    source_arn: Text = EMPTY
    switch: str = ""
    source_arn_switch: str = ""


class RoleKind(Struct, frozen=True):
    """One kind of role of a service.

    ``name`` is the role's in templates, as the logical id and in names of parameters and exports; ``key`` that in a
    spec, ``option`` that of the command line. ``used_by`` says who uses it for what. A role that is not ``always``
    there is built where something needs it, and is exported for whoever is given its ARN. ``profile`` is the name of
    the instance profile that holds the role, and is exported in its place, if one does.
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
        """The name under which its ARN is exported, or that of its profile, in the spelling of ``Fn::Sub``."""
        return f"${{ProjectName}}-ECS{self.export or self.profile or self.name}Arn"

    @property
    def option_name(self) -> str:
        """The option of the command line that names such a role: ``--task-role``."""
        return f"--{self.option or self.key}"

    @property
    def arn(self) -> Text:
        """The ARN of the role that is built, in the template of the roles."""
        return Text(Attribute(f"{self.name}.Arn", type="AWS::IAM::Role"))


_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"


def _here(service: str, *resource: str) -> Text:
    """The ARNs of this account and Region that begin so."""
    return Text("arn:", PARTITION, f":{service}:", REGION, ":", ACCOUNT, ":", *resource, ANYTHING)


ROLE_KINDS = (
    RoleKind(
        Holder.EXECUTION,
        "ExecutionRole",
        "ECS uses this role to start the tasks",
        # AWS documents that ECS sends aws:SourceArn for the task role and is silent about the execution role.
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
        # The whole account's ECS, since ECS sends no cluster and no task in aws:SourceArn.
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
        # AWS calls it an infrastructure role of ECS: what assumes these is ECS.
        AssumedBy("ecs.amazonaws.com", f"{_GUIDE}/infrastructure_IAM_role.html"),
    ),
    RoleKind(
        Holder.SCHEDULER,
        "SchedulerRole",
        "EventBridge Scheduler uses this role to run the tasks",
        # A schedule's own ARN is never sent, only that of its group.
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
    """The row of a role that a service has; raises KeyError for that of the validator, which a project has."""
    return _BY_HOLDER[holder]
