"""Resources that a template makes, known again by the names that CloudFormation gave them."""

from __future__ import annotations

import re

from msgspec.structs import replace

from cfnroles.answers.source_roles import names_in
from cfnroles.need import Need
from cfnroles.sources.reading import Reading
from cfnroles.symbols import Attribute
from cfnroles.text import Text, arn_of, text_of

#: The attribute that gives the ARN of a resource, after its name; nothing where `Ref` does. And the service in the ARN.
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


def as_made(need: Need, reading: Reading) -> Need:
    """The need on the resource of the template that its ARN names; the need itself where that is not one."""
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
