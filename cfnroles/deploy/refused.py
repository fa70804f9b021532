"""The error of a deployment that cannot be done, with the causes as values."""

from __future__ import annotations

from cfnroles.deploy.failures import Failure
from cfnroles.errors import BadAnswer


class DeploymentRefused(BadAnswer):
    """One or more stacks cannot be deployed or deleted; ``failures`` say why."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        self.failures = failures
        super().__init__(
            "\n".join(line for failure in failures for line in failure.lines),
            where=failures[0].stack,
            remedy=failures[0].remedy,
        )
