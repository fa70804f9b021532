"""A deployment plan as values: created by planning, shown by formats, executed by applying."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from cfnroles.answers.diff import Change, Difference
from cfnroles.aws.stack import ChangeSet, Event, ResourceChange, StackDescription
from cfnroles.deploy.home import Destination
from cfnroles.deploy.stacks_file import EnvironmentPlace, Pairs, StackSource

#: The prefix of all change sets and tokens of cfnroles.
RUN_PREFIX = "cfnroles-"

#: The custom resource that stops a deployment while a secret is missing.
GATE = "Custom::SecretsExist"

NO_PERMISSION_CHANGES = Difference(())


class StackAction(enum.StrEnum):
    """The action for one stack."""

    CREATE = "create"
    RECREATE = "delete and create"
    UPDATE = "update"
    CHECK_AGAIN = "check secrets again"
    NOTHING = "nothing"
    BUSY = "busy"


class Options(Struct, frozen=True):
    """The options of a deployment, besides the stacks."""

    parameters: Pairs = ()
    tags: Pairs = ()
    role_arn: str = ""
    bucket: str = ""
    rollback: bool = True
    termination_protection: bool = False
    continue_rollback: bool = False
    allow_unchecked_secrets: bool = False
    adopt: bool = False
    strict: bool = False
    account: str = ""
    place: EnvironmentPlace | None = None
    plan_only: bool = False
    timeout: float = 3600.0


class ParameterChange(Struct, frozen=True):
    """A parameter with a new value. ``before`` is ``None`` for a new parameter."""

    name: str
    before: str | None
    after: str


class UnknownReference(Struct, frozen=True):
    """A reference of a stack's gate, for messages, that could not be checked in advance, with the reason."""

    stack: str
    reference: str
    needed_by: str
    why: str


class ReferenceCheck(Struct, frozen=True):
    """The result of checking all references of all gates in advance.

    ``total`` is their number, ``unusable`` the number of those that cannot be used.
    """

    total: int = 0
    unknown: tuple[UnknownReference, ...] = ()
    unusable: int = 0
    warnings: tuple[str, ...] = ()

    def __add__(self, other: ReferenceCheck) -> ReferenceCheck:
        return ReferenceCheck(
            self.total + other.total,
            self.unknown + other.unknown,
            self.unusable + other.unusable,
            self.warnings + other.warnings,
        )

    @property
    def usable(self) -> int:
        """The number of usable references."""
        return self.total - self.unusable - len(self.unknown)


class Stranger(Struct, frozen=True):
    """A stack or stack set of someone else: its owner, its tags, and what replacing or deleting it would lose."""

    maker: str
    tags: Pairs = ()
    lost: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The description in sentences."""
        tags = ", ".join(f"{name}={value}" for name, value in self.tags)
        lost = ", ".join(self.lost) or "nothing"
        return (self.maker, f"its tags: {tags or 'none'}", f"what would be lost: {lost}")


class StackPlan(Struct, frozen=True):
    """The plan for one stack.

    ``change_set`` is ready to execute. Without one (for a stack with an import that does not exist yet, or that must be
    deleted first) it is created later. ``permissions`` include those that depend on undecided conditions. ``secrets``
    is the number that the gate checks, ``unchecked`` are the places of unchecked ones. ``notes`` are sentences to read
    before confirming. ``pending`` names change sets of others. ``adopted`` describes the former stack of someone else.
    ``template_url`` is the URL of a template that is too long for a request.
    """

    source: StackSource
    action: StackAction
    before: StackDescription | None = None
    change_set: ChangeSet | None = None
    changes: tuple[ResourceChange, ...] = ()
    permissions: Difference = NO_PERMISSION_CHANGES
    parameters: tuple[ParameterChange, ...] = ()
    secrets: int = 0
    unchecked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    roll_back_first: bool = False
    continue_rollback: bool = False
    protect: bool = False
    adopted: Stranger | None = None
    template_url: str = ""

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.source.name

    @property
    def kept(self) -> Pairs:
        """The deployed parameter values, which are kept unless others are given."""
        return self.before.parameters if self.before and self.action in {StackAction.UPDATE, StackAction.BUSY} else ()

    @property
    def needs_consent(self) -> bool:
        """Whether it changes anything that needs confirmation."""
        return self.action not in {StackAction.CHECK_AGAIN, StackAction.NOTHING} or self.protect or bool(self.adopted)


class Plan(Struct, frozen=True):
    """The plan for all stacks in deployment order, with the target and the results for references."""

    stacks: tuple[StackPlan, ...]
    options: Options
    run: Run
    home: Destination = Destination()
    check: ReferenceCheck = ReferenceCheck()

    @property
    def needs_consent(self) -> bool:
        """Whether confirmation is needed."""
        return any(stack.needs_consent for stack in self.stacks)

    @property
    def permissions(self) -> tuple[Change, ...]:
        """The permission changes of all stacks."""
        return tuple(change for stack in self.stacks for change in stack.permissions.changes)


class Run(Struct, frozen=True):
    """One run of the deployer: its start time, and a unique text."""

    began: datetime
    suffix: str

    @classmethod
    def new(cls) -> Run:
        """Return a run that begins now."""
        return cls(datetime.now(UTC), secrets.token_hex(4))

    @property
    def token(self) -> str:
        """The mark of this run's change sets and events, in CloudFormation's format ``[a-zA-Z][-a-zA-Z0-9]*``."""
        return f"{RUN_PREFIX}{self.began:%Y%m%dT%H%M%SZ}-{self.suffix}"


class Note(Struct, frozen=True):
    """Information about a stack that is not an event of CloudFormation."""

    stack: str
    text: str


#: The callback for events and notes while a plan is created or applied.
Tell = Callable[[Event | Note], None]
