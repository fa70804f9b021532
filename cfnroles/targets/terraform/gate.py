"""The gate: checks that fail before the task definition is created if a secret has no value.

It reads the versions of a secret and never the value, so no value is stored in Terraform's state.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/secretsmanager_secret_versions

A secret that is scheduled for deletion still has versions, and AWS documents no error for listing them
(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html#API_ListSecretVersionIds_Errors).
The provider treats it as absent, both in the resource and in the data source of the secret itself, so one of these is
evaluated before the versions. The provider returns null for a secret without versions, and omits versions without a
label:
https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/secretsmanager
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.facts import Facts
from cfnroles.need import Reference
from cfnroles.symbols import EachOf, Expression
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.references import OpenReference, ParameterReference, SecretReference, value_from
from cfnroles.targets.terraform.conditions import NeedConditions, either, opposite
from cfnroles.targets.terraform.names import identifier
from cfnroles.targets.terraform.parts import Parts, Repeated
from cfnroles.targets.terraform.values import Unwritable, Values, interpolated
from cfnroles.targets.terraform.writing import Argument, Comment, Entry, Items, Written, WrittenBlock, literal
from cfnroles.text import Text
from cfnroles.written import as_written

_VERSIONS = "aws_secretsmanager_secret_versions"
_RESOURCE = "aws_secretsmanager_secret"
#: The calls of the provider for each data source.
_ACTIONS = {
    _RESOURCE: ("secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"),
    _VERSIONS: ("secretsmanager:ListSecretVersionIds",),
}
_UNLABELLED = "The provider reports no version without a label, so that this one cannot be asked for."
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")


class GateForm(StrEnum):
    """How Terraform is kept from creating a task definition whose secrets cannot be used."""

    DATA = "data"
    CHECK = "check"
    NONE = "none"


class Wanted(Struct, frozen=True):
    """One version of a secret that must have a value, with the places that need it; the stage ``""`` is any version.

    ``when`` has the expressions of which one must be true for it to be needed. Without any, it is always needed.
    """

    secret: Text
    stage: str
    version_id: str
    places: tuple[str, ...]
    when: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()


class Unasked(StrEnum):
    """Why the gate does not check a reference."""

    PARAMETER = "a parameter"
    EITHER = "a secret or a parameter"
    LISTED = "each of a list"
    UNNAMED = "no expression can name it"


class Gate(Struct, frozen=True):
    """What the gate checks; ``unasked`` are the references that it does not check, each with the reason.

    ``commanded`` are the references that a command checks, each with the condition that it depends on.
    """

    wanted: tuple[Wanted, ...] = ()
    commanded: tuple[tuple[Reference, str], ...] = ()
    unasked: tuple[tuple[Reference, Unasked], ...] = ()


def gate_of(
    references: Iterable[Reference],
    made: Collection[Reference],
    facts: Facts,
    conditions: NeedConditions,
    values: Values,
    repeated: Repeated,
) -> Gate:
    """Return the versions of secrets that these references need. Other references that are ``made`` need no check."""
    found: dict[tuple[Text, str, str], dict[str, tuple[str, str]]] = {}
    unasked: list[tuple[Reference, Unasked]] = []
    for reference in references:
        target = _target(reference, facts)
        try:
            condition = conditions.of(reference, values), conditions.instances.get(reference, "")
            values.of(target.arn.text if isinstance(target, SecretReference) else reference.value_from)
        except Unwritable:
            target = Unasked.UNNAMED
        if isinstance(target, Unasked):
            unasked += [(reference, target)] if reference not in made else []
            continue
        key = target.arn.text, target.version_stage or ("" if target.version_id else "AWSCURRENT"), target.version_id
        found.setdefault(key, {})[reference.origin.place] = condition
    return Gate(tuple(_wanted(key, places, repeated) for key, places in found.items()), unasked=tuple(unasked))


def _wanted(key: tuple[Text, str, str], places: Mapping[str, tuple[str, str]], repeated: Repeated) -> Wanted:
    when, instances = (tuple(dict.fromkeys(each)) for each in zip(*places.values(), strict=True))
    # If one place depends on no condition, it is always wanted.
    return Wanted(*key, tuple(places), () if "" in when else when, repeated.either(instances))


def _target(reference: Reference, facts: Facts) -> SecretReference | Unasked:
    try:
        target = value_from(reference.value_from, facts)
    except (Unnamed, Malformed):
        return Unasked.UNNAMED
    match target:
        case OpenReference(secret=secret) if isinstance(secret.arn.text.whole, EachOf):
            return Unasked.LISTED
        case SecretReference():
            return target
        case ParameterReference():
            return Unasked.PARAMETER
    return Unasked.EITHER


def gate_blocks(parts: Parts, gate: Gate) -> Iterator[WrittenBlock]:
    """Yield the data sources, and the resource whose preconditions check them."""
    if not gate.wanted:
        return
    names = _names(parts, gate)
    blocks = [block for secret, name in names.items() for block in _data(parts, secret, name, _whenever(gate, secret))]
    asked = sorted({action for block in blocks for action in _ACTIONS[block.labels[0]]})
    head = f"The gate: it reads no value. Whoever plans needs {', '.join(asked)} on these secrets."
    yield replace(blocks[0], comments=(head,))
    yield from blocks[1:]
    conditions = tuple(
        _precondition(parts, each, names[each.secret], _whenever(gate, each.secret)) for each in gate.wanted
    )
    body = (*parts.repeated.arguments, WrittenBlock("lifecycle", (), conditions))
    yield WrittenBlock("resource", ("terraform_data", parts.names.gate), body)


def _whenever(gate: Gate, secret: Text) -> str:
    """Return the condition under which anything of a secret is wanted; empty if it always is."""
    wanted = [each.when for each in gate.wanted if each.secret == secret]
    return "" if () in wanted else either(dict.fromkeys(condition for when in wanted for condition in when))


def _data(parts: Parts, secret: Text, name: str, condition: str) -> Iterator[WrittenBlock]:
    """Yield the versions of a secret, after what shows whether it exists and is not scheduled for deletion."""
    written = parts.values.of(secret)
    head = (*_where_made(parts, secret).head_under(condition), *_own_region(parts, secret, written.text))
    if not _is_asked_for(secret):
        yield WrittenBlock("data", (_RESOURCE, name), (*head, Argument("arn", written)))
        written = Written(f"data.{_RESOURCE}.{name}{parts.instance_under(condition)}.id")
    body: list[Entry] = [*head, Argument("secret_id", written)]
    if versions := [each for symbol in _resources(secret) for each in parts.versions.get(symbol, ())]:
        body.append(Comment("What gives the secret its value comes first."))
        body.append(Argument("depends_on", Items(tuple(map(Written, versions)))))
    yield WrittenBlock("data", (_VERSIONS, name), tuple(body))


def _where_made(parts: Parts, secret: Text) -> Parts:
    """Return the parts with the provider of a secret, which another provider may not find."""
    own = next((parts.secret_providers[each] for each in _resources(secret) if each in parts.secret_providers), None)
    return parts if own is None else replace(parts, provider=own)


def _own_region(parts: Parts, secret: Text, written: str) -> Iterator[Entry]:
    """Yield the Region of a secret that has one of its own: its provider may look in another.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support
    """
    resource, _, attribute = written.rpartition(".")
    if _is_asked_for(secret) and attribute in ("arn", "id") and parts.apart_secrets.intersection(_resources(secret)):
        yield Argument("region", Written(f"{resource}.region"))


def _is_asked_for(secret: Text) -> bool:
    """Whether a resource or a data source of the configuration reads the secret itself."""
    whole = as_written(secret).whole
    return isinstance(whole, Expression) and whole.type == _RESOURCE


def _resources(secret: Text) -> Iterator[str]:
    yield from (symbol.address for symbol in secret.symbols if isinstance(symbol, Expression))


def _precondition(parts: Parts, wanted: Wanted, name: str, whenever: str) -> WrittenBlock:
    told = "has no value" if wanted.stage in ("", "AWSCURRENT") else f"has no version {wanted.stage}"
    if wanted.stage and wanted.version_id:
        told += f" that is {wanted.version_id}"
    places = interpolated("; ".join(wanted.places), parts.values.module)
    called = _called(parts, wanted.secret, hanging=bool(wanted.when))
    message = f"{called} {literal(f'{told}. Needed by ')}{places}. Put a value first."
    return WrittenBlock(
        "precondition",
        (),
        (
            *([] if wanted.stage else [Comment(_UNLABELLED)]),
            Argument("condition", _condition(wanted, _versions(parts, name, whenever))),
            Argument("error_message", Written(f'"Secret {message}"')),
        ),
    )


def _versions(parts: Parts, name: str, whenever: str) -> str:
    """Return the versions of a secret; null if it has none, and if nothing reads them."""
    data = f"data.{_VERSIONS}.{name}"
    if whenever and not parts.repeated.meta:
        return f"one({data}[*].versions)"
    versions = f"{data}{parts.repeated.instance}.versions"
    return f"try({versions}, null)" if whenever else versions


def _condition(wanted: Wanted, versions: str) -> Written:
    asked = f"length(coalesce({versions}, [])) > 0"
    if wanted.stage:
        labelled = f'contains(v.version_stages, "{literal(wanted.stage)}")'
        if wanted.version_id:
            labelled += f' && v.version_id == "{literal(wanted.version_id)}"'
        asked = f"anytrue([for v in coalesce({versions}, []) : {labelled}])"
    unless = [opposite(either(each)) for each in (wanted.when, wanted.instances) if each]
    return Written(" || ".join([*unless, asked]))


def _called(parts: Parts, secret: Text, *, hanging: bool) -> str:
    """Return the name of a secret in a message: its name if that is known, else its ARN.

    Terraform evaluates a message even if it is not shown, so a resource that exists only under a condition may be
    absent.
    """
    written = as_written(secret)
    if isinstance(whole := written.whole, Expression):
        expression = parts.values.of(secret).text
        resource, _, attribute = expression.rpartition(".")
        if whole.type == _RESOURCE and attribute in ("arn", "id"):
            expression = f"{resource}.name"
        return f'${{try({expression}, "")}}' if hanging else f"${{{expression}}}"
    name = written.cut(":", 6)[-1]
    text = parts.values.of(name).text
    return text[1:-1] if text.startswith('"') else f"${{{text}}}"


def _names(parts: Parts, gate: Gate) -> dict[Text, str]:
    """Return the name of the data source of each secret."""
    names: dict[Text, str] = {}
    for each in gate.wanted:
        if each.secret not in names:
            own = parts.names.under(_short(each.secret))
            numbered = (f"{own}_{number}" for number in range(2, len(names) + 3))
            names[each.secret] = next(name for name in (own, *numbered) if name not in names.values())
    return names


def _short(secret: Text) -> str:
    """Return a secret's own name, as far as it is visible."""
    whole = as_written(secret).whole
    if isinstance(whole, Expression) and whole.address:
        return identifier(whole.address.split("[")[0].rpartition(".")[2])
    name = _SUFFIX.sub("", secret.cut(":", 6)[-1].shape("x"))
    return identifier(name.rpartition("/")[2] or name) or "secret"
