"""The references in fields of a task definition: to secrets, parameters, and objects in S3."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TypeGuard

from msgspec import Struct

from cfnroles.facts import Facts
from cfnroles.listed import Kind, of_kind
from cfnroles.need import Condition
from cfnroles.placeholders import name_of, placeholder
from cfnroles.symbols import (
    AfterParameter,
    Attribute,
    EachOf,
    Expression,
    Field,
    Import,
    Parameter,
    ParameterPath,
    Placeholder,
    Symbol,
    Wildcard,
)
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.secret_forms import secret_form
from cfnroles.text import (
    ACCOUNT,
    ANYTHING,
    EMPTY,
    PARTITION,
    Arn,
    Part,
    Text,
    arn_of,
    bucket_of,
    field_of,
    is_account,
    is_region,
)

#: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,2048}")

_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")
_SECRETS_FOLDER = "parameter/aws/reference/secretsmanager/"
#: The six random characters at the end of a secret's ARN, in a policy that names the secret without them.
_RANDOM_SUFFIX = Wildcard("??????")

_JSON_KEY_FORM = (
    "Write the ARN alone, or with three fields, each of which may be empty: ARN:json-key:version-stage:version-id."
    " For one JSON key, write ARN:KEY::"
)


#: A name: an ARN, a path, or a name without a colon.
_NAMING = re.compile(r"arn:[\w:/+=,.@!*?-]+|/[\w.:/-]+|[\w./-]+", re.ASCII)
_LONGEST = 2048
#: The account of resources in AWS emulators, which no customer of AWS has. A parameter's ARN from an emulator says
#: nothing about where the task will run.
_OF_EMULATORS = "000000000000"


def shown(text: Text) -> str:
    """Return the text for messages: anything but a name may be a secret's value, so only its length is shown."""
    if _NAMING.fullmatch(text.shape()) and not secret_form(text.plain) and len(text) <= _LONGEST:
        return text.written
    return f"a string of {len(text.written)} characters" if text else "an empty string"


def check_pasted(text: Text) -> None:
    """Raise Malformed if the value of a secret is in place of a reference to it."""
    if form := secret_form(text.plain):
        raise Malformed(
            f"{shown(text)} has the form of {form}, but a reference to a secret belongs here",
            "Store it in a secret or parameter, and write its ARN. Replace the value itself: anyone can read it here",
        )


def parse_arn(text: Text) -> Arn:
    """Return the parts of an ARN. Raise Malformed for a text with fewer than six, Unnamed for a placeholder."""
    if (arn := arn_of(text)) is not None:
        return arn
    if text.parts and isinstance(text.parts[0], Symbol):
        raise Unnamed(f"the ARN {shown(text)} is unknown", remedy(text.parts[0]))
    raise Malformed(
        f"{shown(text)} is not an ARN", "An ARN has six parts: arn:partition:service:region:account:resource."
    )


def remedy(left: str | Symbol) -> str:
    """Return how to give the value of a symbol, or of a word in place of a placeholder."""
    if isinstance(left, Expression) and left.remedy:
        return left.remedy
    if isinstance(left, Symbol) and not isinstance(left, Placeholder):
        told = isinstance(left, Parameter)
        return f"Pass --parameter {left.name}=VALUE" if told else "Replace it with its value"
    name = (getattr(left, "called", "") or left.name) if isinstance(left, Symbol) else left
    quoted = f"'{name}=VALUE'" if re.search(r"[^\w-]", name) else f"{name}=VALUE"
    return f"Fill it with --set {quoted}"


def located_arn(text: Text) -> Arn:
    """Return the parts of an ARN with a real account and Region.

    Raise Malformed for anything but an ARN, and Unnamed for words in place of an account or Region, which may be filled
    in.
    """
    arn = parse_arn(text)
    if arn.account and not is_account(arn.account):
        raise left_open(arn.account, "the 12 digits of an account belong", "Write its 12 digits.")
    if arn.region and not is_region(arn.region):
        raise left_open(arn.region, "a Region belongs", "Write a Region such as us-east-1.")
    return arn


def left_open(text: Text, place: str, written: str) -> Unnamed | Malformed:
    """Return the error for a text in another form: Unnamed for a word, which may be filled in, otherwise Malformed.

    ``place`` completes "was found where", and ``written`` says what to write.
    """
    what = f"{text.written} was found where {place}"
    word = name_of(text.written) if placeholder(text.written) == text.written else text.written
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", word):
        return Malformed(what, written)
    return Unnamed(what, remedy(word) if word != text.written or is_fillable(word) else written)


def is_fillable(word: str) -> bool:
    """Return whether ``--set`` replaces a bare word in a text. A word in lowercase is an ordinary word."""
    return bool(re.fullmatch(r"(?=.*[A-Z_-])[A-Za-z_][A-Za-z0-9_-]*", word))


class SecretReference(Struct, frozen=True, dict=True):
    """A secret in Secrets Manager, from ``valueFrom``. ``arn`` is the ARN without the fields after it.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """

    arn: Arn
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""
    by_name: bool = False

    @cached_property
    def complete(self) -> bool:
        """Whether the ARN ends in a hyphen and six characters, as in Secrets Manager."""
        if self.by_name:
            return False
        last = self.arn.resource.parts[-1]
        if isinstance(last, Symbol):
            return not self.open
        return re.search(r"-[A-Za-z0-9]{6}$", last) is not None

    @property
    def open(self) -> bool:
        """Whether the name ends in a parameter or an export, whose value may end in the six characters or not."""
        last = self.arn.resource.parts[-1]
        return not self.by_name and self.arn.given is None and isinstance(last, Parameter | Import)

    @property
    def ambiguous(self) -> bool:
        """Whether the last six characters may also be a word of the name, as in ``shop-secret``.

        One in a hundred suffixes of Secrets Manager has only lowercase letters.
        """
        name = self.arn.resource.plain
        return self.complete and re.search(r"-([a-z]{6}|[A-Z]{6}|[0-9]{6})$", name) is not None

    @cached_property
    def policy_resources(self) -> tuple[Text, ...]:
        """The secret in a policy: its complete ARN, or its name with six single wildcards for the random suffix.

        https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
        """
        by_name = Text(self.arn.text, "-", _RANDOM_SUFFIX)
        if self.complete:
            return (self.arn.text,)
        return (self.arn.text, by_name) if self.open else (by_name,)


class ParameterReference(Struct, frozen=True):
    """A parameter in Parameter Store. ``arn`` has one slash after ``parameter``.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
    """

    arn: Arn

    @property
    def secret(self) -> SecretReference | None:
        """The secret of a parameter in ``/aws/reference/secretsmanager/``; ``None`` for any other.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
        """
        name = self.arn.resource.removeprefix(_SECRETS_FOLDER)
        if name == self.arn.resource:
            return None
        return SecretReference(
            Arn(self.arn.partition, "secretsmanager", self.arn.region, self.arn.account, Text("secret:", name)),
            by_name=True,
        )


class OpenReference(Struct, frozen=True):
    """One symbol for a whole reference: the complete ARN of either, or the name of a parameter.

    An action never matches an ARN of another service, so a role may have all of them. ``parameters`` are the parameter
    by ARN and, if the value may be one, by name; those that the value is not match nothing.
    """

    secret: SecretReference
    parameters: tuple[ParameterReference, ...]


def value_from(text: Text, facts: Facts) -> SecretReference | ParameterReference | OpenReference:
    """Return the target of ``valueFrom``. Raise Unnamed for an unknown, Malformed for what ECS would reject."""
    return _value_from(text.parts, text.written, text.remedies, facts)


@lru_cache(maxsize=1024)  # a dozen rows in a row parse the same text
def _value_from(
    parts: tuple[Part, ...], written: str, remedies: tuple[str, ...], facts: Facts
) -> SecretReference | ParameterReference | OpenReference:
    text = Text(*parts)
    first, *rest = text.parts or ("",)
    if isinstance(first, EachOf):
        return _listed_references(first)
    if _is_whole(first) and not rest:
        return _open_reference(first, facts)
    if _is_whole(first) and isinstance(rest[0], str) and rest[0].startswith(":"):
        return _secret_reference(_in_place_of_secret(first, Text(*rest)), text)
    if _is_name_of_parameter(first) and not rest:
        return ParameterReference(_parameter_arn(text, facts))
    if isinstance(first, Symbol) and not isinstance(first, Parameter) and text.shape("")[:1] in ("", ":"):
        how = first.remedy if isinstance(first, Expression) else ""
        raise Unnamed(f"what {first.spelled} names is unknown", how or "Name the secret or parameter by its ARN")
    if not text.startswith("arn:"):
        check_pasted(text)
        return ParameterReference(_parameter_arn(text, facts))
    arn = parse_arn(text)
    if arn.service == "secretsmanager":
        return _secret_reference(arn, text)
    if arn.service != "ssm":
        raise Malformed(
            f"{shown(text)} is an ARN of {arn.service or 'no service'}",
            "ECS reads secrets from Secrets Manager and Parameter Store only.",
        )
    return ParameterReference(_checked_parameter(text, facts))


def _is_whole(part: Part | None) -> TypeGuard[Symbol]:
    """Return whether a part represents a whole value that names something of any service.

    In Terraform, this is any expression that can be written again and whose resource does not determine the kind.
    """
    if isinstance(part, Expression):
        return bool(part.written) and not part.forms and not part.address
    return isinstance(part, Parameter | Import)


def _is_name_of_parameter(part: Part | None) -> bool:
    """Return whether a part is the name of a parameter that CloudFormation creates and names, without a slash."""
    return isinstance(part, Attribute) and part.type == "AWS::SSM::Parameter" and "." not in part.name


def _listed_references(symbol: EachOf) -> OpenReference:
    """Each reference of a list: the secrets among them, and the parameters."""
    region, account = field_of(symbol, 3), field_of(symbol, 4)
    secret, parameter = (of_kind(symbol, kind) for kind in (Kind.SECRET, Kind.PARAMETER))
    return OpenReference(
        SecretReference(Arn(PARTITION, "secretsmanager", region, account, Text(secret), Text(secret))),
        (ParameterReference(Arn(PARTITION, "ssm", region, ACCOUNT, Text(parameter), Text(parameter))),),
    )


def _open_reference(symbol: Symbol, facts: Facts) -> OpenReference:
    """Return the reference of a symbol's value for both kinds: the ARN of the wrong one matches nothing."""
    region = field_of(symbol, 3)
    if isinstance(symbol, Placeholder):
        # The parameter of the template accepts only ARNs.
        by_arn = Arn(PARTITION, "ssm", region, ACCOUNT, field_of(symbol, 5))
        return OpenReference(_open_secret(symbol), (ParameterReference(by_arn),))
    name = AfterParameter(f"{symbol.name}[parameter]", of=symbol)
    by_arn = Arn(PARTITION, "ssm", region, ACCOUNT, Text("parameter/", name))
    by_name = facts.arn("ssm", Text(ParameterPath(f"parameter/{symbol.name}", of=symbol)))
    return OpenReference(_open_secret(symbol), (ParameterReference(by_arn), ParameterReference(by_name)))


def _open_secret(symbol: Symbol) -> SecretReference:
    """Return the secret whose complete ARN begins a symbol's value, whatever follows."""
    region, account = field_of(symbol, 3), field_of(symbol, 4)
    name = Text("secret:", field_of(symbol, 6))
    return SecretReference(Arn(PARTITION, "secretsmanager", region, account, name))


def _in_place_of_secret(symbol: Symbol, rest: Text) -> Arn:
    """Return the ARN of a secret in a symbol's value, with the fields that follow it in the document."""
    region, account = field_of(symbol, 3), field_of(symbol, 4)
    return Arn(PARTITION, "secretsmanager", region, account, Text("secret:", symbol, rest), Text(symbol))


def _checked_parameter(text: Text, facts: Facts) -> Arn:
    arn = parse_arn(text)
    name = arn.resource.removeprefix("parameter")
    if name.startswith("//"):
        raise Malformed(
            f"{shown(text)} has two slashes after `parameter`", f"Write {shown(text).replace('//', '/', 1)}."
        )
    # A symbol right after `parameter` is a name that begins with a slash, or the ARN would be of nothing.
    begins = "/" if name.parts and isinstance(name.parts[0], Symbol) else ""
    is_parameter = arn.resource.startswith("parameter/") or (arn.resource.startswith("parameter") and begins)
    if not is_parameter or not _PARAMETER_NAME.fullmatch(begins + name.shape()):
        raise Malformed(
            f"{shown(text)} is not the ARN of a parameter",
            "Write arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME, without a version or label.",
        )
    arn = located_arn(text)
    if facts.account not in ("", _OF_EMULATORS) and not arn.account.unknown and arn.account != facts.account:
        raise Malformed(
            f"{shown(text)} is not a parameter of {facts.account}, and ECS reads those of the task's own account only",
            "Store the value in a secret, which another account can share, or in a parameter in the task's account.",
        )
    return arn


def secret_or_name(text: Text, facts: Facts) -> SecretReference:
    """Return the target of ``credentialsParameter``: the ARN or the name of a secret.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RepositoryCredentials.html
    """
    if _is_whole(text.whole):
        return _open_secret(text.whole)
    if not text.startswith("arn:"):
        check_pasted(text)
        if not _SECRET_NAME.fullmatch(text.shape()):
            raise Malformed(f"{shown(text)} cannot be a secret's name", "Write the secret's ARN or its name.")
        return SecretReference(facts.arn("secretsmanager", Text("secret:", text)), by_name=True)
    arn = parse_arn(text)
    if arn.service != "secretsmanager" or len(arn.resource.cut(":")) != 2:
        raise Malformed(
            f"{shown(text)} is not the ARN of a secret", "Write the ARN of the secret with nothing after it."
        )
    return _secret_reference(arn, text)


def _secret_reference(arn: Arn, text: Text) -> SecretReference:
    kind, *fields = arn.resource.cut(":")
    if kind != "secret" or not fields or not fields[0]:
        raise Malformed(
            f"{shown(text)} is not the ARN of a secret",
            "Write arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME.",
        )
    if len(fields) not in (1, 4):
        given = len(fields) - 1
        raise Malformed(
            f"{shown(text)} has {given} field{'s' if given > 1 else ''} after the secret's name, and ECS takes none or"
            " three",
            _JSON_KEY_FORM,
        )
    if not _SECRET_NAME.fullmatch(fields[0].shape()):
        raise Malformed(
            f"{shown(fields[0])} cannot be a secret's name",
            "Use letters, digits and / _ + = . @ ! - only.",
        )
    base = Arn(arn.partition, arn.service, arn.region, arn.account, Text("secret:", fields[0]), arn.given)
    if arn.given is None:
        located_arn(base.text)
    json_key, version_stage, version_id = fields[1:] or ("", "", "")
    return SecretReference(base, json_key, version_stage, version_id)


def _parameter_arn(name: Text, facts: Facts) -> Arn:
    if re.fullmatch(rf"({_PARAMETER_NAME.pattern}):(\w[\w.-]*)", name.shape()):
        alone = name.written.rpartition(":")[0] if shown(name) == name.written else "the name alone"
        raise Malformed(
            f"{shown(name)} selects a version or label of a parameter, which ECS does not support",
            f"Write {alone}, which is the parameter's latest version.",
        )
    if not _PARAMETER_NAME.fullmatch(name.shape()):
        raise Malformed(
            f"{shown(name)} is neither an ARN nor a name that a parameter can have",
            "Use letters, digits and _ . - / only for a parameter; name a secret in Secrets Manager by its ARN.",
        )
    # A name with a slash in it begins with one, which is that of the ARN.
    begun = isinstance(name.parts[0], Symbol) and "/" in name.shape()
    return facts.arn("ssm", Text("parameter", name) if begun else Text("parameter/", name.lstrip("/")))


def s3_object(text: Text) -> Arn:
    """Return the ARN of an object in S3. Raise Malformed if ``text`` has no bucket and key.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html
    """
    if url := re.fullmatch(r"s3://([^/]+)/(.+)", text.written):
        raise Malformed(f"{text.written} is a URL, and ECS requires an ARN", f"Write arn:aws:s3:::{url[1]}/{url[2]}.")
    if isinstance(text.whole, EachOf):
        return _listed_files(text.whole, Kind.FILE)
    if _is_whole(text.whole):
        return Arn(PARTITION, "s3", EMPTY, EMPTY, field_of(text.whole, 5), text)
    arn = parse_arn(text)
    bucket, _, key = arn.resource.partition("/")
    named = re.fullmatch(r"[a-z0-9.-]{3,63}", bucket.shape("xxx"))
    if arn.service != "s3" or arn.region or arn.account or not named or not key:
        raise Malformed(f"{text.written} is not the ARN of an object in S3", "Write arn:PARTITION:s3:::BUCKET/KEY.")
    if re.search(r"[*?]", key.shape("")):
        raise Malformed(f"{text.written} has a wildcard in its key", "Name one object.")
    return arn


def _listed_files(symbol: EachOf, kind: Kind) -> Arn:
    each = Text(of_kind(symbol, kind))
    return Arn(PARTITION, "s3", EMPTY, EMPTY, each, each)


def s3_bucket(text: Text) -> Arn:
    """Return the bucket of an object in S3."""
    arn = s3_object(text)
    if isinstance(text.whole, EachOf):
        return _listed_files(text.whole, Kind.BUCKET)
    if _is_whole(text.whole):
        return Arn(PARTITION, "s3", EMPTY, EMPTY, bucket_of(text.whole))
    return Arn(arn.partition, "s3", arn.region, arn.account, arn.resource.partition("/")[0])


def of_known_owners(facts: Facts) -> tuple[Condition, ...]:
    """Return a condition on the accounts in the option; none without the option.

    Anyone can take the name of a deleted bucket.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    owners = {ACCOUNT if account == facts.account else Text(account) for account in facts.bucket_accounts}
    return (Condition("StringEquals", "aws:ResourceAccount", tuple(sorted(owners))),) if owners else ()


def service_host(service: str, region: Text) -> Text:
    """Return the name of a service in ``kms:ViaService``: ``secretsmanager.us-east-1.amazonaws.com``.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    parts: tuple[Part, ...] = (f"{service}.", region, ".amazonaws.com")
    return Text(*parts)


def via_service(service: str, region: Text) -> Condition:
    """Return the condition that the service makes the call; in any Region if only a parameter's value determines it."""
    if isinstance(region.whole, Field):
        return Condition("StringLike", "kms:ViaService", (service_host(service, ANYTHING),))
    return Condition("StringEquals", "kms:ViaService", (service_host(service, region),))
