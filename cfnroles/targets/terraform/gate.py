"""The gate: what fails before the task definition where a secret has no value.

It asks for the versions of a secret and never for the value, so that no value comes into Terraform's state.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/secretsmanager_secret_versions
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cfnroles.facts import Facts
from cfnroles.need import Reference
from cfnroles.symbols import Expression
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.references import SecretReference, value_from
from cfnroles.targets.terraform.names import identifier
from cfnroles.targets.terraform.parts import Parts
from cfnroles.targets.terraform.writing import Argument, Block, Comment, Entry, Items, Written, literal
from cfnroles.text import Text
from cfnroles.written import as_written

_VERSIONS = "aws_secretsmanager_secret_versions"
_RESOURCE = "aws_secretsmanager_secret"
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")


class Wanted(Struct, frozen=True):
    """One version of a secret that must have a value, with the places that need it."""

    secret: Text
    stage: str
    version_id: str
    places: tuple[str, ...]


class Gate(Struct, frozen=True):
    """What the gate asks for; ``unasked`` are the references that it cannot ask for."""

    wanted: tuple[Wanted, ...] = ()
    unasked: tuple[Reference, ...] = ()


def gate_of(references: Iterable[Reference], facts: Facts) -> Gate:
    """The versions of secrets that these references need."""
    found: dict[tuple[Text, str, str], list[str]] = {}
    unasked: list[Reference] = []
    for reference in references:
        target = _target(reference, facts)
        if target is None:
            unasked.append(reference)
            continue
        key = target.arn.text, target.version_stage or "AWSCURRENT", target.version_id
        found.setdefault(key, []).append(reference.origin.place)
    wanted = tuple(Wanted(*key, tuple(dict.fromkeys(places))) for key, places in found.items())
    return Gate(wanted, tuple(unasked))


def _target(reference: Reference, facts: Facts) -> SecretReference | None:
    try:
        target = value_from(reference.value_from, facts)
    except (Unnamed, Malformed):
        return None
    return target if isinstance(target, SecretReference) else None


def gate_blocks(parts: Parts, gate: Gate) -> Iterator[Block]:
    """The data sources, and the resource whose preconditions ask them."""
    if not gate.wanted:
        return
    names = _names(parts, gate)
    head = "The gate: it reads no value. Whoever plans needs secretsmanager:ListSecretVersionIds on these secrets."
    for number, (secret, name) in enumerate(names.items()):
        deep = any(each.version_id for each in gate.wanted if each.secret == secret)
        yield _data(parts, secret, name, deep=deep, comments=() if number else (head,))
    conditions = tuple(_precondition(parts, each, names[each.secret]) for each in gate.wanted)
    body = (*parts.repeated.arguments, Block("lifecycle", (), conditions))
    yield Block("resource", ("terraform_data", parts.names.gate), body)


def _data(parts: Parts, secret: Text, name: str, *, deep: bool, comments: tuple[str, ...]) -> Block:
    body: list[Entry] = [*parts.head, Argument("secret_id", parts.values.of(secret))]
    if deep:
        body.append(Argument("include_deprecated", Written("true")))
    if versions := [each for symbol in _resources(secret) for each in parts.versions.get(symbol, ())]:
        body.append(Comment("What gives the secret its value comes first."))
        body.append(Argument("depends_on", Items(tuple(map(Written, versions)))))
    return Block("data", (_VERSIONS, name), tuple(body), comments)


def _resources(secret: Text) -> Iterator[str]:
    yield from (symbol.address for symbol in secret.symbols if isinstance(symbol, Expression))


def _precondition(parts: Parts, wanted: Wanted, name: str) -> Block:
    data = f"data.{_VERSIONS}.{name}{parts.repeated.instance}.versions"
    if wanted.version_id:
        asked = f'v.version_id == "{literal(wanted.version_id)}"'
        told = f"has no version {wanted.version_id}"
    else:
        asked = f'contains(v.version_stages, "{literal(wanted.stage)}")'
        told = "has no value" if wanted.stage == "AWSCURRENT" else f"has no version {wanted.stage}"
    places = "; ".join(wanted.places)
    called = _called(parts, wanted.secret)
    message = f"{called} {literal(f'{told}. Needed by {places}. Put a value first.')}"
    return Block(
        "precondition",
        (),
        (
            Argument("condition", Written(f"anytrue([for v in {data} : {asked}])")),
            Argument("error_message", Written(f'"Secret {message}"')),
        ),
    )


def _called(parts: Parts, secret: Text) -> str:
    """What a message calls a secret by: its name where that is known, else its ARN."""
    written = as_written(secret)
    if isinstance(whole := written.whole, Expression):
        expression = parts.values.of(secret).text
        resource, _, attribute = expression.rpartition(".")
        named = whole.type == _RESOURCE and attribute in ("arn", "id")
        return f"${{{resource}.name}}" if named else f"${{{expression}}}"
    name = written.cut(":", 6)[-1]
    text = parts.values.of(name).text
    return text[1:-1] if text.startswith('"') else f"${{{text}}}"


def _names(parts: Parts, gate: Gate) -> dict[Text, str]:
    """The name of the data source of each secret."""
    names: dict[Text, str] = {}
    for each in gate.wanted:
        if each.secret not in names:
            own = parts.names.under(_short(each.secret))
            numbered = (f"{own}_{number}" for number in range(2, len(names) + 3))
            names[each.secret] = next(name for name in (own, *numbered) if name not in names.values())
    return names


def _short(secret: Text) -> str:
    """A secret's own name, as far as one sees it."""
    whole = as_written(secret).whole
    if isinstance(whole, Expression) and whole.address:
        return identifier(whole.address.rpartition(".")[2].split("[")[0])
    name = _SUFFIX.sub("", secret.cut(":", 6)[-1].shape("x"))
    return identifier(name.rpartition("/")[2] or name) or "secret"
