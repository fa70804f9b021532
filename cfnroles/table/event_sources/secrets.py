"""What CloudTrail records of secrets, parameters and keys."""

from __future__ import annotations

from cfnroles.table.event_source import EventSource, NamedResource

_PARAMETER = "arn:{partition}:ssm:{region}:{account}:parameter/{path}"
_SECRET = "arn:{partition}:secretsmanager:{region}:{account}:secret:{value}"  # noqa: S105 - a name

SOURCES = (
    EventSource(
        service="secretsmanager",
        hosts=("secretsmanager.amazonaws.com",),
        # For each secret of a batch there is also an event of GetSecretValue.
        page="https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html",
        model="secretsmanager",
        unbound=("BatchGetSecretValue", "GetRandomPassword", "ListSecrets"),
        # The caller's text: a whole ARN, one without its last six characters, or a name.
        named=(NamedResource("secretId", (f"{_SECRET}-??????",)), NamedResource("name", (f"{_SECRET}-??????",))),
    ),
    EventSource(
        service="ssm",
        hosts=("ssm.amazonaws.com",),
        page="https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-cloudtrail-logs.html",
        model="ssm",
        # Permissions of the agent and the console, which no operation of the API has.
        never=(
            "DescribeDocumentParameters",
            "ExecuteAPI",
            "GetCalendar",
            "GetManifest",
            "ListInstanceAssociations",
            "PutCalendar",
            "PutConfigurePackageResult",
            "RegisterManagedInstance",
            "RequestManagedInstanceRoleToken",
            "UpdateInstanceAssociationStatus",
            "UpdateInstanceInformation",
            "UpdateManagedInstancePublicKey",
        ),
        unbound=("DescribeParameters",),
        named=(
            NamedResource("names", (_PARAMETER,)),
            NamedResource("path", (_PARAMETER, f"{_PARAMETER}/*")),
            NamedResource("name", (_PARAMETER, "arn:{partition}:ssm:{region}:{account}:document/{path}")),
        ),
    ),
    EventSource(
        service="kms",
        hosts=("kms.amazonaws.com",),
        page="https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html",
        model="kms",
        never=("SynchronizeMultiRegionKey",),
        renamed={"ReEncrypt": ("ReEncryptFrom", "ReEncryptTo")},
        unbound=("GenerateRandom", "ListAliases", "ListKeys"),
        listed=True,
        excluded=True,
    ),
)
