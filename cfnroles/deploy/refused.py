"""The error of a deployment that cannot be done, with the causes as values."""

from __future__ import annotations

from cfnroles.deploy.failures import Failure
from cfnroles.errors import BadAnswer


class DeploymentRefused(BadAnswer):
    """One or more stacks cannot be deployed or deleted; ``failures`` say why."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        self.failures = failures
        first, *others = failures
        super().__init__(
            "\n".join(first.lines),
            where=first.stack,
            why="\n".join(_told(other) for other in others),
            remedy=first.remedy,
        )


def _told(failure: Failure) -> str:
    lines = (f"{failure.stack}: {failure.lines[0]}", *failure.lines[1:], failure.remedy)
    return "\n".join(line for line in lines if line)
