"""The log of the Service Connect proxy, routed by FireLens to the same destinations as those of containers."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.table.ecs import firelens_destinations, firelens_keys, firelens_signed

_CONFIGURATION = "service.serviceConnectConfiguration.logConfiguration"

FEATURES = tuple(
    replace(
        row,
        name=f"service-connect-{row.name}",
        field=f"{_CONFIGURATION}.options",
        why=f"for the log of the Service Connect proxy, {row.why}",
        beside=((f"{_CONFIGURATION}.logDriver", "awsfirelens"),),
    )
    for row in (*firelens_destinations.FEATURES, *firelens_signed.FEATURES, *firelens_keys.FEATURES)
)
