"""The grants table: the grants of an application, each with its actions, its resource and AWS's page."""

from __future__ import annotations

from cfnroles.table.feature import Feature
from cfnroles.table.words import calls, configuration, connections, messaging, storage
from cfnroles.table.words.row import Row

ROWS: tuple[Row, ...] = (
    *storage.ROWS,
    *connections.ROWS,
    *messaging.ROWS,
    *calls.ROWS,
    *configuration.ROWS,
)

#: The grants as rows for discovery.
GRANTS: tuple[Feature, ...] = tuple(row.feature for row in ROWS)
