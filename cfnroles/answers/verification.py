"""What becomes of the needs of a role, and what the role comes to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from cfnroles.answers.excess import Excess, GrantedAction
from cfnroles.answers.prove import Removal
from cfnroles.answers.trust import Trust
from cfnroles.iam.dangers import Danger
from cfnroles.iam.evaluator import Decision, StatementId
from cfnroles.iam.roles import Role
from cfnroles.need import Gap, Holder, Need
from cfnroles.statements import Statement


class Outcome(StrEnum):
    """What becomes of a need, the worst last."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    MISSING = "missing"
    DENIED = "denied"


#: From the best to the worst.
ORDER = tuple(Outcome)


#: What the need of a role that is not there depends on.
THE_ROLE, THE_INSTANCE = "the role itself", "the role of the container instances"


class Verdict(StrEnum):
    """What a role comes to against its source.

    It passes if it allows what is needed and nothing else, and if all of it was judged. It fails where something is
    missing, denied or too much, whatever else is not known.
    """

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_JUDGED = "not judged"


class Ground(StrEnum):
    """What keeps a role from passing."""

    NEEDS = "what is needed is missing or denied"
    NOT_TRUSTING = "ECS cannot assume the role"
    OTHERS = "others can assume the role"
    DANGERS = "it has risky permissions that nothing needs"
    EXCESS = "it grants more than is needed"
    UNREAD = "part of it could not be read"
    UNKNOWN = "what it allows depends on an unknown value"
    UNSURE = "whether it grants more than is needed depends on an unknown value"
    UNKNOWN_TRUST = "whether ECS can assume the role depends on an unknown value"
    HANGING = "what is needed depends on an unknown value"
    GAPS = "what is needed cannot be named"
    APPLICATION = "the application's own permissions are unknown"
    ABSENT = "the template does not have the role"
    SHARED = "others that use the role may need what it grants"

    @property
    def fails(self) -> bool:
        """Whether the role fails because of it; if not, it is not judged."""
        return self in (Ground.NEEDS, Ground.NOT_TRUSTING, Ground.OTHERS, Ground.DANGERS, Ground.EXCESS)


class Judged(Struct, frozen=True):
    """One need and what the role says to it.

    ``by`` are the statements behind it: those that allow, those that deny, or those that would decide if ``keys`` were
    known. ``boundary`` names the permissions boundary that leaves the need out. ``unless_denied`` are the statements
    that allow it if nothing among ``keys`` denies it.
    """

    need: Need
    outcome: Outcome
    by: tuple[StatementId, ...] = ()
    keys: tuple[str, ...] = ()
    boundary: str = ""
    unless_denied: tuple[StatementId, ...] = ()


class Absence(Struct, frozen=True):
    """A role that a template or a configuration does not have, as ``inside`` says; ``named``, whether it names one."""

    named: bool
    remedy: str
    inside: str = "template"


class Use(Struct, frozen=True):
    """What a template does with a role.

    ``tasks`` are the logical ids of the task definitions that have it, or of Express Mode services as ``noun`` says of
    them, ``when`` the conditions on which they do, and
    ``others`` what else of the template has it. ``defaults`` are parameters whose default was taken.
    ``conditions`` are those on which single things hang that are told of the role. ``constructs`` are the paths of the
    constructs that made the tasks, empty ones outside of the CDK. ``runners`` are what runs the tasks with the role, by
    their logical ids. ``taken`` are parameters of the role's own template with what each was taken for.
    """

    tasks: tuple[str, ...]
    when: str = ""
    others: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    conditions: Mapping[object, str] = field(default_factory=dict)
    noun: str = "task definition"
    constructs: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """The task definitions by their logical ids, each with the path of the CDK's construct that made it."""
        paths = self.constructs or ("",) * len(self.tasks)
        return ", ".join(f"{name} ({path})" if path else name for name, path in zip(self.tasks, paths, strict=True))


class Verification(Struct, frozen=True):
    """Everything that one role says to the needs of its holder.

    ``judged`` are all needs with their outcomes, in the order of the document. ``hanging`` are the needs that are there
    only if a parameter has a value; ``settled`` are the parameters among them to which the role's own template gives
    none. ``missing`` are the statements to add, as `build` writes them. ``excess`` is what the role grants and no need
    uses; ``application`` are the actions of a task role that ECS has no part in, which only the application's authors
    can judge; ``chosen`` are those that a spec grants by the name of their policy. ``dangers`` are what such grants
    give away. ``unsure`` are grants that a need may or may not use.
    ``unread`` is what could not be read of the role. ``removals`` is the proof, where it was asked for.
    ``use`` is what a template does with the role, and ``absence`` why there is none to judge. ``cures`` are sentences
    that say what tells a value, by its name. ``language`` is the one in which statements are pasted.
    """

    holder: Holder
    role: Role
    trust: Trust | None
    judged: tuple[Judged, ...]
    hanging: tuple[Need, ...]
    missing: tuple[Statement, ...]
    excess: tuple[Excess, ...]
    application: tuple[str, ...] = ()
    removals: tuple[Removal, ...] | None = None
    gaps: tuple[Gap, ...] = field(default=())
    chosen: tuple[str, ...] = ()
    dangers: tuple[Danger, ...] = ()
    unread: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    unsure: tuple[GrantedAction, ...] = ()
    use: Use | None = None
    absence: Absence | None = None
    cures: Mapping[str, str] = field(default_factory=dict)
    language: str = "json"

    def when(self, told: object) -> str:
        """On which conditions of the template a thing hangs that is told of the role; empty for none."""
        return self.use.conditions.get(told, "") if self.use else ""

    @property
    def verdict(self) -> Verdict:
        """Whether the role passes, fails or is not judged."""
        grounds = self.grounds
        if any(ground.fails for ground in grounds):
            return Verdict.FAIL
        return Verdict.NOT_JUDGED if grounds else Verdict.PASS

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """Everything that keeps the role from passing, what makes it fail first."""
        outcomes = {each.outcome for each in self.judged}
        trusted = Outcome.ALLOWED if self.trust is None else trust_outcome(self.trust)
        bad = {Outcome.MISSING, Outcome.DENIED}
        hanging = any(not self.is_settled(need) for need in self.hanging)
        found = {
            Ground.NEEDS: bool(outcomes & bad),
            Ground.NOT_TRUSTING: trusted in bad,
            Ground.OTHERS: self.trust is not None and bool(self.trust.others),
            Ground.DANGERS: bool(self.dangers),
            Ground.EXCESS: bool(self.excess),
            Ground.UNREAD: bool(self.unread),
            Ground.UNKNOWN: Outcome.UNKNOWN in outcomes,
            # Where a need itself is open, what may serve it is, too.
            Ground.UNSURE: bool(self.unsure) and Outcome.UNKNOWN not in outcomes and not hanging,
            Ground.UNKNOWN_TRUST: trusted is Outcome.UNKNOWN,
            Ground.HANGING: hanging,
            Ground.GAPS: bool(self.gaps),
            Ground.APPLICATION: bool(self.application),
            Ground.ABSENT: self.absence is not None and self.absence.named,
            Ground.SHARED: self.use is not None and bool(self.use.others),
        }
        return tuple(ground for ground in Ground if found[ground])

    def is_settled(self, need: Need) -> bool:
        """Whether the role's own template says that a hanging need is not there."""
        return not set(self.settled).isdisjoint(need.permission.when)

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all needs, that on the trust policy among them."""
        outcomes = [judged.outcome for judged in self.judged]
        if self.trust is not None:
            outcomes.append(trust_outcome(self.trust))
        return max(outcomes, key=ORDER.index, default=Outcome.ALLOWED)


def trust_outcome(trust: Trust) -> Outcome:
    """The verdict on a trust policy."""
    return {
        Decision.ALLOWED: Outcome.ALLOWED,
        Decision.UNKNOWN: Outcome.UNKNOWN,
        Decision.EXPLICIT_DENY: Outcome.DENIED,
        Decision.IMPLICIT_DENY: Outcome.MISSING,
    }[trust.decision]
