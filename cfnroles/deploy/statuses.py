"""Every stack status, with the effect of deploying and deleting: one row each.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

import enum

from msgspec import Struct


class Deploying(enum.Enum):
    """What ``deploy`` does with a stack in a status."""

    CREATE = "create"
    UPDATE = "update"
    WAIT = "wait until it is done, then check again"
    WAIT_AND_CREATE = "wait until it is deleted, then create"
    RECREATE = "delete, then create"
    ROLL_BACK_FIRST = "roll back, then update"
    CONTINUE_ROLLBACK = "explain; with --continue-rollback finish the rollback, then update"
    REFUSE = "explain"


class Deleting(enum.Enum):
    """What ``delete`` does with a stack in a status."""

    DELETE = "delete"
    NOTHING = "nothing to do"
    WAIT = "wait until it is done, then check again"
    WAIT_AND_BE_DONE = "wait until it is deleted"


class Status(Struct, frozen=True):
    """One status: its meaning in a sentence, and the reactions to it."""

    name: str
    meaning: str
    deploying: Deploying
    deleting: Deleting

    @property
    def in_progress(self) -> bool:
        """Whether an operation is in progress, which excludes any other."""
        return self.deleting in {Deleting.WAIT, Deleting.WAIT_AND_BE_DONE}


#: DescribeStacks has no status for a stack that does not exist.
MISSING = "MISSING"

_ROWS = (
    Status(MISSING, "does not exist", Deploying.CREATE, Deleting.NOTHING),
    Status("DELETE_COMPLETE", "was deleted", Deploying.CREATE, Deleting.NOTHING),
    Status(
        "REVIEW_IN_PROGRESS",
        "has only change sets that were never executed",
        Deploying.CREATE,
        Deleting.DELETE,
    ),
    Status("CREATE_COMPLETE", "is deployed", Deploying.UPDATE, Deleting.DELETE),
    Status("UPDATE_COMPLETE", "is deployed", Deploying.UPDATE, Deleting.DELETE),
    Status(
        "UPDATE_ROLLBACK_COMPLETE",
        "is deployed as before its last update, which failed",
        Deploying.UPDATE,
        Deleting.DELETE,
    ),
    Status("IMPORT_COMPLETE", "is deployed, with imported resources", Deploying.UPDATE, Deleting.DELETE),
    Status(
        "IMPORT_ROLLBACK_COMPLETE",
        "is deployed as before an import, which failed",
        Deploying.UPDATE,
        Deleting.DELETE,
    ),
    Status("CREATE_IN_PROGRESS", "is being created", Deploying.WAIT, Deleting.WAIT),
    Status("UPDATE_IN_PROGRESS", "is being updated", Deploying.WAIT, Deleting.WAIT),
    Status(
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "is updated, and old resources are being deleted",
        Deploying.WAIT,
        Deleting.WAIT,
    ),
    Status(
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "is being rolled back after a failed update",
        Deploying.WAIT,
        Deleting.WAIT,
    ),
    Status(
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "is rolled back, and new resources are being deleted",
        Deploying.WAIT,
        Deleting.WAIT,
    ),
    Status("ROLLBACK_IN_PROGRESS", "is being rolled back after a failed creation", Deploying.WAIT, Deleting.WAIT),
    Status("IMPORT_IN_PROGRESS", "is importing resources", Deploying.WAIT, Deleting.WAIT),
    Status(
        "IMPORT_ROLLBACK_IN_PROGRESS",
        "is being rolled back after a failed import",
        Deploying.WAIT,
        Deleting.WAIT,
    ),
    Status("DELETE_IN_PROGRESS", "is being deleted", Deploying.WAIT_AND_CREATE, Deleting.WAIT_AND_BE_DONE),
    Status(
        "ROLLBACK_COMPLETE",
        "could not be created, and can only be deleted",
        Deploying.RECREATE,
        Deleting.DELETE,
    ),
    Status(
        "ROLLBACK_FAILED",
        "could not be created or rolled back, and can only be deleted",
        Deploying.RECREATE,
        Deleting.DELETE,
    ),
    Status(
        "CREATE_FAILED",
        "could not be created, and was not rolled back",
        Deploying.RECREATE,
        Deleting.DELETE,
    ),
    Status(
        "DELETE_FAILED",
        "could not be deleted completely, and can only be deleted again",
        Deploying.RECREATE,
        Deleting.DELETE,
    ),
    Status(
        "UPDATE_FAILED",
        "is in the middle of an update that failed without rollback",
        Deploying.ROLL_BACK_FIRST,
        Deleting.DELETE,
    ),
    Status(
        "UPDATE_ROLLBACK_FAILED",
        "is in the middle of a rollback that failed",
        Deploying.CONTINUE_ROLLBACK,
        Deleting.DELETE,
    ),
    Status(
        "IMPORT_ROLLBACK_FAILED",
        "is in the middle of the rollback of an import that failed",
        Deploying.REFUSE,
        Deleting.DELETE,
    ),
)

STATUSES = {row.name: row for row in _ROWS}

#: The statuses after a successful deployment.
DEPLOYED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


def status_of(name: str) -> Status:
    """Return the row of a status. An unknown one is classified by its suffix."""
    if name in STATUSES:
        return STATUSES[name]
    if name.endswith("_IN_PROGRESS"):
        return Status(name, "is busy", Deploying.WAIT, Deleting.WAIT)
    if name.endswith("_COMPLETE"):
        return Status(name, "is deployed", Deploying.UPDATE, Deleting.DELETE)
    return Status(name, "has a status that cfnroles does not know", Deploying.REFUSE, Deleting.DELETE)
