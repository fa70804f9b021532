"""Names of AWS resources: ARNs, what ``valueFrom`` refers to, and objects in S3."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cfnroles.facts import Facts
from cfnroles.placeholders import name_of, placeholder
from cfnroles.table.feature import Malformed, Unnamed

#: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,2048}")

_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")
_SECRETS_FOLDER = "parameter/aws/reference/secretsmanager/"

_JSON_KEY_FORM = (
    "After the secret's ARN come either nothing or three fields, each of which may be empty: "
    "ARN:json-key:version-stage:version-id. For one JSON key write ARN:KEY::"
)


@dataclass(frozen=True, slots=True)
class Arn:
    """An ARN in its six parts. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse_arn(text: str) -> Arn:
    """The parts of an ARN; raises Malformed for a text with fewer than six."""
    # Pseudo parameters hold colons of their own.
    parts = text.replace("${AWS::", "${AWS;;").split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        raise Malformed(f"{text} is not an ARN", "An ARN has six parts: arn:partition:service:region:account:resource.")
    return Arn(*(part.replace("${AWS;;", "${AWS::") for part in parts[1:]))


def named(text: str) -> str:
    """``text`` itself, or Unnamed if a placeholder stands in it."""
    if left := placeholder(text):
        raise Unnamed(f"the placeholder {left} was never filled in", remedy(left))
    return text


def remedy(left: str) -> str:
    """How to fill the placeholder ``left``."""
    name = name_of(left) or left
    quoted = f"'{name}=VALUE'" if re.search(r"[^\w-]", name) else f"{name}=VALUE"
    return f"Fill it with --set {quoted}"


def located_arn(text: str) -> Arn:
    """The parts of an ARN whose account and region are real ones.

    Raises Malformed for what is no ARN, and Unnamed where words stand in the places of account or region.
    """
    arn = parse_arn(named(text))
    if arn.account and not re.fullmatch(r"\d{12}|aws|\$\{AWS::AccountId\}", arn.account):
        raise Unnamed(f"{arn.account} stands where the 12 digits of an account belong", remedy(arn.account))
    if arn.region and not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+|\$\{AWS::Region\}", arn.region):
        raise Unnamed(f"{arn.region} stands where a region belongs", remedy(arn.region))
    return arn


@dataclass(frozen=True, slots=True)
class SecretReference:
    """A secret in Secrets Manager, as ``valueFrom`` names it.

    ``arn`` is the ARN without the fields after it; ``complete`` tells whether it ends in the six random characters.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """

    arn: Arn
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""
    by_name: bool = False

    @property
    def complete(self) -> bool:
        """Whether the ARN ends in a hyphen and six characters, as Secrets Manager gives it out."""
        return not self.by_name and re.search(r"-[A-Za-z0-9]{6}$", self.arn.resource) is not None

    @property
    def ambiguous(self) -> bool:
        """Whether the last six characters may as well be a word of the name, as in ``shop-secret``.

        Of the suffixes that Secrets Manager makes, one in a hundred has small letters only.
        """
        return self.complete and re.search(r"-([a-z]{6}|[A-Z]{6}|[0-9]{6})$", self.arn.resource) is not None

    @property
    def policy_resource(self) -> str:
        """The secret in a policy: its complete ARN, or its name with six single wildcards for the random suffix.

        https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
        """
        return str(self.arn) if self.complete else f"{self.arn}-??????"


@dataclass(frozen=True, slots=True)
class ParameterReference:
    """A parameter in Parameter Store. ``arn`` has one slash after ``parameter``.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
    """

    arn: Arn

    @property
    def secret(self) -> SecretReference | None:
        """The secret behind a parameter of ``/aws/reference/secretsmanager/``; ``None`` for any other.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
        """
        name = self.arn.resource.removeprefix(_SECRETS_FOLDER)
        if name == self.arn.resource:
            return None
        return SecretReference(
            Arn(self.arn.partition, "secretsmanager", self.arn.region, self.arn.account, f"secret:{name}"), by_name=True
        )


def value_from(text: str, facts: Facts) -> SecretReference | ParameterReference:
    """What ``valueFrom`` refers to. Raises Unnamed for placeholders and Malformed for what ECS would refuse."""
    named(text)
    if not text.startswith("arn:"):
        return ParameterReference(_parameter_arn(text, facts))
    arn = parse_arn(text)
    if arn.service == "secretsmanager":
        return _secret_reference(arn)
    if arn.service != "ssm":
        raise Malformed(
            f"{text} is an ARN of {arn.service or 'no service'}",
            "ECS reads secrets from Secrets Manager and from Parameter Store.",
        )
    name = arn.resource.removeprefix("parameter")
    if name.startswith("//"):
        raise Malformed(f"{text} has two slashes after `parameter`", f"Write {str(arn).replace('//', '/', 1)}.")
    if not arn.resource.startswith("parameter/") or not _PARAMETER_NAME.fullmatch(name[1:]):
        raise Malformed(
            f"{text} is not the ARN of a parameter",
            "Write arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME, without a version or label.",
        )
    arn = located_arn(text)
    if facts.account and arn.account != facts.account:
        raise Malformed(
            f"{text} is not a parameter of {facts.account}, and ECS reads those of the task's own account only",
            "Keep the value in a secret, which another account may share, or in a parameter of the task's account.",
        )
    return ParameterReference(arn)


def secret_or_name(text: str, facts: Facts) -> SecretReference:
    """What ``credentialsParameter`` refers to: the ARN or the name of a secret.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RepositoryCredentials.html
    """
    named(text)
    if not text.startswith("arn:"):
        if not _SECRET_NAME.fullmatch(text):
            raise Malformed(f"{text!r} cannot be a secret's name", "Write the secret's ARN or its name.")
        return SecretReference(parse_arn(facts.home_arn("secretsmanager", f"secret:{text}")), by_name=True)
    arn = parse_arn(text)
    if arn.service != "secretsmanager" or arn.resource.count(":") != 1:
        raise Malformed(f"{text} is not the ARN of a secret", "Write the secret's ARN and nothing after it.")
    return _secret_reference(arn)


def _secret_reference(arn: Arn) -> SecretReference:
    kind, *fields = arn.resource.split(":")
    if kind != "secret" or not fields or not fields[0]:
        raise Malformed(
            f"{arn} is not the ARN of a secret", "Write arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME."
        )
    if len(fields) not in (1, 4):
        given = len(fields) - 1
        raise Malformed(
            f"{arn} has {given} field{'s' if given > 1 else ''} after the secret's name, and ECS takes none or three",
            _JSON_KEY_FORM,
        )
    if not _SECRET_NAME.fullmatch(fields[0]):
        raise Malformed(
            f"{fields[0]!r} cannot be a secret's name", "A secret's name has letters, digits and / _ + = . @ ! - only."
        )
    base = Arn(arn.partition, arn.service, arn.region, arn.account, f"secret:{fields[0]}")
    located_arn(str(base))
    json_key, version_stage, version_id = fields[1:] or ("", "", "")
    return SecretReference(base, json_key, version_stage, version_id)


def _parameter_arn(name: str, facts: Facts) -> Arn:
    if selector := re.fullmatch(rf"({_PARAMETER_NAME.pattern}):(\w[\w.-]*)", name):
        raise Malformed(
            f"{name!r} selects the version or label {selector[2]}, and ECS takes none",
            f"Write {selector[1]}, which is the parameter's latest version.",
        )
    if not _PARAMETER_NAME.fullmatch(name):
        raise Malformed(
            f"{name!r} is neither an ARN nor a name that a parameter can have",
            "A parameter's name has letters, digits and _ . - / only; a secret in Secrets Manager is given by its ARN.",
        )
    return parse_arn(facts.home_arn("ssm", f"parameter/{name.lstrip('/')}"))


def s3_object(text: str) -> Arn:
    """The ARN of an object in S3; raises Malformed where ``text`` names no bucket and key.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html
    """
    named(text)
    if url := re.fullmatch(r"s3://([^/]+)/(.+)", text):
        raise Malformed(f"{text} is a URL, and ECS takes an ARN", f"Write arn:aws:s3:::{url[1]}/{url[2]}.")
    arn = parse_arn(text)
    bucket, _, key = arn.resource.partition("/")
    if arn.service != "s3" or arn.region or arn.account or not re.fullmatch(r"[a-z0-9.-]{3,63}", bucket) or not key:
        raise Malformed(f"{text} is not the ARN of an object in S3", "Write arn:PARTITION:s3:::BUCKET/KEY.")
    if re.search(r"[*?]", key):
        raise Malformed(f"{text} has a wildcard in its key", "Name one object.")
    return arn


def s3_bucket(text: str) -> Arn:
    """The bucket of an object in S3."""
    arn = s3_object(text)
    return Arn(arn.partition, "s3", "", "", arn.resource.partition("/")[0])
