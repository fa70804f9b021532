"""The log groups of a service, created before its tasks write to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from troposphere import Equals, If, Not, NoValue, Parameter, Ref, Tags, Template, logs

from cfnroles.options import LogGroupOptions
from cfnroles.targets.cloudformation.parameters import log_key, project_name, switch
from cfnroles.targets.cloudformation.stack_template import StackTemplate
from cfnroles.targets.cloudformation.values import value
from cfnroles.text import Text

#: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def log_groups_template(
    project: str,
    service: str,
    names: Sequence[Text],
    options: LogGroupOptions,
    placeholders: Iterable[Parameter] = (),
) -> Template:
    """Return the template with one log group for each name; a parameter excludes one that already exists.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
    """
    template = StackTemplate(Description=f"Log groups of the ECS service {service}.")
    template.set_version("2010-09-09")
    retention = _retention(options.retention_days)
    for parameter in (project_name(project), *placeholders, retention, log_key(options.kms_key, "the log groups")):
        template.add_parameter(parameter)
    template.add_condition("HasRetention", Not(Equals(Ref("RetentionInDays"), "0")))
    template.add_condition("HasLogKmsKeyArn", Not(Equals(Ref("LogKmsKeyArn"), "")))
    for logical_id, name in _logical_ids(names).items():
        create = f"Create{logical_id}"
        template.add_parameter(
            switch(
                create, "enabled", f"Whether {name} is created; disable this if it already exists and stays unchanged."
            )
        )
        template.add_condition(f"Has{create}", Equals(Ref(create), "enabled"))
        template.add_resource(_log_group(logical_id, name, service, options))
    return template


@lru_cache(maxsize=64)  # the same for most services
def _retention(days: int) -> Parameter:
    return Parameter(
        "RetentionInDays",
        Type="Number",
        Default=days,
        AllowedValues=[0, *RETENTION],
        Description="Retention in days; 0 keeps events forever.",
    )


def _log_group(logical_id: str, name: Text, service: str, options: LogGroupOptions) -> logs.LogGroup:
    # A log group left by a rolled-back creation would prevent the next creation.
    deletion, replacement = ("RetainExceptOnCreate", "Retain") if options.keep else ("Delete", "Delete")
    return logs.LogGroup(
        logical_id,
        Condition=f"HasCreate{logical_id}",
        DeletionPolicy=deletion,
        UpdateReplacePolicy=replacement,
        LogGroupName=value(name),
        RetentionInDays=If("HasRetention", Ref("RetentionInDays"), NoValue),
        KmsKeyId=If("HasLogKmsKeyArn", Ref("LogKmsKeyArn"), NoValue),
        Tags=Tags(**{"cfnroles:project": Ref("ProjectName"), "cfnroles:service": service}, **options.tags),
    )


def _logical_ids(names: Sequence[Text]) -> dict[str, Text]:
    named: dict[str, Text] = {}
    for name in names:
        words = re.findall(r"[A-Za-z0-9]+", name)
        base = "".join(word[0].upper() + word[1:] for word in words)[:200] + "LogGroup"
        logical_id, number = base, 2
        while logical_id in named:
            logical_id, number = f"{base}{number}", number + 1
        named[logical_id] = name
    return named
