"""The results of AWS's policy simulator for the requests of a verification."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from cfnroles.answers.requests import Asked, Said, asked, homes, said_by
from cfnroles.answers.verification import Judged, Outcome, Verification
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.iam.patterns import UNKNOWN_CHARACTER, UNKNOWN_TEXT


class Answer(Protocol):
    """A result of the simulator."""

    @property
    def decision(self) -> str:
        """``allowed``, ``explicitDeny`` or ``implicitDeny``."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The context keys without a value."""


Ask = Callable[[str, str, str, Mapping[str, Iterable[str]]], Answer]

_DECISIONS = {"allowed": Outcome.ALLOWED, "implicitDeny": Outcome.MISSING, "explicitDeny": Outcome.DENIED}


def simulate(each: Verification, ask: Ask, context: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each verdict that the simulator does not share, and a count.

    Like this program, the simulator does not evaluate resource policies of other services for a role.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
    """
    if not each.role.arn:
        raise InvalidInput("the role has no ARN to ask AWS's simulator about")
    account = each.role.arn.split(":")[4]
    (home, *_) = homes(Facts(account=account), [said_by(judged.need) for judged in each.judged], Said())
    shared = total = 0
    for judged in each.judged:
        for request in asked(judged.need, home, each.role.arn, context):
            total += 1
            answer = ask(each.role.arn, *_concrete(request))
            if _DECISIONS.get(answer.decision) is judged.outcome:
                shared += 1
            else:
                yield _differs(judged, answer)
    yield f"AWS's policy simulator shares {shared} of {total} verdicts on the {each.holder}."


def _concrete(request: Asked) -> tuple[str, str, dict[str, tuple[str, ...]]]:
    """Return action, resource and context with samples for the open parts."""
    context = {key: tuple(map(_sample, values)) for key, values in request.request.context.values if values}
    return request.request.action, _sample(request.request.resource), context


def _sample(text: str) -> str:
    return text.replace(UNKNOWN_CHARACTER, "a").replace(UNKNOWN_TEXT, "sample")


def _differs(judged: Judged, answer: Answer) -> str:
    lacking = f" (without {', '.join(answer.missing)})" if answer.missing else ""
    return f"AWS's policy simulator says {answer.decision}{lacking}, not {judged.outcome}: {judged.need.permission}"
