"""Diagnoses: a failure message, the fields that made the call, and whether the role allows it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from cfnroles.answers.source_roles import SourceRole
from cfnroles.answers.trust import Trust
from cfnroles.answers.verification import Judged, Outcome, trust_outcome
from cfnroles.messages.answers import Said
from cfnroles.messages.understanding import Understood
from cfnroles.need import Origin
from cfnroles.statements import Statement
from cfnroles.table.message import Category, PolicyKind, PossibleCause


class Besides(Struct, frozen=True):
    """Additions to the diagnoses: failures with unknown messages, and texts about what could not be read."""

    unknown: tuple[Said, ...] = ()
    unread: tuple[str, ...] = ()


class Diagnosis(Struct, frozen=True):
    """One message, diagnosed.

    ``asked_by`` are the fields that require the call. ``role`` is the role that was judged, and ``judged`` the results.
    ``causes`` are the possible causes, the likeliest first. ``statements`` are what the role's own policy lacks: empty
    if something else denied the call. ``unknown`` is what was not known. ``address`` is that of the task definition in
    a Terraform configuration; the statements are then in its language. ``times`` says how often the message was found,
    ``where`` and ``when`` for the last time, if known. ``at`` is the role of the source that was judged, and
    ``also_missing`` what it lacks for other calls, which would be denied next. ``fixable`` says that the role may come
    from a file.
    """

    understood: Understood
    asked_by: tuple[Origin, ...] = ()
    role: str = ""
    judged: tuple[Judged, ...] = ()
    causes: tuple[PossibleCause, ...] = ()
    statements: tuple[Statement, ...] = ()
    unknown: tuple[str, ...] = ()
    address: str = ""
    times: int = 1
    where: str = ""
    when: datetime | None = None
    at: SourceRole | None = None
    also_missing: tuple[Statement, ...] = ()
    trust: Trust | None = None
    fixable: bool = True

    @property
    def category(self) -> Category:
        """The category of the failure, by text and role: that of the likeliest remaining cause."""
        said = self.understood
        if self.statements:
            return Category.PERMISSION
        left = [cause.what for cause in self.causes]
        if not left or left == [cause.what for cause in said.causes]:
            return said.category
        return self.causes[0].category or said.category

    @property
    def outcome(self) -> Outcome | None:
        """Whether the role allows the call; ``None`` if no role was judged."""
        outcomes = {each.outcome for each in self.judged}
        return next((each for each in reversed(Outcome) if each in outcomes), None)

    @property
    def is_settled(self) -> bool:
        """Whether the cause is known: text and role leave only one."""
        known = self.understood.category is not Category.UNDETERMINED and not self.causes
        return bool(self.statements) or known or self.is_distrusted

    @property
    def is_distrusted(self) -> bool:
        """Whether the role's trust policy does not let ECS assume it."""
        return self.trust is not None and trust_outcome(self.trust) in (Outcome.MISSING, Outcome.DENIED)

    @property
    def is_behind(self) -> bool:
        """Whether the message denies what the source's role allows: it was not deployed yet."""
        denial = self.understood.denial
        identity = denial is not None and denial.kind is PolicyKind.IDENTITY and not denial.explicit
        return identity and self.at is not None and self.outcome is Outcome.ALLOWED

    @property
    def remedy(self) -> str:
        """The remedy. If the role already allows the call, it differs from that of the message alone."""
        if self.statements:
            denial = self.understood.denial
            whose = "user" if denial is not None and ":user/" in denial.principal else "role"
            return f"Add the statement to the {whose}{'; `--fix` writes it to its file' if self.fixable else ''}"
        if self.trust is not None and self.is_distrusted:
            return f"Let {self.trust.service} assume the role in its trust policy: no other policy helps"
        if self.is_behind:
            return "Deploy the source: its role allows the call, but the deployed role does not"
        if self.understood.denial and self.outcome is Outcome.ALLOWED:
            return "Leave the role as it is: it allows the call, and something else refused it"
        if self.understood.denial and self.outcome is Outcome.DENIED:
            return "Change the statement that denies: one more that allows does not help"
        if self.understood.denial and self.at is not None and self.causes:
            return "Find out which cause applies"
        return self.understood.remedy
