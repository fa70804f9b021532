"""One row of the table of messages: what a text that Amazon ECS, its agent or IAM writes means, and what it does not.

A row says which words make the message, in the order in which they stand. Words are looked for with `str.find`, so that
no text, however long or hostile, takes longer than its length: rows hold no regular expressions.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

#: Stands in a row's words for any text between two others.
ANY = " … "


class Category(StrEnum):
    """What kind of thing went wrong."""

    PERMISSION = "permission"
    KEY_POLICY = "key policy"
    TRUST = "trust"
    MISSING = "missing resource"
    MALFORMED = "malformed reference"
    IMAGE = "image"
    ARCHITECTURE = "architecture"
    NETWORK = "network"
    THROTTLED = "throttled"
    CAPACITY = "capacity"
    LIMIT = "resource limit"
    VOLUME = "volume"
    LOGGING = "logging driver"
    APPLICATION = "application"
    RUNTIME = "runtime"
    OTHER = "other"
    UNDETERMINED = "undetermined"


class CallingRole(StrEnum):
    """In whose name the call was made that failed."""

    EXECUTION = "execution role"
    TASK = "task role"
    EITHER = "execution role or task role"
    INSTANCE = "instance role"
    LOG_WRITER = "execution role, or instance role on EC2"
    SERVICE_LINKED = "service-linked role of Amazon ECS"
    DEPLOYER = "principal that called AWS"
    NOBODY = "no role"
    UNKNOWN = "unknown"


class PolicyKind(StrEnum):
    """The kinds of policies that can refuse a call, in IAM's words.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    SESSION = "session policy"
    ENDPOINT = "VPC endpoint policy"
    RESOURCE = "resource-based policy"
    KEY = "key policy"
    TRUST = "role trust policy"
    UNSTATED = "a policy that the message does not name"


class PossibleCause(Struct, frozen=True):
    """One of several things that may be behind a message: how to be sure that it is the one, and what to do then.

    ``lacking`` says that a policy of the role lacks a statement: the one cause that a statement cures. ``untrusted``
    says that the role's trust policy refuses, which the role itself shows. ``category`` is what kind of thing went
    wrong then, where it is another than the message's own.
    """

    what: str
    check: str
    remedy: str
    lacking: bool = False
    untrusted: bool = False
    category: Category | None = None


class Stage(Struct, frozen=True):
    """What Amazon ECS or its agent was doing when it failed, as the message says before it says why.

    ``words`` are the alternatives, of which one stands in the message. ``fields`` are those of a task definition that
    ask for the call; ``action`` is the call, if it is always the same one.
    """

    name: str
    words: tuple[str, ...]
    example: str
    doing: str
    source: str
    caller: CallingRole
    action: str = ""
    fields: tuple[str, ...] = ()


class Symptom(Struct, frozen=True):
    """A message and what it means.

    ``during`` are names of stages without one of which the words mean something else; ``when`` is one of the
    conditions of `messages/conditions.py`. ``causes`` are what may be behind it, the likeliest first: where there are
    several, nobody can tell by the text. ``caller``, ``action`` and ``fields`` come in the place of the stage's.
    ``after`` are words behind which the thing stands that the message is about.
    """

    name: str
    words: tuple[str, ...]
    example: str
    category: Category
    what: str
    sure: str
    remedy: str
    source: str
    during: tuple[str, ...] = ()
    when: str = ""
    causes: tuple[PossibleCause, ...] = ()
    caller: CallingRole | None = None
    action: str = ""
    fields: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Refusal(Struct, frozen=True):
    """A kind of policy and how IAM names it in a message; ``names`` are its spellings.

    ``helps`` says whether one more statement in the role's own policy can be what is missing: it is for one kind.
    """

    kind: PolicyKind
    names: tuple[str, ...]
    example: str
    what: str
    explicit: str
    sure: str
    remedy: str
    source: str
    helps: bool = False


class Endpoint(Struct, frozen=True):
    """A host of AWS's that ECS or its agent calls: how its name begins, the call, and the VPC endpoint for it."""

    host: str
    service: str
    action: str
    endpoint: str
