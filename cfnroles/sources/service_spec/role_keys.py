"""The keys of a service spec that describe roles: grants, statements, names and boundaries."""

from __future__ import annotations

from cfnroles.sources.service_spec import forms
from cfnroles.sources.service_spec.types import Either, Flag, Key, Many, Named, Number, String, Structure, Type
from cfnroles.table.words import ROWS
from cfnroles.table.words.resources import ACCESS_POINT, MODEL
from cfnroles.table.words.row import Row

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
#: The key of every example.
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

TAGS = Named("tags", forms.TAG_KEY, forms.TAG_VALUE)


def _value(row: Row) -> Type:
    if row.kind is not None:
        return Many(Either(String(row.kind.noun, row.kind.pattern, f"{row.kind.remedy}."), forms.IMPORT))
    if row.text:
        return Many(String(row.text, r"[^\s:*][^\n*]{0,254}", "Write it as the application sends it."))
    return Flag("true")


def _with(option: str) -> tuple[str, ...]:
    return tuple(row.word for row in ROWS if option in row.options)


GRANT = Structure(
    "a grant",
    (
        *(Key(row.word, _value(row), f"The application {row.does}.", row.example, source=row.source) for row in ROWS),
        Key(
            "prefix",
            Many(String("the beginning of a key", r"[^*?\n]+", "Write the key prefix, without a *.")),
            "Prefix of the object keys; the grant allows no other objects.",
            "images/",
            beside=_with("prefix"),
        ),
        Key(
            "indexes",
            Many(String("an index's name", r"\*|[A-Za-z0-9_.-]{3,255}", "Write its name.")),
            "Indexes of the table that the application queries.",
            "by-customer",
            beside=_with("indexes"),
        ),
        Key(
            "access-point",
            Many(String(ACCESS_POINT.noun, ACCESS_POINT.pattern, f"{ACCESS_POINT.remedy}.")),
            "Access point that requests must use.",
            "fsap-0123456789abcdef0",
            beside=_with("access-point"),
        ),
        Key(
            "model",
            String("the id of a foundation model", MODEL.name, "Write an id such as amazon.nova-lite-v1:0."),
            "The foundation model of an application inference profile or of an import.",
            "amazon.nova-lite-v1:0",
            beside=_with("model"),
        ),
        Key(
            "user",
            String("a user's name", r"[A-Za-z][A-Za-z0-9-]{0,63}", "Write the user's id, without a wildcard."),
            "User name with which the application connects.",
            "shop",
            beside=_with("user"),
        ),
        Key(
            "group",
            Many(String("a consumer group", r"[A-Za-z0-9._-]{1,255}", "Name one group without a wildcard.")),
            "Consumer groups in which the application reads.",
            "orders",
            beside=_with("group"),
        ),
        Key(
            "configuration-set",
            Many(String("a configuration set", r"[A-Za-z0-9_-]{1,64}", "Write its name.")),
            "Configuration sets for sending email.",
            "receipts",
            beside=_with("configuration-set"),
        ),
        Key(
            "consumer",
            Many(String("a consumer's name", r"[A-Za-z0-9_.-]{1,128}", "Name one consumer without a wildcard.")),
            "Consumers with enhanced fan-out.",
            "shop",
            beside=_with("consumer"),
        ),
        Key(
            "via",
            Many(String("a service", r"[a-z][a-z0-9-]+", "Write the first part of its host name, such as s3.")),
            "AWS service through which requests must come.",
            "s3",
            beside=_with("via"),
        ),
        Key(
            "kms-key",
            Many(forms.KEY_OR_IMPORT),
            "Customer managed key that encrypts the resource. The permission is limited to its service and to the"
            " resource.",
            KEY,
            beside=tuple(row.word for row in ROWS if row.key),
        ),
    ),
    choice=tuple(row.word for row in ROWS),
)

STATEMENT = Structure(
    "a statement",
    (
        Key(
            "reason",
            forms.REASON,
            "Why the permission is needed, in one line.",
            "sends receipts to customers",
            required=True,
        ),
        Key("actions", Many(forms.ACTION), "Allowed actions.", "ses:SendEmail", required=True),
        Key(
            "resources",
            Many(Either(forms.RESOURCE, forms.IMPORT)),
            "Resources of the actions.",
            "arn:aws:ses:us-east-1:123456789012:identity/shop.example",
            required=True,
        ),
        Key(
            "conditions",
            Named(
                "conditions",
                forms.OPERATOR,
                Named(
                    "condition keys",
                    String("a condition key", r"[a-zA-Z0-9-]+:[^\s]+", "Write it like aws:SourceVpc."),
                    Many(String("a text", r"[^\n]+", "Write a string.")),
                ),
            ),
            "Conditions: operator, key and values.",
            {"StringEquals": {"ses:FromAddress": "shop@shop.example"}},
            source=f"{_IAM}/reference_policies_elements_condition.html",
        ),
        Key("sid", forms.SID, "Sid of the statement; the default is `Extra`.", "SendReceipts"),
    ),
)

_ROLE_KEYS = (
    Key("name", forms.ROLE_NAME, "Name of the role; by default, CloudFormation generates one.", "shop-web-task"),
    Key("path", forms.ROLE_PATH, "Path of the role.", "/teams/shop/"),
    Key(
        "permissions-boundary",
        forms.POLICY_ARN,
        "Permissions boundary of the role.",
        "arn:aws:iam::123456789012:policy/developer-boundary",
        source=f"{_IAM}/access_policies_boundaries.html",
    ),
    Key(
        "managed-policies",
        Many(forms.MANAGED_POLICY, alone=False),
        "Managed policies to attach: an AWS managed policy by name, any by ARN.",
        ["AmazonSSMReadOnlyAccess"],
    ),
    Key("tags", TAGS, "Tags of the role.", {"cost-center": "4711"}),
    Key(
        "max-session-duration",
        Number("a number of seconds from 3600 to 43200", 3600, 43200),
        "Maximum session duration of the role in seconds.",
        3600,
    ),
    Key(
        "export",
        forms.EXPORT,
        "Export name of the role's ARN, if you need another than the default.",
        "legacy-web-role",
    ),
    Key(
        "statements",
        Many(STATEMENT, alone=False),
        "Permissions for which there is no grant.",
        [
            {
                "reason": "sends receipts to customers",
                "actions": "ses:SendEmail",
                "resources": "arn:aws:ses:us-east-1:123456789012:identity/shop.example",
            }
        ],
    ),
)

ROLE = Structure("the options of a role", _ROLE_KEYS)
TASK_ROLE = Structure(
    "the options of a task role",
    (
        Key(
            "grants",
            Many(GRANT, alone=False),
            "What the application may do, one entry for each grant.",
            [{"sqs-send": "orders"}, {"s3-read": "shop-assets", "prefix": "images/"}],
        ),
        *_ROLE_KEYS,
    ),
)
