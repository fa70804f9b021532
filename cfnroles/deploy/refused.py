"""The errors of a deployment that cannot be done, with all causes."""

from __future__ import annotations

from collections.abc import Sequence

from cfnroles.deploy.failures import Cause, Failure
from cfnroles.errors import BadAnswer, InvalidInput
from cfnroles.page import Page, page

#: Problems that only different input can fix: options, values, files.
_OF_THE_INPUT = frozenset({Cause.INPUT, Cause.CAPABILITY})


class DeploymentRefused(BadAnswer):
    """One or more stacks cannot be deployed or deleted; ``failures`` are the reasons."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        self.failures = failures
        super().__init__(_first(failures), where=failures[0].stack, why=_others(failures), remedy=_remedy(failures))


class InputRefused(InvalidInput):
    """The input cannot be deployed; ``failures`` are the reasons, including those of the stacks."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        self.failures = failures
        super().__init__(_first(failures), where=failures[0].stack, why=_others(failures), remedy=_remedy(failures))


def refusal_of(failures: Sequence[Failure]) -> DeploymentRefused | InputRefused:
    """Return one error with all problems of the deployment, input problems first."""
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
