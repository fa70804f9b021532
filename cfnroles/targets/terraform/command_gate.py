"""The gate that runs ``cfnroles check`` during ``terraform apply``: it looks up secrets and parameters, not values.

https://developer.hashicorp.com/terraform/language/resources/provisioners/local-exec
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from cfnroles.need import Reference
from cfnroles.symbols import EachOf, Expression
from cfnroles.targets.terraform.conditions import NeedConditions
from cfnroles.targets.terraform.parts import Parts
from cfnroles.targets.terraform.policy_documents import both
from cfnroles.targets.terraform.values import Unwritable
from cfnroles.targets.terraform.writing import (
    Argument,
    Comment,
    Entry,
    Items,
    Members,
    OnlyIf,
    Written,
    WrittenBlock,
    WrittenCall,
    quoted,
)
from cfnroles.targets.terraform.writing import (
    Expression as Expr,
)
from cfnroles.text import REGION

_COMMENTS = (
    "The gate: cfnroles asks AWS, as whoever applies this, whether each of these can be used. It reads no value,",
    "and it asks again when a reference changes.",
)
_COMMAND = 'printf \'%s\' "$TASK_DEFINITION" | cfnroles check - --region "$REGION"'


def command_gate_blocks(parts: Parts, references: Iterable[tuple[Reference, str]]) -> Iterator[WrittenBlock]:
    """Yield the resource that runs the command for these references, each under its condition."""
    found = sorted(references, key=lambda each: (each[0].origin.container, each[1], each[0].origin.sort_key))
    if not found:
        return
    containers: list[Expr] = []
    for container, group in groupby(found, key=lambda each: each[0].origin.container):
        lists = tuple(_secrets(parts, condition, each) for condition, each in groupby(group, key=lambda each: each[1]))
        whole = lists[0] if len(lists) == 1 else WrittenCall("concat", lists)
        members = (Argument("name", quoted(container or "task")), Argument("image", quoted("none")))
        containers.append(Members((*members, Argument("secrets", whole)), apart=True))
    definition = (
        Argument("family", parts.values.of(parts.family)),
        Argument("containerDefinitions", Items(tuple(containers))),
    )
    task = WrittenCall("jsonencode", (Members(definition, apart=True),))
    versions = dict.fromkeys(each for reference, _ in found for each in _made_by(parts, reference))
    body: list[Entry] = [*parts.repeated.arguments, Argument("triggers_replace", task)]
    if versions:
        body.append(Comment("What gives a secret its value comes first."))
        body.append(Argument("depends_on", Items(tuple(map(Written, versions)))))
    environment = (
        Argument("TASK_DEFINITION", Written("self.triggers_replace")),
        Argument("REGION", parts.values.of(parts.values.at_home(REGION))),
    )
    run = (Argument("command", quoted(_COMMAND)), Argument("environment", Members(environment, apart=True)))
    body.append(WrittenBlock("provisioner", ("local-exec",), run))
    yield WrittenBlock("resource", ("terraform_data", parts.names.gate), tuple(body), _COMMENTS)


def askable(
    parts: Parts, references: Iterable[Reference], conditions: NeedConditions
) -> Iterator[tuple[Reference, str]]:
    """Yield the references that expressions can name, each with its condition."""
    for reference in references:
        try:
            parts.values.of(reference.value_from)
            told = [conditions.of(reference, parts.values), conditions.instances.get(reference, "")]
            yield reference, both([each for each in told if each])
        except Unwritable:
            continue


def _secrets(parts: Parts, condition: str, references: Iterable[tuple[Reference, str]]) -> Expr:
    several = [reference for reference, _ in references]
    lists = [Written(_each(parts, whole)) for each in several if isinstance(whole := each.value_from.whole, EachOf)]
    others = [_secret(parts, each) for each in several if not isinstance(each.value_from.whole, EachOf)]
    if condition:
        return OnlyIf(condition, Items((*others, *lists)))
    alone: list[Expr] = [*([Items(tuple(others))] if others else []), *lists]
    return alone[0] if len(alone) == 1 else WrittenCall("concat", tuple(alone))


def _each(parts: Parts, references: EachOf) -> str:
    """Return each reference of a list separately, because the names are not checked."""
    return f"[for reference in {parts.values.listed(references)} : {{ name = reference, valueFrom = reference }}]"


def _secret(parts: Parts, reference: Reference) -> Expr:
    name = reference.origin.item.partition(" ")[2] or reference.origin.place
    members = (Argument("name", quoted(name)), Argument("valueFrom", parts.values.of(reference.value_from)))
    return Members(members, apart=True)


def _made_by(parts: Parts, reference: Reference) -> Iterator[str]:
    for symbol in reference.value_from.symbols:
        if isinstance(symbol, Expression):
            yield from parts.versions.get(symbol.address, ())
