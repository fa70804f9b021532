"""Needs that a role meets by allowing another: one of a secret and a parameter, or one form of a log group's ARN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from cfnroles.answers.once import Once
from cfnroles.answers.verification import Judged, Outcome
from cfnroles.need import Need, Origin
from cfnroles.symbols import Cut, Symbol
from cfnroles.table.ecs.awslogs import with_contents
from cfnroles.text import Text, text_of

#: The actions for a reference to either a secret or a parameter: one of both, and that on its key.
_EITHER = frozenset({"secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt"})


class Alternatives:
    """What is known about the alternatives of needs, which judgements of several worlds share."""

    def __init__(self) -> None:
        self.places = Once[Need, _Places](_alternatives)
        self.request = Once[Need, _Request](_request)
        self.with_streams = Once[Need, _Request](
            lambda need: _request(need, with_contents(need.permission.resource)[1])
        )


def without_alternatives(judged: Sequence[Judged], known: Alternatives) -> Iterator[Judged]:
    """Yield the results, with what the role allows in another way not missing."""
    return _spelled(_either(judged, known), known)


def _either(judged: Sequence[Judged], known: Alternatives) -> Iterator[Judged]:
    """Yield the results for needs that may turn out not to exist: a symbol may name a secret or a parameter.

    If the role may allow one of the two, the other is not known to be missing.
    """
    served = {place for each in judged if each.outcome is not Outcome.MISSING for place in known.places(each.need)}
    for each in judged:
        places = known.places(each.need)
        if each.outcome is Outcome.MISSING and not served.isdisjoint(places):
            names = sorted({symbol.name for _, _, symbol in places})
            yield replace(each, outcome=Outcome.UNKNOWN, keys=tuple(names))
        else:
            yield each


def _spelled(judged: Iterable[Judged], known: Alternatives) -> Iterator[Judged]:
    """Yield the results without a log group's ARN where the same ARN with ``:*`` is allowed.

    Roles get both forms, because the service authorization reference has the first and AWS's example policies the
    second. Refusals name ``log-group:NAME:log-stream:``, which only the second matches.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
    """
    judged = tuple(judged)
    allowed = {known.request(each.need) for each in judged if each.outcome is Outcome.ALLOWED}
    for each in judged:
        if each.outcome not in (Outcome.MISSING, Outcome.UNKNOWN) or known.with_streams(each.need) not in allowed:
            yield each


#: A need at its place, and the places where it is an alternative.
_Request = tuple[Origin, str, Text]
_Places = frozenset[tuple[Origin, bool, Symbol]]


def _request(need: Need, resource: Text | None = None) -> _Request:
    return need.origin, need.permission.action, resource or need.permission.resource


def _alternatives(need: Need) -> _Places:
    """Return the places where a need is one of several alternatives for a symbol; keys are separate from their
    secrets.
    """
    if need.permission.action not in _EITHER:
        return frozenset()
    texts = map(text_of, need.permission.texts)
    cut = {symbol.of for text in texts for symbol in text.symbols if isinstance(symbol, Cut)}
    return frozenset((need.origin, need.permission.action == "kms:Decrypt", symbol) for symbol in cut)
