"""The sources of pipes, which the role of the pipe reads.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.sources.template_shapes import shaped
from cfnroles.symbols import Attribute
from cfnroles.template.template import ResolvedStack, Resource
from cfnroles.text import Text, arn_of


class _Kind(Struct, frozen=True):
    """A kind of source: its service, the member of SourceParameters, and the property that names its key."""

    service: str
    parameters: str
    key: tuple[str, ...]


_KINDS = {
    "AWS::SQS::Queue": _Kind("sqs", "SqsQueueParameters", ("KmsMasterKeyId",)),
    "AWS::Kinesis::Stream": _Kind("kinesis", "KinesisStreamParameters", ("StreamEncryption", "KeyId")),
    "AWS::DynamoDB::Table": _Kind("dynamodb", "DynamoDBStreamParameters", ("SSESpecification", "KMSMasterKeyId")),
    "AWS::DynamoDB::GlobalTable": _Kind("dynamodb", "DynamoDBStreamParameters", ("SSESpecification", "SSEType")),
}
_TOPIC = "AWS::SNS::Topic"
_KEYS = {**{kind: each.key for kind, each in _KINDS.items()}, _TOPIC: ("KmsMasterKeyId",)}
#: The types of resources that say what the role of a pipe needs.
SOURCES = (*_KINDS, _TOPIC)
#: The properties that are the names in their ARNs.
_NAMES = {"AWS::SQS::Queue": "QueueName", "AWS::Kinesis::Stream": "Name", _TOPIC: "TopicName"}
_SERVICES = {**{kind: each.service for kind, each in _KINDS.items()}, _TOPIC: "sns"}
#: What else of a pipe requires permissions of its role.
_BESIDES = ("Enrichment", "KmsKeyIdentifier", "LogConfiguration")


def read_by(pipe: Resource, stack: ResolvedStack) -> Mapping[str, Any]:
    """Return what the role of a pipe reads, and where it sends what failed. Empty if neither is known."""
    return what_is_read(pipe.properties, lambda given: (shaped(given, stack), _service(given, stack)))


def what_is_read(properties: Mapping[str, Any], named: Callable[[str], tuple[Text, str]]) -> Mapping[str, Any]:
    """Return the same for the properties of a pipe. ``named`` returns what a string names, and its service."""
    found: dict[str, Any] = {}
    source, letters = properties.get("Source"), _dead_letters(properties)
    if isinstance(source, str):
        text, service = named(source)
        if service := service or _by_parameters(properties):
            found |= {"source": text, "sourceService": service}
    if isinstance(letters, str):
        text, service = named(letters)
        if service:
            found |= {"deadLetterQueue": text, "deadLetterService": service}
    return found


def service_of(text: Text) -> str:
    """Return the service of an ARN that a pipe may read or send to. Empty if it is unknown."""
    parsed = arn_of(text)
    return str(parsed.service) if parsed and str(parsed.service) in _SERVICES.values() else ""


def needs_more(pipe: Resource, stack: ResolvedStack) -> bool:
    """Return whether the role of a pipe may need more than to run the task and ``read_by``.

    A source outside the template may be encrypted with a key, and so is one of the template that names a key.
    """
    read, source = read_by(pipe, stack), _resource(str(pipe.properties.get("Source")), stack)
    kind = _KINDS.get(source.type) if source else None
    if source is None or kind is None or "source" not in read or any(name in pipe.properties for name in _BESIDES):
        return True
    return bool(_key_of(source)) or (_dead_letters(pipe.properties) is not None and "deadLetterQueue" not in read)


def encrypted(pipe: Resource, stack: ResolvedStack) -> tuple[str, ...]:
    """Return the source of a pipe and where it sends what failed, if a key of AWS KMS encrypts them: logical IDs."""
    used = (pipe.properties.get("Source"), _dead_letters(pipe.properties))
    return tuple(dict.fromkeys(name for each in used if (name := encrypted_queue(each, stack))))


def encrypted_queue(reference: Any, stack: ResolvedStack) -> str:
    """Return the logical ID of what a reference is the ARN of, if a key encrypts it that is not AWS's; else empty."""
    resource = _resource(reference, stack) if isinstance(reference, str) else None
    key = _key_of(resource) if resource is not None else None
    return resource.logical_id if resource is not None and key and not str(key).startswith("alias/aws/") else ""


def _key_of(resource: Resource) -> Any:
    """Return the key that a resource names; ``None`` if it names none."""
    steps = _KEYS.get(resource.type, ())
    key: Any = resource.properties if steps else None
    for step in steps:
        key = key.get(step) if isinstance(key, Mapping) else None
    return key


def _service(arn: str, stack: ResolvedStack) -> str:
    """Return the service of an ARN, or of the resource that it is a reference to. Empty if it is unknown."""
    resource = _resource(arn, stack)
    if resource is not None:
        return _SERVICES.get(resource.type, "")
    return service_of(shaped(arn, stack))


def _by_parameters(properties: Mapping[str, Any]) -> str:
    given = properties.get("SourceParameters")
    members = given if isinstance(given, Mapping) else {}
    return next((each.service for each in _KINDS.values() if each.parameters in members), "")


def _dead_letters(properties: Mapping[str, Any]) -> Any:
    """Return where a pipe sends what failed. ``None`` for nowhere."""
    given = properties.get("SourceParameters")
    for each in given.values() if isinstance(given, Mapping) else ():
        config = each.get("DeadLetterConfig") if isinstance(each, Mapping) else None
        if config is not None:
            return config.get("Arn", "") if isinstance(config, Mapping) else config
    return None


def _resource(reference: str, stack: ResolvedStack) -> Resource | None:
    """Return the resource of the template that a reference is the ARN of."""
    text = shaped(reference, stack)
    arn = arn_of(text)
    name = arn.resource.cut("/")[-1] if arn else text
    if isinstance(name.whole, Attribute):
        return stack.resources.get(name.whole.name.partition(".")[0])
    kinds = [kind for kind, service in _SERVICES.items() if arn and arn.service == service and kind in _NAMES]
    return next((each for each in stack.of_type(*kinds) if each.properties.get(_NAMES[each.type]) == name), None)
