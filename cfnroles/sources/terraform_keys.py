"""The keys of the secrets, parameters and log groups in a configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.hcl.instances import ResourceInstance
from cfnroles.hcl.session import Session
from cfnroles.hcl.values import Failed, Value
from cfnroles.need import Gap, Need, Reference
from cfnroles.placeholders import texts_in
from cfnroles.sources.terraform_members import Attributes
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.symbols import Expression
from cfnroles.table.references import remedy
from cfnroles.text import Text, arn_of, text_of
from cfnroles.workload import Path
from cfnroles.written import as_written

_SECRET, _PARAMETER, _LOG_GROUP = "aws_secretsmanager_secret", "aws_ssm_parameter", "aws_cloudwatch_log_group"
_ALIAS = "aws_kms_alias"
#: The argument with the key of each.
_KEYS = {_SECRET: "kms_key_id", _PARAMETER: "key_id", _LOG_GROUP: "kms_key_id"}

#: The types whose keys a plan and a state contain.
TOLD_KEYS = frozenset({*_KEYS, _ALIAS})

#: A resource's key: none, a text, or an expression if unknown.
Key = Text | None
#: The keys by the symbol of their resource, and those by type and name.
Known = Mapping[str, Key]


def names_in(texts: Iterable[tuple[Path, str]]) -> tuple[str, ...]:
    """Return the names of what the texts of a task definition refer to, in order."""
    found = (
        symbol.name
        for _, text in texts
        if isinstance(text, Text)
        for symbol in text.symbols
        if isinstance(symbol, Expression)
    )
    return tuple(dict.fromkeys(found))


def keys_of(names: Iterable[str], session: Session) -> dict[str, Key]:
    """Return the key of each resource that a task definition names in a pass: by address, or by type and name."""
    found = {address: key for address in names for key in _key(session.made.get(address))}
    for (kind, name), address in session.called.items():
        found |= {_by_name(kind, name): key for key in _key(session.made.get(address))}
    return found


def _key(instance: Any) -> Iterator[Key]:
    """Yield the key of an instance, if its type has one."""
    if not isinstance(instance, ResourceInstance) or instance.type not in _KEYS:
        return
    try:
        if instance.type == _PARAMETER and said(instance.argument("type")) in ("String", "StringList"):
            yield None
            return
        key = instance.argument(_KEYS[instance.type])
    except Failed:
        return
    yield said(key) if key is not None else None


def keys_in_plan(resources: Iterable[tuple[str, Attributes]], tree: Mapping[str, Any]) -> dict[str, Key]:
    """Return the keys in a plan or state, by type and name. Each resource has its type.

    Only log groups that a task definition names are included.
    """
    resources = tuple(resources)
    aliases = {_plain(each, "name"): _plain(each, "target_key_arn") for kind, each in resources if kind == _ALIAS}
    named = {str(text) for _, text in texts_in(tree)}
    found: dict[str, Key] = {}
    for kind, each in resources:
        if kind not in _KEYS or (kind == _LOG_GROUP and _plain(each, "name") not in named):
            continue
        of_parameter = _plain(each, "type") in ("String", "StringList")
        key = "" if of_parameter else _plain(each, _KEYS[kind])
        # A data source of a parameter does not have its key.
        if key is None or (kind == _PARAMETER and not key and not of_parameter):
            continue
        arn = arn_of(text_of(_plain(each, "arn") or ""))
        names = {_plain(each, "name"), *([str(arn.resource).partition(":")[2]] if arn and kind == _SECRET else [])}
        found |= {_by_name(kind, name): _of_customer(aliases.get(key) or key) for name in names if name}
    return found


def _by_name(kind: str, name: str) -> str:
    """Return the name under which a key is found: a parameter's has the form of its ARN."""
    return f"{kind} {name.removeprefix('/') if kind == _PARAMETER else name}"


def _plain(attributes: Attributes, name: str) -> str | None:
    """Return the text of an attribute, empty if absent; ``None`` if unknown."""
    value = attributes.get(name)
    if value is None:
        return ""
    return value.data if isinstance(value, Value) and isinstance(value.data, str) else None


def _of_customer(key: str) -> Key:
    """Return the key if it is customer managed; AWS's own are used only by alias."""
    return text_of(key) if key and not key.startswith("alias/aws/") else None


def said(value: Value | Failed | None) -> Text | None:
    """Return the text of an argument, with the form of its target; ``None`` if it is not a text."""
    if value is None or isinstance(value, Failed) or not isinstance(value.data, str | Expression):
        return None
    return shaped(text_of(value.data) if isinstance(value.data, str) else Text(value.data))


def with_log_group_keys(facts: Facts, keys: Known) -> Facts:
    """Return the given facts with the keys of the configuration's log groups."""
    by_address = {name: key for name, key in keys.items() if name.split("[")[0].rpartition(".")[0].endswith(_LOG_GROUP)}
    prefix = f"{_LOG_GROUP} "
    by_name = {name.removeprefix(prefix): key for name, key in keys.items() if name.startswith(prefix)}
    own = {**by_address, **by_name}
    return replace(facts, keys_of_log_groups=tuple((name, key or "") for name, key in own.items()))


def by_own_keys(discovery: Discovery, keys: Known, facts: Facts) -> Discovery:
    """Return the discovery with each need to decrypt a resource of the configuration restricted to its key.

    A secret without a key is encrypted with AWS's own, which any role of the account may use through Secrets Manager.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    needs: list[Need] = []
    gaps = list(discovery.gaps)
    for need in discovery.needs:
        names = [each for each in _named(need) if each in keys] if need.permission.when else []
        if not names:
            told = map(text_of, facts.kms_key_arns if need.permission.when else ())
            elsewhere = [replace(need, permission=replace(need.permission, resource=key, when=())) for key in told]
            needs += elsewhere or [need]
            continue
        for key in filter(None, (keys[name] for name in names)):
            arn = arn_of_key(key, facts)
            if arn is not None:
                needs.append(replace(need, permission=replace(need.permission, resource=arn, when=())))
            else:
                gaps.append(without_arn(key, Gap(need.holder, need.reason.feature, need.origin, "", "")))
    return replace(discovery, needs=tuple(dict.fromkeys(needs)), gaps=tuple(dict.fromkeys(gaps)))


def is_made(reference: Reference, keys: Known) -> bool:
    """Return whether the configuration itself creates the target of a reference, so it exists before the task
    definition.
    """
    value = reference.value_from
    by_name = [] if value.symbols or value.startswith("arn:") else [f"{_PARAMETER} {value.plain.removeprefix('/')}"]
    return not set(keys).isdisjoint((*_named_in(value), *by_name))


def _named(need: Need) -> Iterator[str]:
    for text in need.permission.texts:
        yield from _named_in(text)


def _named_in(text: str) -> Iterator[str]:
    """Yield the names in a text: its symbols, and type and name in an ARN."""
    yield from (symbol.name for symbol in text_of(text).unknown)
    if (arn := arn_of(text)) is not None:
        kind, _, name = str(arn.resource).partition("/" if arn.service == "ssm" else ":")
        type_ = {"parameter": _PARAMETER, "secret": _SECRET}.get(kind)
        yield f"{type_} {name.removesuffix('-??????')}"


def without_arn(key: Text, gap: Gap) -> Gap:
    """Return the gap for a key that is not given by ARN."""
    what = f"the ARN of the key {as_written(key).written} is unknown, and a policy can only name a key by its ARN"
    return replace(gap, what=what, remedy=remedy(key.whole) if key.whole else "Write the ARN of the key")


def arn_of_key(key: Text, facts: Facts) -> Text | None:
    """Return the ARN of a key given by ARN or ID; ``None`` for an alias, and for what may be either."""
    whole = key.whole
    if isinstance(whole, Expression) and whole.type == "aws_kms_key":
        return facts.home_arn("kms", "key/", whole)
    if (arn := arn_of(key)) is not None and arn.resource.startswith("key/"):
        return key
    if re.fullmatch(r"(mrk-)?[0-9a-f-]{32,36}", key.plain):
        return facts.home_arn("kms", "key/", key)
    return None
