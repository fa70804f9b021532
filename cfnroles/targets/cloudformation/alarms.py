"""Alarms for denied calls by the roles of a project, from the events that CloudTrail writes to a log group."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from troposphere import (
    Equals,
    If,
    ImportValue,
    Not,
    NoValue,
    Output,
    Parameter,
    Ref,
    Sub,
    Template,
    cloudwatch,
    logs,
    sns,
)

from cfnroles.errors import InvalidInput
from cfnroles.need import Holder
from cfnroles.targets.cloudformation.parameters import project_name
from cfnroles.targets.cloudformation.stack_template import StackTemplate
from cfnroles.targets.cloudformation.values import value
from cfnroles.text import from_spelling

#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
_MOST_FILTERS = 100
#: The number of roles that fit into a pattern of 1,024 characters.
#: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
_MOST_ROLES = 3
_PERIOD = 300

#: What CloudTrail writes if IAM denied a call: the first for most services, the second for Amazon EC2.
#: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html
_REFUSED = '($.errorCode = "AccessDenied*" || $.errorCode = "*UnauthorizedOperation")'


class AlarmOptions(Struct, frozen=True):
    """The source of the alarms, and where they are sent."""

    trail_log_group: str
    email: str = ""
    topic: str = ""
    threshold: int = 1


def alarms_template(project: str, services: Mapping[str, Mapping[Holder, str]], options: AlarmOptions) -> Template:
    """Return the template. ``services`` are the exports of each service's roles, in the spelling of ``Fn::Sub``.

    The caller of a denied call is the role's session, and the role itself is the issuer of that session. A principal
    that cannot assume a role shows in the AssumeRole call. Raise InvalidInput for more services than a log group
    accepts.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """
    filters = sum(2 * len(_groups(exports)) for exports in services.values())
    if filters > _MOST_FILTERS:
        raise InvalidInput(
            f"alarms of {len(services)} services would take {filters} metric filters",
            why=f"The maximum for a log group is {_MOST_FILTERS}.",
            remedy="Split the project, or remove the alarms.",
        )
    template = StackTemplate(Description=f"Alarms for denied calls of the roles of {project}.")
    template.set_version("2010-09-09")
    _add_parameters(template, project, options)
    template.add_condition("HasTopicArn", Not(Equals(Ref("TopicArn"), "")))
    template.add_condition("MakesTopic", Equals(Ref("TopicArn"), ""))
    template.add_condition("HasEmail", Not(Equals(Ref("Email"), "")))
    _add_topic(template)
    for service, exports in services.items():
        _add_service(template, service, exports)
    template.add_resource(_dashboard(project, list(services)))
    template.add_output(
        Output(
            "TopicArn",
            Description="ARN of the topic for the alarms.",
            Value=If("HasTopicArn", Ref("TopicArn"), Ref("Topic")),
        )
    )
    return template


def _add_parameters(template: Template, project: str, options: AlarmOptions) -> None:
    template.add_parameter(project_name(project))
    for name, default, description in (
        ("TrailLogGroupName", options.trail_log_group, "Log group to which CloudTrail delivers management events."),
        ("TopicArn", options.topic, "Existing SNS topic for the alarms; empty to create one."),
        ("Email", options.email, "Email address to subscribe to the new topic; empty for none."),
    ):
        template.add_parameter(Parameter(name, Type="String", Default=default, Description=description))
    template.add_parameter(
        Parameter(
            "Threshold",
            Type="Number",
            Default=options.threshold,
            MinValue=1,
            Description="Denied calls within five minutes that raise the alarm.",
        )
    )


def _add_topic(template: Template) -> None:
    template.add_resource(
        sns.Topic(
            "Topic",
            Condition="MakesTopic",
            DisplayName=Sub("Denied calls of ${ProjectName}"),
            Subscription=If("HasEmail", [sns.Subscription(Protocol="email", Endpoint=Ref("Email"))], NoValue),
        )
    )
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    statement = {
        "Sid": "PublishAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": Ref("Topic"),
        "Condition": {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}},
    }
    template.add_resource(
        sns.TopicPolicy(
            "TopicPolicy",
            Condition="MakesTopic",
            Topics=[Ref("Topic")],
            PolicyDocument={"Version": "2012-10-17", "Statement": [statement]},
        )
    )


def _add_service(template: Template, service: str, exports: Mapping[Holder, str]) -> None:
    base = "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", service))
    for kind, what, pattern in (
        ("AccessDenied", "Denied calls of the roles", _calls),
        ("AssumeRoleFailed", "Failed attempts to assume the roles", _attempts),
    ):
        metric = f"{kind}-{service}"
        for number, roles in enumerate(_groups(exports), 1):
            name = f"{base}{kind}Filter{number if number > 1 else ''}"
            template.add_resource(_filter(name, Sub(pattern(roles), roles), metric))
        described = f"{what} of the ECS service {service}; the CloudTrail log group has the events."
        template.add_resource(_alarm(f"{base}{kind}Alarm", described, metric))


def _groups(exports: Mapping[Holder, str]) -> list[dict[str, Any]]:
    """Return the names of the roles in patterns, each with its ARN, with as many as fit in each pattern."""
    roles = [
        (re.sub(r"\W", "", holder.title()), ImportValue(value(from_spelling(export))))
        for holder, export in exports.items()
    ]
    return [dict(roles[at : at + _MOST_ROLES]) for at in range(0, len(roles), _MOST_ROLES)]


def _calls(roles: Iterable[str]) -> str:
    callers = " || ".join(f'$.userIdentity.sessionContext.sessionIssuer.arn = "${{{role}}}"' for role in roles)
    return f"{{ {_REFUSED} && ({callers}) }}"


def _attempts(roles: Iterable[str]) -> str:
    asked = " || ".join(
        f'$.requestParameters.roleArn = "${{{role}}}" || $.errorMessage = "*${{{role}}}"' for role in roles
    )
    assume = '$.eventSource = "sts.amazonaws.com" && $.eventName = "AssumeRole"'
    return f"{{ {assume} && {_REFUSED} && ({asked}) }}"


def _filter(logical_id: str, pattern: Sub, metric: str) -> logs.MetricFilter:
    return logs.MetricFilter(
        logical_id,
        LogGroupName=Ref("TrailLogGroupName"),
        FilterPattern=pattern,
        MetricTransformations=[
            logs.MetricTransformation(
                MetricNamespace=Sub("cfnroles/${ProjectName}"),
                MetricName=metric,
                MetricValue="1",
                DefaultValue=0,
            )
        ],
    )


def _alarm(logical_id: str, description: str, metric: str) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        logical_id,
        AlarmDescription=description,
        Namespace=Sub("cfnroles/${ProjectName}"),
        MetricName=metric,
        Statistic="Sum",
        Period=_PERIOD,
        EvaluationPeriods=1,
        Threshold=Ref("Threshold"),
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[If("HasTopicArn", Ref("TopicArn"), Ref("Topic"))],
    )


def _dashboard(project: str, services: Sequence[str]) -> cloudwatch.Dashboard:
    widgets: list[dict[str, Any]] = [
        {
            "type": "metric",
            "x": 12 * column,
            "y": 0,
            "width": 12,
            "height": 8,
            "properties": {
                "title": title,
                "region": "${AWS::Region}",
                "stat": "Sum",
                "period": _PERIOD,
                "metrics": [["cfnroles/${ProjectName}", f"{kind}-{service}"] for service in services],
            },
        }
        for column, (kind, title) in enumerate(
            (("AccessDenied", "Denied calls of the roles"), ("AssumeRoleFailed", "Roles that could not be assumed"))
        )
    ]
    return cloudwatch.Dashboard(
        "Dashboard",
        DashboardName=Sub("${ProjectName}-roles-${AWS::Region}"),
        DashboardBody=Sub(json.dumps({"widgets": widgets}, indent=2)),
    )
