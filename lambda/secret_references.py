"""What Amazon ECS is given to read: secrets and parameters by their ARNs and names, and what can be wrong with them."""

import re
from dataclasses import dataclass, replace

from .custom_resource import clip, log, seen

# The last two are read without decryption (amazon-ecs-agent: agent/fsx, agent/taskresource/credentialspec).
USES = ("environment", "repository-credentials", "fsx", "windows-credential-spec")

SECRET_ARN = re.compile(r"(arn:[^:]+:secretsmanager:([\w-]+):(\d{12}):secret:[^:]+)(?::([^:]*):([^:]*):([^:]*))?")
PARAMETER_ARN = re.compile(r"arn:[^:]+:ssm:([\w-]+):(\d{12}):parameter/([\w./-]+)", re.ASCII)
PARAMETER_NAME = re.compile(r"/[\w./-]{1,2047}|[\w.-]{1,2048}", re.ASCII)
PROXIED = "/aws/reference/secretsmanager/"
# What names something. Anything else may be the value of a secret, pasted where a reference to it belongs.
NAMING = re.compile(rf"arn:[\w:/+=,.@!*?-]+|{PARAMETER_NAME.pattern}", re.ASCII)

DEPLOY_AGAIN = "The reference may be correct: deploy again"
# What is wrong, and what to do about it.
WORDING = {
    "malformed": ("Malformed reference {given}: {detail}", "Correct its ValueFrom."),
    "missing": ("{it} does not exist", "Create it, or correct the reference.{detail}"),
    "denied": (
        "{it} does not exist, or the validator has no access: AWS answers AccessDenied for both",
        "If it does not exist, create it or correct the reference. If it exists, allow the validator's role"
        " {detail} on it, and check its resource policy for Deny.",
    ),
    "deleted": (
        "{it} is scheduled for deletion and cannot be read",
        "Restore it (aws secretsmanager restore-secret) or reference another secret.",
    ),
    "empty": ("{it} exists but has no value{detail}", "Add a value (aws secretsmanager put-secret-value)."),
    "version": ("{it} has no version {detail}", "Correct the reference, or label a version."),
    "json-key": ("{it} exists, but its value {detail}", "Correct the value, or the key in the reference."),
    "type": ("{it} is a {detail}", "Store it as a type that ECS accepts here."),
    "foreign": ("{it} belongs to another account, {detail}", "Copy it into this account, or use a secret."),
    "foreign-key": (
        "{it} is encrypted with aws/secretsmanager, which other accounts cannot use",
        "Ask its owner to encrypt it with a customer managed key that this account can use.",
    ),
    "key": (
        "{it} exists, but its KMS key {detail}",
        "Enable the key or cancel its deletion. If the key is enabled, allow the validator's role"
        " kms:DescribeKey on it.",
    ),
    "refused": ("{it} could not be checked: AWS answers {detail}", "Fix what AWS reports and deploy again."),
    "unanswered": (
        "{it} could not be checked: {detail}",
        f"{DEPLOY_AGAIN} (in a VPC, the validator needs a route to AWS).",
    ),
    "late": ("{it} was not checked in time", f"{DEPLOY_AGAIN}, or give the validator more memory or time."),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One use of a secret or parameter. It has two names where an ARN does not say /b from b."""

    number: int
    given: str
    needed_by: str
    use: str
    service: str = ""
    region: str = ""
    names: tuple[str, ...] = ("",)
    json_key: str = ""
    stage: str = ""
    version: str = ""
    foreign: str = ""

    @property
    def shown(self) -> str:
        """The reference as messages and the log have it: as much as has room, or the shape of what names nothing."""
        if not self.given or NAMING.fullmatch(self.given):
            return clip(self.given, 480) or "''"
        return f"(a string of {len(self.given)} characters)"

    def __str__(self) -> str:
        kind = "Parameter" if self.service == "ssm" else "Secret"
        account = f" of account {self.foreign}" if self.foreign else ""
        return f"{kind} {clip(seen(self.names[0].split(':', 6)[-1]), 240)} in {self.region}{account}"


class Problem(LookupError):
    """Why a reference cannot be used; said is what AWS said, for the log."""

    def __init__(self, code: str, reference: Reference, detail: str = "", said: str = "") -> None:
        super().__init__(code)
        self.code, self.detail, self.said = code, detail, said
        facts = {"it": reference, "given": reference.shown, "detail": clip(detail, 480)}
        self.what, self.remedy = (words.format(**facts) for words in WORDING[code])


def parse(reference: Reference, region: str, account: str) -> Reference:
    """The reference with what it names, for a task in this region and account; raises Problem."""
    # ECS takes the ARN of a secret with none or all of json-key:version-stage:version-id, and the name or ARN of a
    # parameter (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html).
    given = reference.given
    if reference.use not in USES:
        raise Problem("malformed", reference, f"its Use is not one of {', '.join(USES)}")
    if match := SECRET_ARN.fullmatch(given):
        arn, region, owner, key, stage, version = match.groups("")
        reference = replace(reference, json_key=key, stage=stage, version=version)
        foreign = owner if owner != account else ""
        return replace(reference, service="secretsmanager", region=region, names=(arn,), foreign=foreign)
    if match := PARAMETER_ARN.fullmatch(given):
        region, owner, name = match.groups()
        names = (f"/{name}",) if "/" in name else (name, f"/{name}")
    elif PARAMETER_NAME.fullmatch(given):
        owner, names = account, (given,)
    else:
        why = "expected the ARN of a secret or parameter, or the name of a parameter"
        if ":secretsmanager:" in given:
            why = "after secret:NAME, expected nothing or :json-key:version-stage:version-id with all three colons"
        raise Problem("malformed", reference, why if given else "it is missing")
    reference = replace(reference, service="ssm", region=region, names=names)
    if owner != account:
        raise Problem("foreign", reference, f"{owner}, and ECS only reads parameters of its own account")
    if reference.use == "repository-credentials":
        raise Problem("type", reference, "parameter, but ECS requires a secret here")
    if names[0].startswith(PROXIED):
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
        return replace(reference, service="secretsmanager", names=(names[0].removeprefix(PROXIED),))
    return reference


def usable(parameter: Reference, kind: str, version: str) -> str:
    """The version of a parameter that ECS can use; raises Problem for one that is missing or of another type."""
    if not kind:
        hint = " A bare name is always a parameter: for a secret, use its ARN."
        raise Problem("missing", parameter, "" if re.search("[:/]", parameter.given) else hint)
    if kind != "String" and parameter.use in USES[2:]:
        raise Problem("type", parameter, f"{kind}, but ECS requires a String ({parameter.use})")
    if kind == "StringList":
        log(
            "WARNING",
            f"{parameter} is a StringList: ECS delivers one string with commas",
            For=clip(parameter.needed_by, 160),
        )
    return version
