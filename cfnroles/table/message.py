"""One row of the table of messages: the meaning of a text of Amazon ECS, its agent or IAM.

A row has the words of the message in order. They are found with `str.find` in linear time, for any text, however long
or hostile: rows contain no regular expressions.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

#: In a row's words, any text between two others.
ANY = " … "


class Category(StrEnum):
    """The category of a failure."""

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
    """The role that made the failed call."""

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
    """The kinds of policies that can deny a call, in IAM's words.

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
    """One of several possible causes of a message, with a way to confirm it, and the remedy.

    ``lacking`` says that a policy of the role lacks a statement: the only cause that a statement fixes. ``untrusted``
    says that the role's trust policy denies access, which the role itself shows. ``category`` is the category of the
    failure, if it differs from the message's.
    """

    what: str
    check: str
    remedy: str
    lacking: bool = False
    untrusted: bool = False
    category: Category | None = None


class Stage(Struct, frozen=True):
    """What Amazon ECS or its agent was doing when it failed, according to the beginning of the message.

    ``words`` are alternatives, one of which is in the message. ``fields`` are those of a task definition that require
    the call; ``action`` is the call, if it is always the same.
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
    """A message and its meaning.

    ``during`` are the stages without which the words have another meaning; ``when`` is one of the conditions of
    `messages/conditions.py`. ``causes`` are the possible causes, likeliest first: if there are several, the text does
    not decide. ``caller``, ``action`` and ``fields`` override those of the stage. ``after`` are words that precede the
    subject of the message.
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
    """A kind of policy and its name in IAM's messages; ``names`` are its spellings.

    ``helps`` says whether one more statement in the role's own policy can be the remedy: it is for one kind.
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
    """A host of AWS that ECS or its agent calls: the beginning of its name, the call, and the VPC endpoint for it."""

    host: str
    service: str
    action: str
    endpoint: str
