"""Lists of references that only Terraform knows: how a written file takes them apart.

The objects of a list, as of `secrets`, name secrets, parameters and files. A file asks the user's own expression for
those of one kind, and what is read of it means the same as the list of the task definition.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec.structs import replace

from cfnroles.symbols import EachOf

#: The member that refers to something, in each list of objects that has one.
REFERRING = {"secrets": "valueFrom", "secretOptions": "valueFrom", "environmentFiles": "value"}


class Kind(StrEnum):
    """What a reference names."""

    SECRET = "secret"  # noqa: S105
    PARAMETER = "parameter"
    FILE = "file"
    BUCKET = "bucket"


#: What a policy names of a reference, as Terraform's `regexall` finds it; nothing in it is a wildcard or a variable.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
PATTERNS = {
    Kind.SECRET: "^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+",
    Kind.PARAMETER: "^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+$",
    Kind.FILE: "^arn:[a-z-]+:s3:::[a-z0-9.-]+/[^*?{]+$",
    Kind.BUCKET: "^arn:[a-z-]+:s3:::[a-z0-9.-]+",
}
#: The name of a parameter, which ECS accepts in the place of its ARN.
NAME = "^[A-Za-z0-9_./-]+$"
#: The end of a complete ARN of a secret; one without it is the name, which a policy completes.
#: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
SUFFIX = "-[A-Za-z0-9]{6}$"
_PARAMETER_ARN = "arn:${%s}:ssm:${%s}:${%s}:parameter/"


def of_kind(symbol: EachOf, kind: Kind) -> EachOf:
    """Those of the references that name one kind of resource, each as a policy names it."""
    return replace(symbol, name=f"each {kind} in {symbol.of.name}", kind=kind)


def references_in(listed: str, member: str) -> str:
    """The expression for a member of each object in a list, which may be null or hold lists."""
    return f"[for one in flatten([{listed}]) : one.{member} if one != null]"


def those_of(kind: Kind, references: str, home: tuple[str, str, str] = ("", "", "")) -> str:
    """The expression for what a policy names of the references of one kind.

    ``home`` are the expressions for partition, Region and account, where a parameter's name is made an ARN.
    """
    found = f'flatten([for value in {references} : regexall("{PATTERNS[kind]}", value)])'
    match kind:
        case Kind.SECRET:
            completed = f'can(regex("{SUFFIX}", arn)) ? arn : "${{arn}}-??????"'
            return f"distinct([for arn in {found} : {completed}])"
        case Kind.PARAMETER:
            named = f'flatten([for value in {references} : regexall("{NAME}", value)])'
            arn = f'"{_PARAMETER_ARN % home}${{trimprefix(name, "/")}}"'
            return f"distinct(concat({found}, [for name in {named} : {arn}]))"
    return f"distinct({found})"
