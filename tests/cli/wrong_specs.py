"""Sixty wrong specs: the change to a good one, the position of the error, and its message.

The JSON Schema also rejects a row whose ``schema`` is true.
"""

from __future__ import annotations

from typing import NamedTuple

GOOD = """\
project: shop
account: "123456789012"
region: us-east-1
services:
  web:
    task-definition: web.json
    task-role:
      grants:
        - sqs-send: orders
  worker:
    task-definition: worker.json
"""


class Wrong(NamedTuple):
    """One wrong spec: ``new`` in the place of ``old`` in the good one."""

    name: str
    old: str
    new: str
    place: str
    says: str
    schema: bool = True


_GRANT = "        - sqs-send: orders\n"
_ROLE = "    task-role:\n      grants:\n        - sqs-send: orders\n"
_WEB = "    task-definition: web.json\n"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def _role(*lines: str) -> str:
    return "    task-role:\n" + "".join(f"      {line}\n" for line in lines)


def _statement(*lines: str) -> str:
    first, *rest = lines
    return _role("statements:", f"  - {first}", *(f"    {line}" for line in rest))


WRONG = (
    # keys
    Wrong("unknown-key-of-the-spec", "region:", "regoin:", "3:1", "Did you mean 'region'?"),
    Wrong("unknown-key-of-a-service", _WEB, "    taskDefinition: web.json\n", "6:5", "Did you mean 'task-definition'?"),
    Wrong("unknown-key-of-a-role", _ROLE, _role("polices: [x]"), "8:7", "'polices' is not a key"),
    Wrong("unknown-grant", "sqs-send", "sqs-sned", "9:11", "Did you mean 'sqs-send'?"),
    Wrong("grant-by-another-word", "sqs-send", "sqs-publish", "9:11", "Did you mean 'sqs-send'?"),
    Wrong("verb-without-service", "sqs-send", "consume", "9:11", "Name the service: 'sqs-consume' or"),
    Wrong("grants-of-no-service", "sqs-send", "sqs-purge-all", "9:11", "Its service has 'sqs-send' and 'sqs-consume'."),
    Wrong("key-of-what-is-below", _WEB, _WEB + "    grants: []\n", "7:5", "Move it below 'task-role'"),
    Wrong(
        "grants-without-their-key",
        _ROLE,
        "    task-role: [{sqs-send: orders}]\n",
        "7:5",
        "Put the list under 'grants'.",
    ),
    Wrong("grant-without-a-word", "sqs-send: orders", "{prefix: x}", "9:11", "the entry names no grant"),
    Wrong(
        "two-words-in-one-grant",
        _GRANT,
        "        - {sqs-send: a, sqs-consume: a}\n",
        "9:25",
        "Write one entry for each",
    ),
    Wrong("option-without-its-word", _GRANT, "        - {sqs-send: a, prefix: x}\n", "9:25", "or 's3-delete'."),
    Wrong(
        "key-beside-a-word-without-keys",
        _GRANT,
        f"        - {{xray: true, kms-key: '{_KEY}'}}\n",
        "9:24",
        "has no effect without another key",
    ),
    Wrong("no-project", "project: shop\n", "", "1:1", "has no 'project'"),
    Wrong("no-services", GOOD[GOOD.index("services:") :], "defaults: {exec: true}\n", "1:1", "has no 'services'"),
    Wrong("empty-services", GOOD[GOOD.index("services:") :], "services: {}\n", "4:1", "'services' is empty"),
    Wrong("service-without-task-definition", _WEB, "", "5:3", "has no 'task-definition'"),
    Wrong("key-without-value", "region: us-east-1", "region:", "3:1", "'region' has no value"),
    Wrong(
        "grants-in-the-defaults",
        "services:\n",
        "defaults: {task-role: {grants: [{xray: true}]}}\nservices:\n",
        "4:24",
        "'grants' is not a key",
    ),
    # types
    Wrong("account-without-quotes", '"123456789012"', "123456789012", "2:1", "Put it in quotes"),
    Wrong("account-too-short", "123456789012", "12345678901", "2:1", "An account ID has 12 digits"),
    Wrong("region-is-none", "us-east-1", "virginia", "3:1", "Write it like eu-west-1"),
    Wrong("project-with-underscore", "project: shop", "project: my_shop", "1:1", "is not a project's name"),
    Wrong("project-is-a-list", "project: shop", "project: [shop]", "1:1", "a list is not a project's name"),
    Wrong("services-are-a-list", GOOD[GOOD.index("services:") :], "services: [web]\n", "4:1", "a list is not services"),
    Wrong("service-is-a-text", "    task-definition: worker.json\n", "    worker.json\n", "10:3", "is not a service"),
    Wrong("service-name-with-dot", "  worker:\n", "  work.er:\n", "10:3", "is not a service's name"),
    Wrong("flag-as-a-word", _WEB, _WEB + "    guardduty: yes\n", "7:5", "Write true or false"),
    Wrong("exec-as-a-text", _WEB, _WEB + "    exec: enabled\n", "7:5", "is not true or false"),
    Wrong("launch-type-in-small-letters", _WEB, _WEB + "    launch-type: fargate\n", "7:5", "Did you mean 'FARGATE'?"),
    Wrong("grants-are-a-mapping", _GRANT, "          sqs-send: orders\n", "8:7", "is not a list"),
    Wrong("no-grants", "\n" + _GRANT, " []\n", "8:7", "the list is empty"),
    Wrong("the-same-grant-twice", _GRANT, _GRANT * 2, "10:11", "is in the list twice"),
    Wrong(
        "retention-that-nobody-offers",
        _WEB,
        _WEB + "    log-groups: {retention-days: 31}\n",
        "7:18",
        "Write one of 1, 3, 5",
    ),
    Wrong("session-too-long", _ROLE, _role("max-session-duration: 50000"), "8:7", "from 3600 to 43200"),
    Wrong("tags-are-a-list", _ROLE, _role("tags: [a]"), "8:7", "a list is not tags"),
    Wrong("tag-of-aws", _ROLE, _role("tags: {'aws:name': x}"), "8:14", "not beginning with aws:"),
    # ARNs and names
    Wrong(
        "queue-is-a-topic",
        "orders",
        "arn:aws:sns:us-east-1:123456789012:orders",
        "9:11",
        "is not the name or ARN of an SQS queue",
    ),
    Wrong(
        "bucket-with-capitals", _GRANT, "        - s3-read: Shop\n", "9:11", "is not the name or ARN of an S3 bucket"
    ),
    Wrong(
        "bucket-with-a-path",
        _GRANT,
        "        - s3-read: arn:aws:s3:::shop/images/*\n",
        "9:11",
        "is not the name or ARN of an S3 bucket",
    ),
    Wrong("wildcard-queue", "orders", "orders-*", "9:11", "is not the name or ARN of an SQS queue"),
    Wrong(
        "key-by-alias", _WEB, _WEB + "    kms-keys: {secrets: alias/shop}\n", "7:16", "cannot name a key by its alias"
    ),
    Wrong(
        "arn-with-five-parts",
        _GRANT,
        "        - dynamodb-read: arn:aws:dynamodb:us-east-1:table/orders\n",
        "9:11",
        "table/NAME",
    ),
    Wrong(
        "boundary-is-a-role",
        _ROLE,
        _role("permissions-boundary: arn:aws:iam::123456789012:role/x"),
        "8:7",
        "policy/NAME",
    ),
    Wrong("role-name-too-long", _ROLE, _role("name: " + 65 * "x"), "8:7", "up to 64 letters"),
    Wrong("path-without-slash", _ROLE, _role("path: shop"), "8:7", "Begin and end with a slash"),
    Wrong("import-without-name", "orders", "{import: ''}", "9:22", "is not the name of an export"),
    Wrong("import-of-something-else", "orders", "{ref: Queue}", "9:22", "'ref' is not a key of an import"),
    Wrong("prefix-with-star", _GRANT, "        - {s3-read: shop-a, prefix: images/*}\n", "9:29", "without a *"),
    Wrong(
        "organization-is-none",
        "services:\n",
        "sharing: {by: organization, organization: acme}\nservices:\n",
        "4:29",
        "o-a1b2c3d4e5",
    ),
    # statements
    Wrong(
        "statement-without-reason",
        _ROLE,
        _statement("actions: ses:SendEmail", 'resources: "*"'),
        "9:11",
        "has no 'reason'",
    ),
    Wrong(
        "action-with-star",
        _ROLE,
        _statement("reason: sends many mails", "actions: ses:*", 'resources: "*"'),
        "10:11",
        "would include every action that AWS adds",
    ),
    Wrong(
        "action-that-does-not-exist",
        _ROLE,
        _statement("reason: sends many mails", "actions: ses:SendMails", 'resources: "*"'),
        "10:11",
        "Did you mean 'SendEmail'?",
        schema=False,
    ),
    Wrong(
        "service-that-does-not-exist",
        _ROLE,
        _statement("reason: sends many mails", "actions: sess:SendEmail", 'resources: "*"'),
        "10:11",
        "Did you mean 'ses'?",
        schema=False,
    ),
    Wrong(
        "action-in-other-letters",
        _ROLE,
        _statement("reason: sends many mails", "actions: ses:sendEmail", 'resources: "*"'),
        "10:11",
        "Did you mean 'ses:SendEmail'?",
        schema=False,
    ),
    Wrong(
        "resource-is-a-name",
        _ROLE,
        _statement("reason: sends many mails", "actions: ses:SendEmail", "resources: shop"),
        "11:11",
        "is not the ARN of a resource",
    ),
    Wrong(
        "operator-that-does-not-exist",
        _ROLE,
        _statement(
            "reason: sends many mails",
            "actions: ses:SendEmail",
            'resources: "*"',
            "conditions: {StringEqual: {aws:SourceVpc: v}}",
        ),
        "12:24",
        "is not an operator",
    ),
    # names that meet
    Wrong("service-twice", "  worker:\n", "  web:\n", "10:3", "has the key 'web' twice", schema=False),
    Wrong(
        "services-that-differ-in-capitals",
        "  worker:\n",
        "  Web:\n",
        "10:3",
        "differs from 'web' only in case",
        schema=False,
    ),
    Wrong(
        "one-role-name-twice",
        "    task-definition: worker.json\n",
        "    task-definition: worker.json\n    task-role: {name: x}\n    execution-role: {name: x}\n",
        "12:17",
        "use different names",
        schema=False,
    ),
    Wrong(
        "one-export-twice",
        _ROLE,
        _role("export: shop-role") + "    execution-role: {export: shop-role}\n",
        "8:7",
        "Export names are unique in an account and Region",
        schema=False,
    ),
    Wrong(
        "managed-policy-that-nobody-knows",
        _ROLE,
        _role("managed-policies: [AmazonSSMReadOnlyAcces]"),
        "8:26",
        "Did you mean 'AmazonSSMReadOnlyAccess'?",
        schema=False,
    ),
    Wrong(
        "too-many-managed-policies",
        _ROLE,
        _role("managed-policies: [" + ", ".join(f"arn:aws:iam::123456789012:policy/p{n}" for n in range(26)) + "]"),
        "8:7",
        "at most 25 managed policies",
        schema=False,
    ),
    Wrong(
        "environment-of-no-service",
        "services:\n",
        "environments: {staging: {services: {wbe: {}}}}\nservices:\n",
        "4:37",
        "Did you mean 'web'?",
        schema=False,
    ),
    Wrong(
        "organization-without-id",
        "services:\n",
        "sharing: {by: organization}\nservices:\n",
        "4:11",
        "no organization is specified",
        schema=False,
    ),
    # files
    Wrong("missing-file", "worker.json", "wroker.json", "11:5", "the file wroker.json does not exist", schema=False),
    Wrong("live-without-live", "worker.json", "worker:3", "11:5", "Pass --live to `build`", schema=False),
    Wrong("not-yaml", "region: us-east-1", "region: 'us-east-1", "3:9", "is not valid YAML", schema=False),
)
