"""What a file that cfnroles wrote asks of a list of references, read as what the list of the task definition means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from zlib import crc32

from msgspec.structs import replace

from cfnroles.hcl.arguments import Partial
from cfnroles.hcl.parser import parse_expression
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.syntax import Call, For, Node, Operation, Source
from cfnroles.hcl.tidied import tidied
from cfnroles.hcl.values import Value, text
from cfnroles.listed import SUFFIX, Kind, of_kind, references_in, those_of
from cfnroles.symbols import EachOf, Expression
from cfnroles.text import Part, Text, text_of

_Evaluate = Callable[[Node, Scope], Value]
#: The types whose attributes name a resource of one kind, by what the name of the type begins with.
_TYPES = {"aws_secretsmanager_secret": Kind.SECRET, "aws_ssm_parameter": Kind.PARAMETER}
_SERVICES = {"secretsmanager": Kind.SECRET, "ssm": Kind.PARAMETER}
#: So much of an expression is shown, and so much finds it in its name.
_LONGEST, _SHOWN = 160, 40
_EMPTY = re.compile(r"length\(.+\) > 0")


def each_of(listed: Expression, member: str) -> EachOf:
    """Return the symbol of a member of each object in a list, however its lines are broken."""
    listed = replace(listed, name=_called(listed))
    return EachOf(
        f"each {member} of {listed.name}",
        reason=listed.reason,
        remedy=listed.remedy,
        of=listed,
        member=member,
    )


def _called(listed: Expression) -> str:
    """The expression on one line, with the module or the loop around it."""
    written = listed.written[2:-1]
    start, end = _plain(written[:_SHOWN]), f" where {listed.name.partition(' where ')[2]}"
    before = listed.name.partition(start)[0] if start in listed.name else ""
    whole = _plain(tidied(written))
    if len(whole) > _LONGEST:
        whole = f"{whole[:_LONGEST]}... ({crc32(whole.encode()):08x})"
    return f"{before}{whole}{end if end.strip() != 'where' else ''}"


def _plain(written: str) -> str:
    return written.replace("{", "(").replace("}", ")")


def references_asked(node: Node, scope: Scope, evaluate: _Evaluate) -> Value | None:
    """The references of an open list that a file asks for them; ``None`` for anything else."""
    if not isinstance(node, For) or node.value != "one":
        return None
    for member in ("valueFrom", "value"):
        if found := _references(member).fullmatch(node.written):
            listed = _evaluated(found["tried"] or found["listed"], scope, evaluate)
            return Value(each_of(listed.unknown, member), node.place) if listed.unknown else None
    return None


def kind_asked(node: Node, scope: Scope, evaluate: _Evaluate) -> Value | None:
    """Those references of one kind that a file asks a list for, if any is open; ``None`` for anything else."""
    if not isinstance(node, Call) or node.name != "distinct":
        return None
    for kind in Kind:
        if found := _of_kind(kind).fullmatch(node.written):
            references = _evaluated(found["references"], scope, evaluate)
            if isinstance(references.data, EachOf):
                return Value(of_kind(references.data, kind), node.place)
            home = (found[each] for each in ("partition", "region", "account") if kind is Kind.PARAMETER)
            return _among(references, kind, [_evaluated(each, scope, evaluate) for each in home])
    return None


def is_any_asked(node: Node, scope: Scope, evaluate: _Evaluate) -> Value | None:
    """Whether an open list has any reference of a kind: what is there for each of them is there if there is one."""
    if not isinstance(node, Operation) or not _EMPTY.fullmatch(node.written):
        return None
    call = node.operands[0]
    if not isinstance(call, Call) or len(call.arguments) != 1:
        return None
    symbol = evaluate(call.arguments[0], scope).unknown
    return Value(True, node.place) if isinstance(symbol, EachOf) and symbol.kind else None


def _among(references: Value, kind: Kind, home: Sequence[Value]) -> Value | None:
    """The references of one kind in a list whose elements are texts; ``None`` where that can be worked out as it is."""
    if not isinstance(references.data, list) or isinstance(references.data, Partial):
        return None
    texts = [text_of(text(each)) for each in references.data]
    if kind in (Kind.FILE, Kind.BUCKET) or not any(each.symbols for each in texts):
        return None
    kinds = [_kind_of(each) for each in texts]
    if None in kinds:
        return None
    chosen = [each for each, own in zip(texts, kinds, strict=True) if own is kind]
    named = dict.fromkeys(_as_resource(each, kind, home) for each in chosen)
    return Value([Value(each, references.place) for each in named], references.place)


def _kind_of(reference: Text) -> Kind | None:
    first = reference.parts[0] if reference.parts else ""
    if isinstance(first, Expression):
        return next((kind for type_, kind in _TYPES.items() if first.type.startswith(type_)), None)
    if not reference.startswith("arn:"):
        return Kind.PARAMETER
    return _SERVICES.get(str(reference.cut(":", 3)[2]))


def _as_resource(reference: Text, kind: Kind, home: Sequence[Value]) -> Text:
    """A reference as a policy names it: without the fields behind a secret, and with an ARN around a name."""
    if kind is Kind.SECRET:
        fields = reference.cut(":")
        if len(fields) < 6:
            return fields[0]
        arn = Text(*_joined(fields[:7]))
        return (
            arn if re.search(SUFFIX, arn.shape("x")) or isinstance(arn.parts[-1], Expression) else Text(arn, "-??????")
        )
    if isinstance(reference.parts[0], Expression) or reference.startswith("arn:"):
        return reference
    partition, region, account = map(text, home)
    return Text("arn:", partition, ":ssm:", region, ":", account, ":parameter/", reference.lstrip("/"))


def _joined(fields: Sequence[Text]) -> Iterator[Part]:
    for number, field in enumerate(fields):
        yield from (":", field) if number else (field,)


def _evaluated(written: str, scope: Scope, evaluate: _Evaluate) -> Value:
    return evaluate(parse_expression(Source("", written)), scope)


@cache
def _references(member: str) -> re.Pattern[str]:
    pattern = re.escape(references_in("LISTED", member))
    return re.compile(pattern.replace("LISTED", r"(?:try\((?P<tried>.+), \[\]\)|(?P<listed>.+))"))


@cache
def _of_kind(kind: Kind) -> re.Pattern[str]:
    pattern = re.escape(those_of(kind, "REFERENCES", ("PARTITION", "REGION", "ACCOUNT")))
    pattern = pattern.replace("REFERENCES", "(?P<references>.+)", 1).replace("REFERENCES", "(?P=references)")
    for name in ("PARTITION", "REGION", "ACCOUNT"):
        pattern = pattern.replace(name, rf"(?P<{name.lower()}>[\w.\"-]+)", 1)
    return re.compile(pattern)
