"""The ARNs of a template's resources, as far as they are known before CloudFormation generates the rest."""

from __future__ import annotations

from collections.abc import Callable

from cfnroles.symbols import Attribute, Symbol
from cfnroles.template.template import Resource
from cfnroles.text import Text, arn_of, from_spelling

#: Resources whose ``Ref`` is the ARN: the attribute with the ARN, the service, and the resource in the ARN, where ``*``
#: is generated.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
ARNS = {
    "AWS::ACMPCA::CertificateAuthority": ("Arn", "acm-pca", "certificate-authority/*"),
    "AWS::AppMesh::VirtualGateway": ("Arn", "appmesh", "mesh/*/virtualGateway/*"),
    "AWS::AppMesh::VirtualNode": ("Arn", "appmesh", "mesh/*/virtualNode/*"),
    "AWS::ECS::TaskDefinition": ("TaskDefinitionArn", "ecs", "task-definition/*:*"),
    "AWS::ElasticLoadBalancingV2::Listener": ("ListenerArn", "elasticloadbalancing", "listener/app/*/*/*"),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("RuleArn", "elasticloadbalancing", "listener-rule/app/*/*/*/*"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("TargetGroupArn", "elasticloadbalancing", "targetgroup/*/*"),
    "AWS::Lambda::Alias": ("AliasArn", "lambda", "function:*:*"),
    "AWS::Lambda::Version": ("FunctionArn", "lambda", "function:*:*"),
    "AWS::S3Files::FileSystem": ("FileSystemArn", "s3files", "file-system/*"),
    "AWS::VpcLattice::Listener": ("Arn", "vpc-lattice", "service/*/listener/*"),
    "AWS::VpcLattice::Rule": ("Arn", "vpc-lattice", "service/*/listener/*/rule/*"),
    "AWS::VpcLattice::TargetGroup": ("Arn", "vpc-lattice", "targetgroup/*"),
}
_TASK_DEFINITION = "AWS::ECS::TaskDefinition"
#: The property of a rule with its listener, and the type of that.
_LISTENERS = {
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn", "AWS::ElasticLoadBalancingV2::Listener"),
    "AWS::VpcLattice::Rule": ("ListenerIdentifier", "AWS::VpcLattice::Listener"),
}
#: Attributes with the ARN of the secret that a property of it names.
ATTACHMENT = "AWS::SecretsManager::SecretTargetAttachment"
#: OpenSearch domains. A property of theirs is the name in their ARN and endpoint.
DOMAINS = ("AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain")
#: Types with a property that says what a reference to them in a task definition is.
TOLD_BY_PROPERTIES = (ATTACHMENT, "AWS::ElasticLoadBalancingV2::Listener", *_LISTENERS, *DOMAINS)
#: Prefixes of types with a property that says something about an ARN.
TELLING = (
    *("AWS::ECS::TaskDefinition", "AWS::ElasticLoadBalancingV2::Listener", "AWS::VpcLattice::Rule", ATTACHMENT),
    *DOMAINS,
)
#: Protocols of Network Load Balancers.
#: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
_OF_NETWORKS = frozenset({"TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"})


def made_up_arn(resource: Resource, attribute: str, found: Callable[[str], Resource | None]) -> Text | None:
    """Return the ARN in ``Ref`` or an attribute of a resource; ``None`` if it is not one, or unknown.

    ``found`` returns the other resources of the stack by logical ID.
    """
    of_kind = ARNS.get(resource.type)
    if of_kind is None or attribute not in ("", of_kind[0]):
        return None
    own = Attribute(resource.logical_id, type=resource.type)
    family = resource.properties.get("Family") if resource.type == _TASK_DEFINITION else None
    if isinstance(family, str) and family:
        first = of_kind[2].partition("*")[0]
        return Text(_form(of_kind[1], first, own), from_spelling(family, policy=False), ":", own)
    if resource.type in _LISTENERS:
        return _rule(resource, own, found)
    return _form(*of_kind[1:], own, network=resource.properties.get("Protocol") in _OF_NETWORKS)


def named_by_ref(text: Text) -> Text:
    """Return the text, or the ``Ref`` whose value is a generated ARN."""
    last = text.parts[-1] if text.parts else None
    whole = isinstance(last, Attribute) and last.type in ARNS and "." not in last.name
    return Text(last) if whole and last is not None and arn_of(text) else text


def _form(service: str, form: str, own: Symbol, *, network: bool = False) -> Text:
    first, *others = (form.replace("/app/", "/net/") if network else form).split("*")
    start = from_spelling("arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + first)
    return Text(start, *(part for other in others for part in (own, other)))


def _rule(rule: Resource, own: Symbol, found: Callable[[str], Resource | None]) -> Text | None:
    """Return a rule's ARN, which begins like that of its listener."""
    name, kind = _LISTENERS[rule.type]
    given = rule.properties.get(name)
    text = from_spelling(given) if isinstance(given, str) else Text()
    whole = text.whole
    made = found(whole.name.partition(".")[0]) if whole else None
    if whole and made and made.type == kind:
        text = made_up_arn(made, whole.name.partition(".")[2], found) or text
    elif whole and kind.startswith("AWS::ElasticLoadBalancingV2::"):
        # It is the whole ARN of the listener, and represents each part of it. In VPC Lattice it may be an ID.
        text = _form(*ARNS[kind][1:], whole)
    arn = arn_of(text)
    if arn is None:
        return None
    if arn.service == "vpc-lattice":
        return Text(text, "/rule/", own)
    before, _, after = text.partition(":listener/")
    return Text(before, ":listener-rule/", after, "/", own)
