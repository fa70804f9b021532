"""What is behind a failure message: what it says, what asked for the call, and what the role says to it."""

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
    """What is next to the diagnoses: failures in words that nobody knows, and a text for what could not be read."""

    unknown: tuple[Said, ...] = ()
    unread: tuple[str, ...] = ()


class Diagnosis(Struct, frozen=True):
    """One message, diagnosed.

    ``asked_by`` are the fields that ask for the call. ``role`` is the one that was looked at, and ``judged`` what it
    says to the call. ``causes`` are what may be behind the message, the likeliest first. ``statements`` are what the
    role's own policy lacks: empty wherever something else refused the call. ``unknown`` is what was not known.
    ``address`` is that of the task definition in a configuration of Terraform, in whose language the statements are
    written. ``times`` says how often the message was found, ``where`` and ``when`` for the last time, where what was
    read tells. ``at`` is the role of the source that was looked at, and ``also_missing`` what that lacks for other
    calls, which would be refused next. ``fixable`` says that the role may come from a file.
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
        """What kind of thing went wrong, by the text and the role: that of the likeliest cause that is left."""
        said = self.understood
        if self.statements:
            return Category.PERMISSION
        left = [cause.what for cause in self.causes]
        if not left or left == [cause.what for cause in said.causes]:
            return said.category
        return self.causes[0].category or said.category

    @property
    def outcome(self) -> Outcome | None:
        """What the role says to the call; ``None`` where none was looked at."""
        outcomes = {each.outcome for each in self.judged}
        return next((each for each in reversed(Outcome) if each in outcomes), None)

    @property
    def is_settled(self) -> bool:
        """Whether it is known what went wrong: neither the text nor the role leaves several causes."""
        known = self.understood.category is not Category.UNDETERMINED and not self.causes
        return bool(self.statements) or known or self.is_distrusted

    @property
    def is_distrusted(self) -> bool:
        """Whether the role's trust policy does not let ECS assume it."""
        return self.trust is not None and trust_outcome(self.trust) in (Outcome.MISSING, Outcome.DENIED)

    @property
    def is_behind(self) -> bool:
        """Whether the message says that the role lacks what the role of the source allows: it was not deployed yet."""
        denial = self.understood.denial
        identity = denial is not None and denial.kind is PolicyKind.IDENTITY and not denial.explicit
        return identity and self.at is not None and self.outcome is Outcome.ALLOWED

    @property
    def remedy(self) -> str:
        """What to do; where the role allows the call already, another than the message alone would have."""
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
