"""The known forms of the values that a resource without a given name has in a template."""

from __future__ import annotations

from cfnroles.sources.template_arns import ATTACHMENT, DOMAINS, made_up_arn, named_by_ref
from cfnroles.symbols import Attribute, Symbol
from cfnroles.template.template import ResolvedStack, Resource
from cfnroles.text import REGION, URL_SUFFIX, Part, Text, from_spelling

_HOME = "${AWS::Region}:${AWS::AccountId}"
#: The value of Ref and GetAtt for a resource without a given name: (type, attribute) -> the text before and after the
#: generated name.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
_SHAPES = {
    ("AWS::SecretsManager::Secret", ""): (f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:", ""),
    ("AWS::SecretsManager::Secret", "Id"): (f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:", ""),
    ("AWS::SecretsManager::SecretTargetAttachment", ""): (
        f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:",
        "",
    ),
    ("AWS::RDS::DBInstance", "MasterUserSecret.SecretArn"): (
        f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:",
        "",
    ),
    ("AWS::RDS::DBCluster", "MasterUserSecret.SecretArn"): (
        f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:",
        "",
    ),
    ("AWS::SSM::Parameter", ""): ("", ""),
    ("AWS::S3::Bucket", ""): ("", ""),
    ("AWS::S3::Bucket", "Arn"): ("arn:${AWS::Partition}:s3:::", ""),
    ("AWS::Logs::LogGroup", ""): ("", ""),
    ("AWS::Logs::LogGroup", "Arn"): (f"arn:${{AWS::Partition}}:logs:{_HOME}:log-group:", ":*"),
    ("AWS::ECR::Repository", ""): ("", ""),
    ("AWS::ECR::Repository", "Arn"): (f"arn:${{AWS::Partition}}:ecr:{_HOME}:repository/", ""),
    ("AWS::ECR::Repository", "RepositoryUri"): ("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/", ""),
    ("AWS::EFS::FileSystem", ""): ("", ""),
    ("AWS::EFS::FileSystem", "Arn"): (f"arn:${{AWS::Partition}}:elasticfilesystem:{_HOME}:file-system/", ""),
    ("AWS::ECS::Cluster", ""): ("", ""),
    ("AWS::ECS::Cluster", "Arn"): (f"arn:${{AWS::Partition}}:ecs:{_HOME}:cluster/", ""),
    ("AWS::Kinesis::Stream", ""): ("", ""),
    ("AWS::Kinesis::Stream", "Arn"): (f"arn:${{AWS::Partition}}:kinesis:{_HOME}:stream/", ""),
    ("AWS::KinesisFirehose::DeliveryStream", ""): ("", ""),
    ("AWS::KinesisFirehose::DeliveryStream", "Arn"): (
        f"arn:${{AWS::Partition}}:firehose:{_HOME}:deliverystream/",
        "",
    ),
    ("AWS::KMS::Key", "Arn"): (f"arn:${{AWS::Partition}}:kms:{_HOME}:key/", ""),
    ("AWS::Lambda::Function", "Arn"): (f"arn:${{AWS::Partition}}:lambda:{_HOME}:function:", ""),
    **{
        (kind, attribute): (f"arn:${{AWS::Partition}}:es:{_HOME}:domain/" if attribute else "", "")
        for kind in DOMAINS
        for attribute in ("Arn", "DomainArn", "")
    },
}
_OF_SECRETS = "AWS::SecretsManager::Secret"


def shaped(spelled: str, stack: ResolvedStack, *, policy: bool = False) -> Text:
    """Return a resolved text of a stack, with the known form of the value of a resource without a given name.

    The generated name is the symbol ``${LogicalId}``. ``policy`` is as for `from_spelling`.
    """

    def _attached(attachment: Resource) -> Part | None:
        """Return the secret of an attachment, which is the attachment's Ref."""
        given = attachment.properties.get("SecretId")
        whole = from_spelling(given, policy=policy).whole if isinstance(given, str) else None
        target = stack.resources.get(whole.name.partition(".")[0]) if whole else None
        return form(whole) if whole and target is not None and target.type == _OF_SECRETS else None

    def form(symbol: Symbol) -> Part:
        logical_id, _, attribute = symbol.name.partition(".")
        resource = stack.resources.get(logical_id)
        if resource is not None and resource.type == ATTACHMENT and not attribute and (secret := _attached(resource)):
            return secret
        if resource is None:
            return symbol
        if arn := made_up_arn(resource, attribute, stack.resources.get):
            return arn
        if resource.type in DOMAINS and attribute == "DomainEndpoint":
            return _endpoint(resource, policy=policy)
        shape = _SHAPES.get((resource.type, attribute))
        if shape is None:
            return Attribute(symbol.name, type=resource.type)
        before, after = (from_spelling(part, policy=policy) for part in shape)
        return Text(before, Attribute(logical_id, type=resource.type), after)

    return from_spelling(spelled, policy=policy).replaced(form)


def _endpoint(domain: Resource, *, policy: bool) -> Text:
    """Return the endpoint of an OpenSearch domain, which contains its name. The symbol represents the generated ID.

    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/createupdatedomains.html
    """
    given = domain.properties.get("DomainName")
    own = Attribute(domain.logical_id, type=domain.type)
    name = from_spelling(given, policy=policy) if isinstance(given, str) and given else Text(own)
    made = Attribute(f"{domain.logical_id}.DomainEndpoint", type=domain.type)
    return Text("search-", name, "-", made, ".", REGION, ".es.", URL_SUFFIX)


def spelled(text: Text) -> Text:
    """Return the text of a policy as its template has it: with ``Ref`` or ``GetAtt``, not the form of its value."""
    for symbol in text.symbols:
        if not isinstance(symbol, Attribute):
            continue
        for (kind, attribute), shape in _SHAPES.items():
            form = f"{shape[0]}{symbol.spelled}{shape[1]}"
            if symbol.type == kind and shape[0] and text.startswith(form):
                name = f"{symbol.name}.{attribute}" if attribute else symbol.name
                return Text(Attribute(name, type=kind), from_spelling(str(text)[len(form) :]))
    return named_by_ref(text)
