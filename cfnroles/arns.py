"""Names of AWS resources: ARNs, ``valueFrom``, container images, S3 objects, and placeholders left in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cfnroles.facts import Facts, partition_of
from cfnroles.feature import Malformed, Unnamed

#: What people leave in a file for a later step to fill. CloudFormation's pseudo parameters are none of them.
_PLACEHOLDER = re.compile(
    r"<[^<>\s][^<>]*>|\{\{[^{}]*\}\}|\$\{(?!AWS::)[^{}]*\}|\$[A-Za-z_]\w*|\$\([^()]*\)|%[A-Z][A-Z0-9_]*%|__[A-Z][A-Z0-9_]*__"
)

#: Hosts of private ECR registries: standard, FIPS and dual-stack, in every partition.
#: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html and the ECR credential helper's own pattern
_ECR_HOST = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9][a-z0-9-]*)\."
    r"(amazonaws\.(com(\.cn)?|eu)|on\.(aws|amazonwebservices\.com\.cn)"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)

#: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,2048}")

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
        raise Malformed(
            f"{text} is not an ARN", "An ARN has six parts: arn:partition:service:region:account:resource."
        )
    return Arn(*(part.replace("${AWS;;", "${AWS::") for part in parts[1:]))


def placeholder(text: str) -> str:
    """The first placeholder that was left in ``text``, or an empty text."""
    match = _PLACEHOLDER.search(text)
    return match.group() if match else ""


def named(text: str) -> str:
    """``text`` itself, or Unnamed if a placeholder stands in it."""
    if left := placeholder(text):
        raise Unnamed(f"the placeholder {left} was never filled in", f"Write the value in its place: {text}")
    return text


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

    @property
    def complete(self) -> bool:
        """Whether the ARN ends in a hyphen and six characters, as Secrets Manager gives it out."""
        return re.search(r"-[A-Za-z0-9]{6}$", self.arn.resource) is not None

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


def value_from(text: str, facts: Facts) -> SecretReference | ParameterReference:
    """What ``valueFrom`` refers to. Raises Unnamed for placeholders and Malformed for what ECS would refuse."""
    named(text)
    if not text.startswith("arn:"):
        return ParameterReference(_parameter_arn(text, facts))
    arn = parse_arn(text)
    if arn.service == "secretsmanager":
        return _secret_reference(arn)
    if arn.service == "ssm":
        if not arn.resource.startswith("parameter/") or not _PARAMETER_NAME.fullmatch(arn.resource[9:]):
            raise Malformed(
                f"{text} is not the ARN of a parameter",
                "Write arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME, without a version or label.",
            )
        return ParameterReference(arn)
    raise Malformed(
        f"{text} is an ARN of {arn.service or 'no service'}",
        "ECS reads secrets from Secrets Manager and from Parameter Store.",
    )


def secret_or_name(text: str, facts: Facts) -> SecretReference:
    """What ``credentialsParameter`` refers to: the ARN or the name of a secret.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RepositoryCredentials.html
    """
    named(text)
    if not text.startswith("arn:"):
        if not re.fullmatch(r"[A-Za-z0-9/_+=.@-]{1,512}", text):
            raise Malformed(f"{text!r} cannot be a secret's name", "Write the secret's ARN or its name.")
        return SecretReference(parse_arn(facts.home_arn("secretsmanager", f"secret:{text}")))
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
    base = Arn(arn.partition, arn.service, arn.region, arn.account, f"secret:{fields[0]}")
    return SecretReference(base, *fields[1:])


def _parameter_arn(name: str, facts: Facts) -> Arn:
    if not _PARAMETER_NAME.fullmatch(name):
        raise Malformed(
            f"{name!r} is neither an ARN nor a name that a parameter can have",
            "A parameter's name has letters, digits and _ . - / only; a secret in Secrets Manager is given by its ARN.",
        )
    return parse_arn(facts.home_arn("ssm", f"parameter/{name.lstrip('/')}"))


def ecr_repository(image: str) -> Arn | None:
    """The ECR repository that a private image is pulled from, or ``None`` for an image from any other registry.

    Tag and digest have no part in it. Raises Unnamed while the registry or the repository is a placeholder.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html
    """
    registry, slash, repository = image.partition("/")
    repository = re.split(r"[:@]", repository, maxsplit=1)[0]
    if not slash and (left := placeholder(image.split(":", 1)[0])):
        raise Unnamed(f"the image is the placeholder {left}", f"Write the image in its place: {image}")
    host = _ECR_HOST.fullmatch(registry)
    if host is None:
        if placeholder(registry) and (".dkr" in registry or registry == placeholder(registry)):
            raise Unnamed(
                f"the registry holds the placeholder {placeholder(registry)}", f"Write the registry in its place: {image}"
            )
        return None
    named(repository)
    region = host["region"]
    return Arn(partition_of(region), "ecr", region, host["account"], f"repository/{repository}")


def s3_object(text: str) -> Arn:
    """The ARN of an object in S3; raises Malformed where ``text`` names no bucket and key.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html
    """
    arn = parse_arn(named(text))
    bucket, _, key = arn.resource.partition("/")
    if arn.service != "s3" or not bucket or not key:
        raise Malformed(f"{text} is not the ARN of an object in S3", "Write arn:PARTITION:s3:::BUCKET/KEY.")
    return arn


def s3_bucket(text: str) -> Arn:
    """The bucket of an object in S3."""
    arn = s3_object(text)
    return Arn(arn.partition, "s3", "", "", arn.resource.partition("/")[0])
