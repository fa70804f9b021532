"""The formats of strings in a service spec: names, ARNs, words."""

from __future__ import annotations

from cfnroles.sources.service_spec.types import Either, Key, String, Structure
from cfnroles.table.words.resources import EXPORT_NAME, KEY

_ARN = r"arn:aws[a-z-]*"

PROJECT = String(
    "a project's name",
    r"[A-Za-z][A-Za-z0-9-]{0,99}",
    "Begin with a letter, then use letters, digits and hyphens: stack and export names begin with it.",
)
SERVICE_NAME = String(
    "a service's name",
    r"[A-Za-z][A-Za-z0-9-]{0,61}",
    "Begin with a letter, then use up to 61 letters, digits and hyphens: it is part of stack and export names.",
)
ENVIRONMENT_NAME = String("an environment's name", r"[A-Za-z][A-Za-z0-9-]{0,61}", "Use letters, digits and hyphens.")
ACCOUNT = String("an account", r"[0-9]{12}", "An account ID has 12 digits.")
REGION = String("a region", r"[a-z]{2,}(-[a-z]+)+-[0-9]+", "Write it like eu-west-1.")
PATH = String("a path", r"[^\n]+", "Write the path of a file relative to this one.")
EXPORT = String("the name of an export", EXPORT_NAME, "Use up to 255 letters, digits, colons and hyphens.")
IMPORT = Structure(
    "an import",
    (
        Key(
            "import",
            EXPORT,
            "Name of an export of another stack, whose value is the ARN.",
            "shop-data-OrdersTableArn",
            required=True,
        ),
    ),
)
KEY_ARN = String(
    KEY.noun, KEY.pattern, "Write arn:aws:kms:REGION:ACCOUNT:key/ID; a policy cannot name a key by its alias."
)
KEY_OR_IMPORT = Either(KEY_ARN, IMPORT)
SECRET_ARN = String(
    "the ARN of a secret",
    rf"{_ARN}:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:[A-Za-z0-9/_+=.@!-]+",
    "Write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME.",
)
POLICY_ARN = String(
    "the ARN of a managed policy",
    rf"{_ARN}:iam::([0-9]{{12}}|aws):policy/[A-Za-z0-9_+=,.@/-]+",
    "Write arn:aws:iam::ACCOUNT:policy/NAME.",
)
MANAGED_POLICY = String(
    "the name of an AWS managed policy, or the ARN of any",
    rf"[A-Za-z0-9_]{{1,128}}|{POLICY_ARN.pattern}",
    "Write a name like AmazonSSMReadOnlyAccess, or arn:aws:iam::ACCOUNT:policy/NAME.",
)
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ROLE_NAME = String("a role's name", r"[A-Za-z0-9_+=,.@-]{1,64}", "Use up to 64 letters, digits and + = , . @ _ -.")
ROLE_PATH = String(
    "a role's path",
    # IAM allows more characters, of which some would be wildcards or variables in policies that name the role.
    r"/([A-Za-z0-9_+=,.@/-]{1,510}/)?",
    "Begin and end with a slash, with letters, digits and + = , . @ _ - / between: /teams/shop/.",
)
TAG_KEY = String(
    "a tag's key", r"(?!aws:)[A-Za-z0-9 _.:/=+@-]{1,128}", "Use up to 128 characters, not beginning with aws:."
)
TAG_VALUE = String("a tag's value", r"[A-Za-z0-9 _.:/=+@-]{0,256}", "Use up to 256 characters.")
ACTION = String(
    "an action",
    r"[a-z0-9-]+:[A-Za-z0-9]+",
    "Write SERVICE:Action, such as ses:SendEmail; an action with a * would include every action that AWS adds.",
)
RESOURCE = String(
    "the ARN of a resource",
    rf"\*|{_ARN}:[a-z0-9-]+:[a-z0-9*-]*:([0-9]{{12}}|aws|\*)?:[^\s]+",
    "Write arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE.",
)
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
OPERATOR = String(
    "an operator",
    r"(ForAllValues:|ForAnyValue:)?("
    r"String(Not)?(Equals(IgnoreCase)?|Like)|Arn(Not)?(Equals|Like)|(Not)?IpAddress|Bool|"
    r"Numeric((Not)?Equals|(Less|Greater)Than(Equals)?)|Date((Not)?Equals|(Less|Greater)Than(Equals)?)"
    r")(IfExists)?|Null",
    "Write a condition operator, such as StringEquals.",
)
SID = String("a Sid", r"[A-Za-z][A-Za-z0-9]{0,99}", "Use only letters and digits.")
REASON = String("a reason", r"(?=.*[A-Za-z])[^\n]{8,}", "Describe in one line what the application does with it.")
ORGANIZATION = String("an organization's id", r"o-[a-z0-9]{10,32}", "Write it like o-a1b2c3d4e5.")
LOG_GROUP = String("a log group's name", r"[A-Za-z0-9_./#-]{1,512}", "Use only letters, digits and _ - / . #.")
CLUSTER = String(
    "a cluster's name or ARN",
    rf"{_ARN}:ecs:[a-z0-9-]+:[0-9]{{12}}:cluster/[A-Za-z0-9_-]{{1,255}}|[A-Za-z0-9_-]{{1,255}}",
    "Use up to 255 letters, digits, hyphens and underscores.",
)
TOPIC_ARN = String(
    "the ARN of an SNS topic",
    rf"{_ARN}:sns:[a-z0-9-]+:[0-9]{{12}}:[A-Za-z0-9_-]{{1,256}}",
    "Write arn:aws:sns:REGION:ACCOUNT:NAME.",
)
EMAIL = String("an e-mail address", r"[^@\s]+@[^@\s]+\.[^@\s]+", "Write an address like team@example.com.")
REPOSITORY_PREFIX = String(
    "a prefix of ECR repositories", r"[a-z0-9]+([._/-][a-z0-9]+)*/?", "Write a prefix such as docker-hub."
)
PARAMETER_NAME = String("a template parameter's name", r"[A-Za-z0-9]{1,255}", "Use only letters and digits.")
