"""The errors of a deployment that cannot be done, with all causes as values."""

from __future__ import annotations

from collections.abc import Sequence

from cfnroles.deploy.failures import Cause, Failure
from cfnroles.errors import BadAnswer, InvalidInput
from cfnroles.page import Page, page

#: What only another question can fix: other options, other values, other files.
_OF_THE_INPUT = frozenset({Cause.INPUT, Cause.CAPABILITY})


class DeploymentRefused(BadAnswer):
    """One or more stacks cannot be deployed or deleted; ``failures`` say why."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        self.failures = failures
        super().__init__(_first(failures), where=failures[0].stack, why=_others(failures), remedy=_remedy(failures))


class InputRefused(InvalidInput):
    """What was asked for cannot be deployed as it is; ``failures`` say why, those of the stacks among them."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        self.failures = failures
        super().__init__(_first(failures), where=failures[0].stack, why=_others(failures), remedy=_remedy(failures))


def refusal_of(failures: Sequence[Failure]) -> DeploymentRefused | InputRefused:
    """The one error that tells everything that stands against a deployment, what is wrong with the input first."""
    wrong = tuple(failure for failure in failures if failure.cause in _OF_THE_INPUT)
    if not wrong:
        return DeploymentRefused(tuple(failures))
    return InputRefused((*wrong, *(failure for failure in failures if failure.cause not in _OF_THE_INPUT)))


def _first(failures: tuple[Failure, ...]) -> Page:
    first, *others = failures
    return page((*first.lines, *([first.remedy] if others and first.remedy else ())))


def _others(failures: tuple[Failure, ...]) -> Page:
    return page(map(_told, failures[1:]))


def _remedy(failures: tuple[Failure, ...]) -> str:
    return failures[0].remedy if len(failures) == 1 else ""


def _told(failure: Failure) -> Page:
    head = f"{failure.stack}: {failure.lines[0]}" if failure.stack else failure.lines[0]
    return page(line for line in (head, *failure.lines[1:], failure.remedy) if line)
