"""Grants to call APIs, other roles, and ECS itself."""

from __future__ import annotations

from awacs import ecs, execute_api, ses, sts

from cfnroles.need import Standing
from cfnroles.table.feature import Found
from cfnroles.table.references import parse_arn
from cfnroles.table.words.resources import API, IDENTITY, ROLE, TASKS, is_import
from cfnroles.table.words.row import Access, Row, option
from cfnroles.text import ANYTHING, Text


def methods(arn: Text, found: Found) -> Text:
    """The named method, or all methods of the stage."""
    whole = is_import(arn) or len(parse_arn(arn).resource.cut("/")) > 2
    return arn if whole else Text(arn, "/", ANYTHING)


def tasks(arn: Text, found: Found) -> Text:
    """The tasks of a cluster, whose IDs are unknown until they start."""
    return Text(arn, "/", ANYTHING)


def configuration_sets(arn: Text, found: Found) -> tuple[Text, ...]:
    """The configuration sets for sending mail, of the home account and Region.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_sesv2.html
    """
    return tuple(
        found.facts.home_arn("ses", "configuration-set/", str(name)) for name in option(found, "configuration-set")
    )


_SEND = (ses.SendEmail, ses.SendRawEmail)

ROWS = (
    Row(
        "assume-role",
        "assumes another role, if that role trusts it",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_permissions-to-switch.html",
        Standing.DOCUMENTED,
        "arn:aws:iam::210987654321:role/orders-reader",
        (Access((sts.AssumeRole,)),),
        ROLE,
    ),
    Row(
        "api-invoke",
        "calls an API Gateway API with IAM authorization",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.htm"
        "l",
        Standing.DOCUMENTED,
        "a1b2c3d4e5/prod",
        (Access((execute_api.Invoke,), methods),),
        API,
    ),
    Row(
        "ses-send",
        "sends email from a domain or an address",
        "https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html",
        Standing.DOCUMENTED,
        "shop.example",
        (Access(_SEND), Access(_SEND, configuration_sets)),
        IDENTITY,
        ("configuration-set",),
    ),
    Row(
        "task-protection",
        "protects its own task from scale-in, and reads that protection",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html",
        Standing.DOCUMENTED,
        "shop",
        (Access((ecs.GetTaskProtection, ecs.UpdateTaskProtection), tasks),),
        TASKS,
    ),
)
