"""The results for the needs of a role, and the verdict on it."""

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
    """The result for a need, worst last."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    MISSING = "missing"
    DENIED = "denied"


#: From best to worst.
ORDER = tuple(Outcome)


#: The condition key of needs without a role.
THE_ROLE, THE_INSTANCE = "the role itself", "the role of the container instances"


class Verdict(StrEnum):
    """The verdict on a role for its source.

    A role passes if it allows exactly what is needed and all of it was judged. It fails if a permission is missing,
    denied or excess, even if something else is unknown.
    """

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_JUDGED = "not judged"


class Ground(StrEnum):
    """A reason why a role does not pass."""

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
        """Whether the role fails for this reason. Otherwise it is not judged."""
        return self in (Ground.NEEDS, Ground.NOT_TRUSTING, Ground.OTHERS, Ground.DANGERS, Ground.EXCESS)


class Judged(Struct, frozen=True):
    """One need with its result.

    ``by`` are the statements that decide: those that allow, those that deny, or those that would decide if ``keys``
    were known. ``boundary`` names the permissions boundary that excludes the need. ``unless_denied`` are the statements
    that allow it unless something among ``keys`` denies it.
    """

    need: Need
    outcome: Outcome
    by: tuple[StatementId, ...] = ()
    keys: tuple[str, ...] = ()
    boundary: str = ""
    unless_denied: tuple[StatementId, ...] = ()


class Absence(Struct, frozen=True):
    """A role that is missing in a template or configuration; ``named`` says whether it is named there."""

    named: bool
    remedy: str
    inside: str = "template"


class Use(Struct, frozen=True):
    """The use of a role in a template.

    ``tasks`` are the logical IDs of its task definitions, or of Express Mode services according to ``noun``; ``when``
    are the conditions, and ``others`` its other users. ``defaults`` are parameters with their default. ``conditions``
    are those of single results. ``constructs`` are the paths of the tasks' CDK constructs, empty without the CDK.
    ``runners`` are the logical IDs of what runs the tasks with the role. ``taken`` are assumed values of the parameters
    of the role's own template. ``stack`` is the document of their stack if several are verified.
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
    stack: str = ""

    @property
    def called(self) -> str:
        """The task definitions by logical ID, each with the path of its CDK construct."""
        paths = self.constructs or ("",) * len(self.tasks)
        return ", ".join(f"{name} ({path})" if path else name for name, path in zip(self.tasks, paths, strict=True))


class Verification(Struct, frozen=True):
    """The result for one role with the needs of its holder.

    ``judged`` are all needs with their results, in the order of the document. ``hanging`` are the needs that exist only
    if a parameter has a value; ``settled`` are the parameters among them to which the role's own template gives none.
    ``missing`` are the statements to add, as `build` writes them. ``excess`` are grants that no need uses;
    ``application`` are the actions of a task role that ECS does not use, and that only the application's developers can
    judge; ``chosen`` are those that a spec grants by the name of their policy. ``dangers`` are the risks of such
    grants. ``unsure`` are grants that a need may or may not use. ``unread`` are the parts of the role that could not be
    read. ``removals`` is the proof, if requested. ``use`` is the use of the role in a template, and ``absence`` says
    why there is no role to judge. ``cures`` say how to find a value, by its name. ``language`` is that of statements to
    paste.
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
        """Return the template conditions of a result, in words; empty if there are none."""
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
        """The reasons why the role does not pass, failures first."""
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
            # If a need is open, so is what may serve it.
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
        """Return whether the role's own template excludes a conditional need."""
        return not set(self.settled).isdisjoint(need.permission.when)

    @property
    def outcome(self) -> Outcome:
        """The worst result of all needs, including trust."""
        outcomes = [judged.outcome for judged in self.judged]
        if self.trust is not None:
            outcomes.append(trust_outcome(self.trust))
        return max(outcomes, key=ORDER.index, default=Outcome.ALLOWED)


def trust_outcome(trust: Trust) -> Outcome:
    """Return the verdict on a trust policy."""
    return {
        Decision.ALLOWED: Outcome.ALLOWED,
        Decision.UNKNOWN: Outcome.UNKNOWN,
        Decision.EXPLICIT_DENY: Outcome.DENIED,
        Decision.IMPLICIT_DENY: Outcome.MISSING,
    }[trust.decision]
