"""The central values. A need is one permission that one field of a document requires, for one reason.

All types here are frozen and hashable.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from cfnroles.signs import checked
from cfnroles.text import Text, text_of


class Holder(StrEnum):
    """The role that must have a permission.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-ecs-iam-role-overview.html
    """

    EXECUTION = "execution role"
    TASK = "task role"
    INFRASTRUCTURE = "infrastructure role"
    LIFECYCLE_HOOK = "lifecycle hook role"
    MANAGED_INSTANCES = "managed instances role"
    INSTANCE = "instance role"
    GATEWAY = "gateway role"
    SCHEDULER = "scheduler role"
    EVENT_RULE = "event rule role"
    STATE_MACHINE = "state machine role"
    PIPE = "pipe role"
    VALIDATOR = "secret validator role"
    DEPLOYER = "deployer"


class Condition(Struct, frozen=True, order=True):
    """One line of a policy's Condition block. ``values`` are alternatives, sorted and without duplicates.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
    """

    operator: str
    key: str
    values: tuple[Text, ...]


class Permission(Struct, frozen=True, order=True):
    """One action on one resource, under conditions.

    ``when`` names template parameters: the permission exists only if all of them have a value. Raise Misread for a
    resource or condition in which a policy would give a name another meaning.
    """

    action: str
    resource: Text
    conditions: tuple[Condition, ...] = ()
    when: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A string that is not a `Text` is literal.
        checked(text_of(self.resource))
        for condition in self.conditions:
            for text in condition.values:
                checked(text_of(text))
        for condition in self.conditions:
            checked(text_of(condition.key))

    @property
    def texts(self) -> tuple[Text, ...]:
        """The resource, and the values of all conditions."""
        return (self.resource, *(value for condition in self.conditions for value in condition.values))

    def __str__(self) -> str:
        conditions = "".join(
            f", {condition.key} {condition.operator} {' or '.join(condition.values)}" for condition in self.conditions
        )
        return f"{self.action} on {self.resource}{conditions}"


class Origin(Struct, frozen=True):
    """The place of a field: the document, the path in it, and the names of its container and item.

    ``line`` and ``column`` are 0 if the path determines them.
    """

    document: str
    path: tuple[str | int, ...]
    container: str = ""
    item: str = ""
    line: int = 0
    column: int = 0

    @property
    def pointer(self) -> str:
        """The path as ``containerDefinitions[0].secrets[1].valueFrom``."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return "".join(steps).lstrip(".")

    @property
    def place(self) -> str:
        """The place in words: ``container web, secret DB_PASSWORD``; the pointer if it has no names."""
        named = (f"container {self.container}" if self.container else "", self.item)
        return ", ".join(name for name in named if name) or self.pointer

    @property
    def sort_key(self) -> tuple[str, tuple[tuple[int, int, str], ...]]:
        """The sort key: by document and then by position, ``[2]`` before ``[10]``."""
        return (self.document, _order(self.path))

    def __str__(self) -> str:
        return f"{self.document}: {self.pointer}"


@lru_cache(maxsize=4096)  # most documents set the same fields
def _order(path: tuple[str | int, ...]) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, step, "") if isinstance(step, int) else (1, 0, step) for step in path)


class Standing(StrEnum):
    """The evidence that a permission is needed."""

    DOCUMENTED = "documented"
    MANAGED_POLICY = "seen in AWS's managed policy"
    AGENT = "seen in the agent's source"
    DERIVED = "derived"
    UNPROVEN = "unproven"


class Reason(Struct, frozen=True, order=True):
    """The reason for a permission: the feature of ECS, one clause about what ECS does, and AWS's page.

    ``standing`` is the evidence, and ``doubt`` the part of it that is not proven.
    """

    feature: str
    why: str
    source: str
    standing: Standing = Standing.DOCUMENTED
    doubt: str = ""

    @property
    def told(self) -> str:
        """The standing in words: empty for documented permissions."""
        if self.standing is Standing.DOCUMENTED:
            return ""
        return f"{self.standing}: {self.doubt}" if self.doubt else str(self.standing)


class Need(Struct, frozen=True):
    """A permission that a role needs because a field uses a feature of ECS."""

    holder: Holder
    permission: Permission
    reason: Reason
    origin: Origin
    sid: str

    @property
    def sort_key(self) -> tuple[object, ...]:
        """A total order that depends only on the need itself."""
        return (
            self.holder,
            self.sid,
            self.permission.when,
            self.permission,
            self.reason,
            self.origin.sort_key,
        )

    @property
    def place_key(self) -> tuple[object, ...]:
        """A total order by place."""
        return (self.origin.sort_key, self.sort_key)

    def __str__(self) -> str:
        return (
            f"the {self.holder} needs {self.permission}, because {self.origin.pointer} of {self.origin.document}"
            f" uses {self.reason.feature}: {self.reason.why}"
        )


#: Features whose gaps can each hide any number of permissions.
UNREAD_PARTS = frozenset({"unknown-member", "hidden-resource", "conditions"})


class Gap(Struct, frozen=True):
    """A need whose resource name is unknown. ``remedy`` says how to close it, ``actions`` what it may require."""

    holder: Holder
    feature: str
    origin: Origin
    what: str
    remedy: str
    actions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.origin}: {self.what}. {self.remedy}"


class Severity(StrEnum):
    """The severity of a finding. An error ends the command; warnings and infos are only reported."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Finding(Struct, frozen=True):
    """A part of the document that ECS would reject or misread, with a ``remedy``.

    ``check`` is the ID of the row of the table of checks, ``code`` its code in cfn-lint, and ``source`` AWS's page.
    ``line`` and ``column`` are 0 if the path determines them. ``accepted`` is the reason of a suppression, ``also`` has
    more findings of the same kind that this one represents.
    """

    severity: Severity
    origin: Origin
    what: str
    remedy: str
    check: str = ""
    code: str = ""
    source: str = ""
    line: int = 0
    column: int = 0
    accepted: str = ""
    also: tuple[Finding, ...] = ()

    @property
    def sort_key(self) -> tuple[object, ...]:
        """The sort key: by place, then by check."""
        return (self.origin.sort_key, self.line, self.column, self.code, self.what)

    def __str__(self) -> str:
        return f"{self.origin}: {self.what}. {self.remedy}"


def fault(path: tuple[str | int, ...], what: str, remedy: str, container: str = "", item: str = "") -> Finding:
    """Return an error at a path. Callers that know the document, the check and the severity replace them."""
    return Finding(Severity.ERROR, Origin("", path, container, item), what, remedy)


class Reference(Struct, frozen=True):
    """A secret or parameter that must exist before the task starts. ``value_from`` is the string that ECS reads.

    ``use`` is the purpose for ECS, in the words of the secret validator; empty for an environment variable.
    """

    value_from: Text
    origin: Origin
    use: str = ""

    @property
    def asked(self) -> dict[str, str]:
        """The reference in the form that the secret validator accepts."""
        asked = {"ValueFrom": self.value_from, "For": self.origin.place}
        return {**asked, "Use": self.use} if self.use else asked
