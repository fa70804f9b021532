"""The forms of the values of Terraform's attributes, as far as they are known before apply.

A row gets the ARN of a secret with the resource's symbol in place of the name. Output contains the user's own
expression for the whole ARN.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from cfnroles.symbols import Apart, Expression, Symbol
from cfnroles.text import ACCOUNT, PARTITION, REGION, URL_SUFFIX, Part, Text, field_of


def _arn(service: str, before: str) -> Text:
    return Text("arn:", PARTITION, f":{service}:", REGION, ":", ACCOUNT, f":{before}")


_NOTHING = Text()
_SECRET_ARN = _arn("secretsmanager", "secret:")
_KEY_ARN = _arn("kms", "key/")
_DOMAIN_ARN = _arn("es", "domain/")
_DOMAINS = ("aws_opensearch_domain", "aws_elasticsearch_domain")
_REGISTRY = Text(ACCOUNT, ".dkr.ecr.", REGION, ".", URL_SUFFIX, "/")
#: The text before the name in the value of an attribute, by resource or data source type.
#: https://registry.terraform.io/providers/hashicorp/aws/latest/docs
_FORMS: dict[str, dict[str, Text]] = {
    "aws_secretsmanager_secret": {"arn": _SECRET_ARN, "id": _SECRET_ARN},
    "aws_secretsmanager_secret_version": {"arn": _SECRET_ARN, "secret_id": _SECRET_ARN},
    "aws_secretsmanager_secret_rotation": {"id": _SECRET_ARN, "secret_id": _SECRET_ARN},
    "aws_db_instance": {"master_user_secret[0].secret_arn": _SECRET_ARN},
    "aws_rds_cluster": {"master_user_secret[0].secret_arn": _SECRET_ARN},
    "aws_ssm_parameter": {"arn": _arn("ssm", "parameter/"), "name": _NOTHING, "id": _NOTHING},
    "aws_ecr_repository": {
        "arn": _arn("ecr", "repository/"),
        "repository_url": _REGISTRY,
        "name": _NOTHING,
        "id": _NOTHING,
    },
    "aws_ecr_image": {"image_uri": _REGISTRY},
    "aws_ecrpublic_repository": {"repository_uri": Text("public.ecr.aws/")},
    "aws_cloudwatch_log_group": {"arn": _arn("logs", "log-group:"), "name": _NOTHING, "id": _NOTHING},
    "aws_s3_bucket": {"arn": Text("arn:", PARTITION, ":s3:::"), "bucket": _NOTHING, "id": _NOTHING},
    "aws_kms_key": {"arn": _KEY_ARN, "key_id": _NOTHING, "id": _NOTHING},
    "aws_kms_alias": {"target_key_arn": _KEY_ARN},
    "aws_efs_file_system": {"arn": _arn("elasticfilesystem", "file-system/"), "id": _NOTHING},
    "aws_efs_access_point": {"arn": _arn("elasticfilesystem", "access-point/"), "id": _NOTHING},
    "aws_lb_target_group": {"arn": _arn("elasticloadbalancing", "targetgroup/")},
    "aws_lb_listener": {"arn": _arn("elasticloadbalancing", "listener/")},
    "aws_lb_listener_rule": {"arn": _arn("elasticloadbalancing", "listener-rule/")},
    "aws_alb_target_group": {"arn": _arn("elasticloadbalancing", "targetgroup/")},
    "aws_alb_listener": {"arn": _arn("elasticloadbalancing", "listener/")},
    "aws_alb_listener_rule": {"arn": _arn("elasticloadbalancing", "listener-rule/")},
    "aws_lambda_function": {"arn": _arn("lambda", "function:")},
    "aws_acmpca_certificate_authority": {"arn": _arn("acm-pca", "certificate-authority/")},
    "aws_ecs_cluster": {"arn": _arn("ecs", "cluster/"), "id": _arn("ecs", "cluster/"), "name": _NOTHING},
    "aws_ecs_task_definition": {"arn": _arn("ecs", "task-definition/")},
    "aws_sqs_queue": {"arn": _arn("sqs", "")},
    "aws_sns_topic": {"arn": _arn("sns", ""), "id": _arn("sns", "")},
    "aws_dynamodb_table": {"arn": _arn("dynamodb", "table/"), "name": _NOTHING, "id": _NOTHING},
    "aws_kinesis_stream": {"arn": _arn("kinesis", "stream/"), "name": _NOTHING},
    "aws_kinesis_firehose_delivery_stream": {"arn": _arn("firehose", "deliverystream/"), "name": _NOTHING},
    "aws_cloudwatch_event_bus": {"arn": _arn("events", "event-bus/"), "name": _NOTHING, "id": _NOTHING},
    "aws_sfn_state_machine": {"arn": _arn("states", "stateMachine:"), "name": _NOTHING},
    "aws_iam_role": {"arn": Text("arn:", PARTITION, ":iam::", ACCOUNT, ":role/")},
    **{kind: {"arn": _DOMAIN_ARN, "id": _DOMAIN_ARN, "domain_name": _NOTHING} for kind in _DOMAINS},
}
#: Data sources with values that every stack knows.
_KNOWN: dict[tuple[str, str], Text] = {
    ("aws_caller_identity", "account_id"): ACCOUNT,
    ("aws_caller_identity", "id"): ACCOUNT,
    ("aws_region", "name"): REGION,
    ("aws_region", "id"): REGION,
    ("aws_region", "region"): REGION,
    ("aws_partition", "partition"): PARTITION,
    ("aws_partition", "id"): PARTITION,
    ("aws_partition", "dns_suffix"): URL_SUFFIX,
}


#: Attributes that ECS accepts in place of an ARN.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
_NAMES = {("aws_ssm_parameter", "name"), ("aws_ssm_parameter", "id")}

_WITHOUT_REVISION = ("aws_ecs_task_definition", "arn_without_revision")
#: The ARN of the table, `/stream/` and the label of the stream.
_STREAM = ("aws_dynamodb_table", "stream_arn")
#: The registry, the repository and the digest.
#: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/ecr_image
_IMAGE = ("aws_ecr_image", "image_uri")

#: A module as its caller names it: what follows is the name of an output, even if an attribute has the same name.
_CALL = re.compile(r"module\.[\w-]+(\[.*\])?")
#: Attributes whose value is itself a secret.
#: https://registry.terraform.io/providers/hashicorp/aws/latest/docs
_SECRETS = {
    ("aws_secretsmanager_secret_version", "secret_string"),
    ("aws_secretsmanager_random_password", "random_password"),
    ("aws_iam_access_key", "secret"),
    ("random_password", "result"),
    ("aws_db_instance", "password"),
    ("aws_rds_cluster", "master_password"),
}


def shaped(text: Text) -> Text:
    """Return the text with the known forms of its expressions' values."""
    whole = text.whole
    if isinstance(whole, Expression) and whole.type:
        instance, attribute = _apart(whole)
        if (whole.type, attribute) in _NAMES:
            forms = _FORMS[whole.type]
            return Text(forms["arn"], _named(whole, instance, attribute, forms))
    return text.replaced(_form) if text.symbols else text


def _form(symbol: Symbol) -> Part:
    if not isinstance(symbol, Expression) or not symbol.type:
        return symbol
    instance, attribute = _apart(symbol)
    known = _KNOWN.get((symbol.type, attribute))
    if known is not None and not _may_differ(known, symbol.apart):
        return Text(*(replace(each, written=symbol.written) for each in known.symbols))
    if (symbol.type, attribute) == _WITHOUT_REVISION:
        return _of_family(symbol, instance, attribute)
    if (symbol.type, attribute) == _STREAM and _is_own(symbol, attribute):
        table, label = (_other(symbol, instance, attribute, name) for name in ("arn", "stream_label"))
        return Text(_form(table), "/stream/", label)
    if (symbol.type, attribute) == _IMAGE and symbol.apart:
        return symbol  # the image itself says its account and Region
    if (symbol.type, attribute) == _IMAGE and _is_own(symbol, attribute):
        repository, digest = (_other(symbol, instance, attribute, name) for name in ("repository_name", "image_digest"))
        return Text(_REGISTRY, repository, "@", digest)
    if symbol.type in _DOMAINS and attribute == "endpoint" and not symbol.apart and _is_own(symbol, attribute):
        # Its host is in the form of https://docs.aws.amazon.com/opensearch-service/latest/developerguide/createupdatedomains.html
        domain = _other(symbol, instance, attribute, "domain_name")
        return Text("search-", _form(domain), "-", symbol, ".", REGION, ".es.", URL_SUFFIX)
    forms = _forms(symbol, instance, attribute)
    if attribute not in forms:
        return replace(symbol, secret=symbol.secret or (symbol.type, attribute) in _SECRETS)
    return Text(forms[attribute], _named(symbol, instance, attribute, forms))


def _may_differ(known: Text, apart: Apart) -> bool:
    """Return whether a home value may differ where a resource is created."""
    return apart is Apart.ACCOUNT or (apart is Apart.REGION and known == REGION)


def _forms(symbol: Expression, instance: str, attribute: str) -> Mapping[str, Text]:
    """Return the forms of a resource's attributes, with the account and Region of its ARN if it is elsewhere."""
    usual = _FORMS.get(symbol.type, {})
    if not symbol.apart or "arn" not in usual or attribute not in usual:
        return usual
    if attribute != "arn" and not _is_own(symbol, attribute):
        return {}
    arn = symbol if attribute == "arn" else _other(symbol, instance, attribute, "arn")
    # ECS reads nothing in another partition.
    fields = {REGION: 3, ACCOUNT: 4} if symbol.apart is Apart.ACCOUNT else {REGION: 3}
    elsewhere = {each.symbols[0]: field_of(arn, number) for each, number in fields.items()}
    return {name: form.replaced(lambda each: elsewhere.get(each, each)) for name, form in usual.items()}


def _is_own(symbol: Expression, attribute: str) -> bool:
    """Return whether it is the attribute itself, not an output with only this attribute."""
    whole, _, last = symbol.written[2:-1].rpartition(f".{attribute}")
    return not last and bool(whole) and not _CALL.fullmatch(whole)


def _other(symbol: Expression, instance: str, attribute: str, name: str) -> Expression:
    """Return another attribute of the same resource."""
    start = symbol.name.removesuffix(attribute).removesuffix(".")
    written = symbol.written[2:-1].removesuffix(attribute).removesuffix(".")
    return replace(symbol, name=f"{start}.{name}", written=f"${{{written}.{name}}}", attribute=f"{instance}{name}")


def other_attribute(symbol: Expression, name: str) -> Expression | None:
    """Another attribute of the resource of a symbol; ``None`` if an output gives that attribute alone."""
    instance, attribute = _apart(symbol)
    return _other(symbol, instance, attribute, name) if _is_own(symbol, attribute) else None


def _of_family(symbol: Expression, instance: str, attribute: str) -> Text:
    """Return the ARN of a task definition without revision, with the symbol of its family."""
    start = symbol.name.removesuffix(attribute)
    before = _FORMS[symbol.type]["arn"]
    forms = ((str(before), symbol),)
    return Text(before, replace(symbol, name=f"{start}family", attribute=f"{instance}family", forms=forms))


def _apart(symbol: Expression) -> tuple[str, str]:
    """Return the key of an instance, and its attribute: ``[0]`` and ``arn``."""
    if not symbol.attribute.startswith("["):
        return "", symbol.attribute
    step, _, rest = symbol.attribute.partition("]")
    return f"{step}]", rest.lstrip(".")


def _named(symbol: Expression, instance: str, attribute: str, around: Mapping[str, Text]) -> Expression:
    """Return the symbol for the name of a resource, with the forms of its attributes."""
    start = symbol.name.removesuffix(attribute).removesuffix(".")
    if not _is_own(symbol, attribute):
        # The name of a parameter may begin with a slash, which its ARN has once.
        is_name = (symbol.type, attribute) in _NAMES
        own = replace(symbol, written=f'${{trimprefix({symbol.written[2:-1]}, "/")}}') if is_name else symbol
        return replace(symbol, name=start, attribute=instance, forms=((str(around[attribute]), own),))
    # The first form is the one to write: the user's own, and the longest.
    names = [attribute, *(each for each in around if each != attribute)]
    names.sort(key=lambda each: not around[each])
    forms = tuple((str(around[each]), _other(symbol, instance, attribute, each)) for each in names)
    return replace(symbol, name=start, attribute=instance, forms=forms)
