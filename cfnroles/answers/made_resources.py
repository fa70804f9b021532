"""Resources that a source creates, recognized by the names that CloudFormation or Terraform gives them."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.source_roles import names_in
from cfnroles.need import Need
from cfnroles.sources.reading import Reading
from cfnroles.sources.terraform_directory import DirectoryRoles
from cfnroles.symbols import Attribute, Expression
from cfnroles.text import ACCOUNT, PARTITION, REGION, Text, arn_of, text_of

#: The attribute with a resource's ARN, after its name; empty if `Ref` returns it. And the service in the ARN.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
_ARNS = {
    "AWS::DynamoDB::Table": (".Arn", "dynamodb"),
    "AWS::DynamoDB::GlobalTable": (".Arn", "dynamodb"),
    "AWS::Events::EventBus": (".Arn", "events"),
    "AWS::Kinesis::Stream": (".Arn", "kinesis"),
    "AWS::KinesisFirehose::DeliveryStream": (".Arn", "firehose"),
    "AWS::Lambda::Function": (".Arn", "lambda"),
    "AWS::S3::Bucket": (".Arn", "s3"),
    "AWS::SNS::Topic": ("", "sns"),
    "AWS::SQS::Queue": (".Arn", "sqs"),
    "AWS::SecretsManager::Secret": ("", "secretsmanager"),
    "AWS::StepFunctions::StateMachine": ("", "states"),
}
#: A symbol in a spelled ARN.
_SYMBOL = re.compile(r"\$\{([^}]*)\}")
_HOME = {text.symbols[0].name: text for text in (ACCOUNT, PARTITION, REGION)}


class Made(Struct, frozen=True):
    """A need on a resource of the source: as it is ``judged``, and as the source would have it ``written``."""

    judged: Need
    written: Need


def made(need: Need, reading: Reading, role: str) -> Made:
    """Return the need as the source would write it for one of its roles, given by logical ID or address."""
    if isinstance(reading.configuration, DirectoryRoles) and not role.startswith("module."):
        return _in_directory(need, reading.configuration) or Made(need, need)
    template = as_made(need, reading)
    return Made(template, template)


def _in_directory(need: Need, directory: DirectoryRoles) -> Made | None:
    """Return the need on the resource of the root module with its ARN; ``None`` if that is uncertain."""
    resource = str(need.permission.resource)
    if not resource.startswith("arn:") or text_of(resource).symbols:
        return None
    found = []
    for arn, written in directory.arns.items():
        parts = _SYMBOL.split(arn)
        home = all(name in _HOME for name in parts[1::2])
        pattern = "[^:]*".join(map(re.escape, parts[::2]))
        if home and parts[-1] and (match := re.fullmatch(rf"{pattern}(?P<rest>[/:].*)?", resource)):
            rest = match["rest"] or ""
            known = (_HOME.get(part, part) if at % 2 else part for at, part in enumerate(parts))
            symbol = Expression(written[2:-1], written=written, reason="AWS determines it")
            judged, said = (
                replace(need, permission=replace(need.permission, resource=text))
                for text in (Text(*known, rest), Text(symbol, rest))
            )
            found.append(Made(judged, said))
    return found[0] if len(found) == 1 else None


def as_made(need: Need, reading: Reading) -> Need:
    """Return the need on the resource of the template that its ARN names, or the need unchanged."""
    arn = arn_of(text_of(need.permission.resource))
    if reading.template is None or arn is None or arn.resource.symbols:
        return need
    names = names_in(reading)
    found = []
    for name, resource in reading.template.resources.items():
        attribute, service = _ARNS.get(resource["Type"], ("", "none"))
        if service != arn.service or not names[name].pattern.strip(".*"):
            continue
        end = "(?:-[A-Za-z0-9]{6})?" if service == "secretsmanager" else ""
        kind = "(?:[a-zA-Z]+[/:])?"
        if match := re.fullmatch(rf"{kind}(?:{names[name].pattern}){end}(?P<rest>[/:].*)?", str(arn.resource)):
            symbol = Attribute(f"{name}{attribute}", type=resource["Type"])
            found.append(Text(symbol, match["rest"] or ""))
    if len(found) != 1:
        return need
    return replace(need, permission=replace(need.permission, resource=found[0]))
