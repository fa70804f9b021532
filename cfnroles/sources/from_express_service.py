"""An Express Mode service as a source."""

from __future__ import annotations

from collections.abc import Mapping

from cfnroles.document import Document
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.told import Told

NOUN = "an Express Mode service"
SIGNS = ("primaryContainer", "infrastructureRoleArn", "serviceArn", "InfrastructureRoleArn", "activeConfigurations")
TAKES = frozenset(
    {
        *("family", "values", "images", "account", "region", "kms_key_arns", "log_group_key_arns"),
        *("pull_through_prefixes", "guard_duty", "compat"),
    }
)


def recognises(document: Document) -> bool:
    """Return whether it is input for an Express Mode service, in any case, or ECS's description of one.

    A capacity provider and a gateway also have an infrastructure role, but no container.
    """
    members, answered = document.members, document.members.get("service")
    if isinstance(answered, Mapping):
        return not {"activeConfigurations", "targetConfiguration"}.isdisjoint(answered)
    if isinstance(members.get("primaryContainer"), Mapping):
        return True
    if {"infrastructureRoleArn", "serviceArn"} & members.keys():
        return not {"primaryContainer", "taskDefinitionArn"}.isdisjoint(members)
    return "InfrastructureRoleArn" in members and not {"PrimaryContainer", "TaskDefinitionArn"}.isdisjoint(members)


def read(document: Document, told: Told) -> Reading:
    """Return the service, with the given account setting."""
    from cfnroles.sources.express_service import read_express_service
    from cfnroles.sources.settings import with_settings
    from cfnroles.sources.task_definition import home
    from cfnroles.sources.task_definition_checks import discover
    from cfnroles.sources.told_facts import told_facts

    told.refuse_others(TAKES, f"{document.name} is {NOUN}")
    workload = read_express_service(document, told)
    facts = told_facts(told, home(workload, told.account, told.region, told.kms_key_arns))
    workload = with_settings(workload, None, told)
    return Reading((document,), NOUN, told, (Task(workload.family, workload, facts, discover(workload, facts)),))
