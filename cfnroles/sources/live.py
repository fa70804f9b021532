"""Task definitions that are registered in Amazon ECS, as a place where documents are read from."""

from __future__ import annotations

from collections.abc import Callable

from cfnroles.aws.connection import Connection
from cfnroles.aws.ecs import Ecs


def registered(profile: str) -> Callable[[str, str], str]:
    """Reads the text of a task definition by its Region and FAMILY:REVISION, with the credentials of a profile."""
    services: dict[str, Ecs] = {}

    def read(region: str, named: str) -> str:
        ecs = services.setdefault(region, Ecs(Connection(profile, region)))
        return ecs.task_definition(named)

    return read
