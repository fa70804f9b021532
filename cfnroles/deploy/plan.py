"""What a deployment is going to do, as values: made by planning, shown by formats, executed by applying."""

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

#: Every change set and token of cfnroles begins with this.
RUN_PREFIX = "cfnroles-"

#: The custom resource that refuses a deployment while a secret is missing.
GATE = "Custom::SecretsExist"

NO_PERMISSION_CHANGES = Difference(())


class StackAction(enum.StrEnum):
    """What happens to one stack."""

    CREATE = "create"
    RECREATE = "delete and create"
    UPDATE = "update"
    CHECK_AGAIN = "check secrets again"
    NOTHING = "nothing"
    BUSY = "busy"


class Options(Struct, frozen=True):
    """What the user asked for beside the stacks themselves."""

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
    """A parameter that gets another value; ``before`` is ``None`` for a new one."""

    name: str
    before: str | None
    after: str


class UnknownReference(Struct, frozen=True):
    """A reference of a stack's gate, as messages have it, of which nothing could be found out beforehand, and why."""

    stack: str
    reference: str
    needed_by: str
    why: str


class ReferenceCheck(Struct, frozen=True):
    """What was found out about all references of all gates, before anything was touched.

    ``total`` is how many there are, ``unusable`` how many of them cannot be used.
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
        """How many were found usable."""
        return self.total - self.unusable - len(self.unknown)


class Stranger(Struct, frozen=True):
    """Somebody else's stack or stack set: whose, in words, its tags, and what replacing or deleting it would lose."""

    maker: str
    tags: Pairs = ()
    lost: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What is known of it, in sentences."""
        tags = ", ".join(f"{name}={value}" for name, value in self.tags)
        lost = ", ".join(self.lost) or "nothing"
        return (self.maker, f"its tags: {tags or 'none'}", f"what would be lost: {lost}")


class StackPlan(Struct, frozen=True):
    """What happens to one stack.

    ``change_set`` is ready to be executed; without one (a stack that imports what does not exist yet, or that
    must be deleted first) it is made when its turn comes. ``permissions`` include those that depend on a condition that
    nobody decided. ``secrets`` is how many the gate is asked about, ``unchecked`` where those stand that nothing
    checks. ``notes`` are sentences the user should read before agreeing. ``pending`` names other people's change
    sets. ``adopted`` is what was somebody else's stack until now. ``template_url`` is where a template lies that is too
    long for a request.
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
        """The deployed parameter values, which stay where no others are given."""
        return self.before.parameters if self.before and self.action in {StackAction.UPDATE, StackAction.BUSY} else ()

    @property
    def needs_consent(self) -> bool:
        """Whether it changes anything that a person should have agreed to."""
        return self.action not in {StackAction.CHECK_AGAIN, StackAction.NOTHING} or self.protect or bool(self.adopted)


class Plan(Struct, frozen=True):
    """What happens to all stacks, in deployment order, where, and what was found out about their references."""

    stacks: tuple[StackPlan, ...]
    options: Options
    run: Run
    home: Destination = Destination()
    check: ReferenceCheck = ReferenceCheck()

    @property
    def needs_consent(self) -> bool:
        """Whether a person should agree first."""
        return any(stack.needs_consent for stack in self.stacks)

    @property
    def permissions(self) -> tuple[Change, ...]:
        """The permission changes of all stacks."""
        return tuple(change for stack in self.stacks for change in stack.permissions.changes)


class Run(Struct, frozen=True):
    """One run of the deployer: when it began, and a text that no other run has."""

    began: datetime
    suffix: str

    @classmethod
    def new(cls) -> Run:
        """A run that begins now."""
        return cls(datetime.now(UTC), secrets.token_hex(4))

    @property
    def token(self) -> str:
        """Marks this run's change sets and events; CloudFormation wants ``[a-zA-Z][-a-zA-Z0-9]*``."""
        return f"{RUN_PREFIX}{self.began:%Y%m%dT%H%M%SZ}-{self.suffix}"


class Note(Struct, frozen=True):
    """Something about a stack that is no event of CloudFormation's."""

    stack: str
    text: str


#: Where events and notes go while a plan is made or applied.
Tell = Callable[[Event | Note], None]
