"""The keys that a template defines next to a task definition: of secrets, log groups, files and log destinations.

Also the prefixes of its pull through cache rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.need import Gap, Holder, Need
from cfnroles.sources.template_shapes import shaped
from cfnroles.sources.template_task_definitions import TemplateTask
from cfnroles.symbols import Parameter
from cfnroles.table.feature import Unnamed
from cfnroles.table.references import remedy
from cfnroles.template.template import ResolvedStack, Resource
from cfnroles.text import Text, arn_of, text_of
from cfnroles.workload import Path

_SECRET, _ATTACHMENT = "AWS::SecretsManager::Secret", "AWS::SecretsManager::SecretTargetAttachment"
_DATABASES = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_PARAMETER, _LOG_GROUP, _BUCKET = "AWS::SSM::Parameter", "AWS::Logs::LogGroup", "AWS::S3::Bucket"
_KEYS, _ALIAS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"), "AWS::KMS::Alias"
_STREAM, _DELIVERY_STREAM = "AWS::Kinesis::Stream", "AWS::KinesisFirehose::DeliveryStream"
#: The type of a destination of logs -> the service in its ARN.
_DESTINATIONS = {_BUCKET: "s3", _STREAM: "kinesis", _DELIVERY_STREAM: "firehose"}
#: The service in an ARN -> the type of the named resource.
_KINDS = {"secretsmanager": _SECRET, "ssm": _PARAMETER}
#: The types of encrypted resources, and those that refer to them or to their keys.
ENCRYPTED = (_SECRET, _ATTACHMENT, *_DATABASES, _PARAMETER, _LOG_GROUP, *_DESTINATIONS, _ALIAS)
#: The property with the name of each.
NAMES = dict.fromkeys((_SECRET, _PARAMETER, _STREAM), "Name") | {
    _BUCKET: "BucketName",
    _LOG_GROUP: "LogGroupName",
    _DELIVERY_STREAM: "DeliveryStreamName",
    _ALIAS: "AliasName",
}
_FILE = "DecryptFiles"
#: The type that fills repositories of Amazon ECR from another registry, and its property with their prefix.
CACHE_RULE, _PREFIX = "AWS::ECR::PullThroughCacheRule", "EcrRepositoryPrefix"
#: The services of what may have a key with an unknown ARN, by the feature of the gap.
_OF_GAPS = {"bucket-key": ("s3:",), "destination-key": ("s3:", "kinesis:", "firehose:")}


class Keys:
    """The keys of what a task names in a stack. ``gaps`` are about keys with unknown names."""

    def __init__(self, task: TemplateTask, stack: ResolvedStack, told: Facts) -> None:
        self._task, self._stack, self._told = task, stack, told
        self.gaps: list[Gap] = []

    @cached_property
    def facts(self) -> Facts:
        """Return the given facts, and the keys of the log groups, buckets and streams that the task names."""
        of_files = (key for keys in self._of_buckets.values() for key in keys)
        return replace(
            self._told,
            keys_of_log_groups=tuple(self._of_log_groups()),
            keys_of_destinations=tuple(self._of_destinations()),
            file_key_arns=tuple(dict.fromkeys((*self._told.file_key_arns, *of_files))),
            pull_through_prefixes=(*self._told.pull_through_prefixes, *_prefixes(self._stack)),
        )

    def gaps_of(self, found: Discovery) -> Iterator[Gap]:
        """Yield the gaps about what a role uses according to the needs of the task, for each such role."""
        for gap in self.gaps:
            place, actions = gap.origin.path, _OF_GAPS[gap.feature]
            using = (
                need.holder
                for need in found.needs
                if need.permission.action.startswith(actions) and place[: len(need.origin.path)] == need.origin.path
            )
            yield from (replace(gap, holder=holder) for holder in dict.fromkeys(using))

    def _of_log_groups(self) -> Iterator[tuple[str, str]]:
        """Yield the log groups that the task names, by reference or name, each with its key."""
        called = _called(_LOG_GROUP, self._stack)
        named = {text: called[text][0] for text in sorted(self._said) if text in called}
        named |= {
            name: each
            for name in self._symbols
            if (each := self._stack.resources.get(name)) and each.type == _LOG_GROUP
        }
        for name, group in named.items():
            key = group.properties.get("KmsKeyId")
            yield name, self._by_arn(shaped(key, self._stack)) if isinstance(key, str) else ""

    def _of_destinations(self) -> Iterator[tuple[str, str, str]]:
        """Yield the buckets and streams that the task names, by reference or name, each with its service and key."""
        found: dict[tuple[str, str], tuple[Resource, list[Path]]] = {}
        for path, text in self._texts:
            own = self._whole(text) if isinstance(text, Text) else None
            if own is not None:
                found.setdefault((own.type, own.logical_id), (own, []))[1].append(path)
            for kind in _DESTINATIONS:
                for each in _called(kind, self._stack).get(text, ())[:1]:
                    found.setdefault((kind, text), (each, []))[1].append(path)
        for (kind, name), (resource, paths) in found.items():
            if kind in _DESTINATIONS:
                key = next(self._of_destination(resource, paths), "")
                yield _DESTINATIONS[kind], name, key

    @property
    def _texts(self) -> list[tuple[Path, str]]:
        return self._task.said

    @cached_property
    def _said(self) -> frozenset[str]:
        return frozenset(text for _, text in self._texts)

    @cached_property
    def _symbols(self) -> tuple[str, ...]:
        return tuple(
            {symbol.name: None for _, text in self._texts if isinstance(text, Text) for symbol in text.unknown}
        )

    def concern(self, need: Need) -> bool:
        """Return whether a need is to decrypt something that may have its own key."""
        return need.sid == _FILE or bool(need.permission.when)

    def of(self, need: Need) -> Iterator[Need]:
        """Yield the need, or if it decrypts a resource of the template, one for its own key, if it has any.

        A secret without a key is encrypted with AWS's own, which any role of the account may use through Secrets
        Manager, and a bucket without one needs no permission. Raise Unnamed for a key by alias.
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        """
        if need.sid == _FILE:
            yield from [need] if need.permission.resource in self._of_file(need) else []
            return
        own = self._secret(need)
        told = tuple(map(text_of, self._told.kms_key_arns))
        keys = told if own is None else tuple(self._keys(own.get("KmsKeyId")))
        for key in keys:
            yield replace(need, permission=replace(need.permission, resource=key, when=()))
        if not keys and own is None:
            yield need

    def _secret(self, need: Need) -> Mapping[str, Any] | None:
        """Return the template's definition of the secret that a need decrypts; ``None`` for a secret elsewhere."""
        for text in need.permission.texts:
            arn = arn_of(text)
            at_home = arn is not None and (bool(arn.account.unknown) or arn.account == self._told.account)
            name = str(arn.resource.partition(":")[2] or arn.resource.partition("/")[2]) if arn and at_home else ""
            for symbol in text_of(text).unknown:
                resource = self._stack.resources.get(symbol.name.partition(".")[0])
                if resource is not None and (found := self._behind(resource)) is not None:
                    return found
            # A secret and a parameter may have the same name.
            kind = _KINDS.get(str(arn.service)) if arn and name else None
            if kind and (resources := _called(kind, self._stack).get(name.removesuffix("-??????"))):
                return resources[0].properties
        return None

    def _behind(self, resource: Resource) -> Mapping[str, Any] | None:
        if resource.type == _ATTACHMENT:
            whole = shaped(str(resource.properties.get("SecretId", "")), self._stack)
            names = [symbol.name for symbol in whole.unknown]
            secret = next((self._stack.resources[name] for name in names if name in self._stack.resources), None)
            return secret.properties if secret is not None and secret.type == _SECRET else None
        if resource.type in _DATABASES:
            secret = resource.properties.get("MasterUserSecret")
            return secret if isinstance(secret, Mapping) else {}
        return resource.properties if resource.type in (_SECRET, _PARAMETER) else None

    def _of_file(self, need: Need) -> tuple[Text, ...]:
        """Return the possible keys of a file: those of its bucket, or the given ones for a bucket elsewhere."""
        for condition in need.permission.conditions:
            for value in condition.values:
                arn = arn_of(value)
                bucket = self._bucket(arn.resource.partition("/")[0]) if arn and arn.service == "s3" else None
                if bucket is not None:
                    return self._of_buckets[bucket.logical_id]
        return tuple(map(text_of, self._told.file_key_arns))

    def _bucket(self, name: Text) -> Resource | None:
        own = self._whole(name)
        if own is not None and own.type == _BUCKET:
            return own
        return next(iter(_called(_BUCKET, self._stack).get(name, ())), None)

    @cached_property
    def _of_buckets(self) -> Mapping[str, tuple[Text, ...]]:
        """Return the keys of the buckets that the task names, by logical ID."""
        named: dict[str, tuple[Resource, list[Path]]] = {}
        for path, text in self._texts:
            arn = arn_of(text) if text.startswith("arn:") else None
            bucket = self._bucket(arn.resource.partition("/")[0]) if arn and arn.service == "s3" else None
            if bucket is not None:
                named.setdefault(bucket.logical_id, (bucket, []))[1].append(path)
        return {name: tuple(self._of_bucket(bucket, paths)) for name, (bucket, paths) in named.items()}

    def _of_bucket(self, bucket: Resource, paths: Iterable[Path]) -> Iterator[Text]:
        """Yield the customer managed keys with which a bucket encrypts new objects."""
        try:
            yield from self._encrypting(bucket)
        except Unnamed as unnamed:
            self._add_gaps(Holder.EXECUTION, "bucket-key", paths, unnamed)

    def _of_destination(self, destination: Resource, paths: Iterable[Path]) -> Iterator[Text]:
        """Yield the customer managed key of a bucket or stream for logs."""
        try:
            yield from self._encrypting(destination)
        except Unnamed as unnamed:
            self._add_gaps(Holder.TASK, "destination-key", paths, unnamed)

    def _add_gaps(self, holder: Holder, feature: str, paths: Iterable[Path], unnamed: Unnamed) -> None:
        origin = self._task.workload.origin
        self.gaps += [Gap(holder, feature, origin(path), unnamed.what, unnamed.remedy) for path in paths]

    def _encrypting(self, resource: Resource) -> Iterator[Text]:
        """Yield the customer managed keys of a bucket or stream. Raise Unnamed for a key by alias.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-serversideencryptionbydefault.html
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-kinesis-stream-streamencryption.html
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-kinesisfirehose-deliverystream-deliverystreamencryptionconfigurationinput.html
        """
        properties = resource.properties
        if resource.type == _BUCKET:
            for default in _defaults_of(properties.get("BucketEncryption")):
                yield from self._keys(default.get("KMSMasterKeyID"))
            return
        is_stream = resource.type == _STREAM
        encryption = properties.get("StreamEncryption" if is_stream else "DeliveryStreamEncryptionConfigurationInput")
        key = encryption.get("KeyId" if is_stream else "KeyARN") if isinstance(encryption, Mapping) else None
        if is_stream:
            yield from self._keys(key)
        elif isinstance(key, str) and key:
            yield self._by_arn(shaped(key, self._stack))

    def _keys(self, given: Any) -> Iterator[Text]:
        # The key of AWS for a service, which only an alias names, needs no permission.
        if isinstance(given, str) and given and not given.startswith("alias/aws/"):
            yield self._arn(shaped(given, self._stack))

    def _by_arn(self, key: Text) -> Text:
        """Return a key that must be given by ARN: an unknown value is one."""
        try:
            return self._arn(key)
        except Unnamed:
            return key

    def _arn(self, key: Text) -> Text:
        """Return the ARN of a key that is given by ARN, ID, or alias of the template.

        Raise Unnamed for an alias elsewhere, and for what may be either.

        https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-identifiers
        """
        key = self._of_alias(key) or key
        resource, whole = self._whole(key), key.whole
        if resource is not None and resource.type in _KEYS:
            return self._told.home_arn("kms", "key/", key)
        if (arn := arn_of(key)) is not None and arn.resource.startswith("key/"):
            return key
        if re.fullmatch(r"(mrk-)?[0-9a-f-]{32,36}", key.plain):
            return self._told.home_arn("kms", "key/", key)
        how = remedy(whole) if isinstance(whole, Parameter) and resource is None else "Write the ARN of the key"
        raise Unnamed(f"the ARN of the key {key.written} is unknown, and a policy can only name a key by its ARN", how)

    def _of_alias(self, key: Text) -> Text | None:
        """Return the key of an alias of the template, which is given by reference, name or ARN."""
        arn, own = arn_of(key), self._whole(key)
        named = _called(_ALIAS, self._stack).get(key if arn is None else arn.resource, ())
        alias = own if own is not None and own.type == _ALIAS else next(iter(named), None)
        target = alias.properties.get("TargetKeyId") if alias is not None else None
        return shaped(target, self._stack) if isinstance(target, str) else None

    def _whole(self, text: Text) -> Resource | None:
        """Return the resource that a text is a reference to."""
        return self._stack.resources.get(text.whole.name) if text.whole is not None else None


def _defaults_of(encryption: Any) -> Iterator[Mapping[str, Any]]:
    rules = encryption.get("ServerSideEncryptionConfiguration") if isinstance(encryption, Mapping) else None
    for rule in rules if isinstance(rules, list) else ():
        default = rule.get("ServerSideEncryptionByDefault") if isinstance(rule, Mapping) else None
        if isinstance(default, Mapping) and str(default.get("SSEAlgorithm", "")).startswith("aws:kms"):
            yield default


def _prefixes(stack: ResolvedStack) -> tuple[str, ...]:
    """Return the prefixes of repositories that the pull through cache rules of a stack fill."""
    given = (rule.properties.get(_PREFIX) for rule in stack.of_type(CACHE_RULE))
    return tuple(shaped(each, stack) for each in given if isinstance(each, str) and each)


def _called(kind: str, stack: ResolvedStack) -> Mapping[str, list[Resource]]:
    """Return the resources of a type by their given names, in the form of an ARN."""
    if kind not in stack.known:
        found: dict[str, list[Resource]] = {}
        for resource in stack.of_type(kind):
            given = resource.properties.get(NAMES[kind])
            named = str(shaped(given, stack)) if isinstance(given, str) else ""
            if named:
                found.setdefault(named.lstrip("/") if kind == _PARAMETER else named, []).append(resource)
        stack.known[kind] = found
    called: Mapping[str, list[Resource]] = stack.known[kind]
    return called
