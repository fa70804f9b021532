"""Names from a message in the commands that check it, so that these can be pasted.

The contents of a message may be hostile: a name is used only if it consists of characters without a meaning in shells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_PLACE = re.compile(r"\b[A-Z][A-Z_]+\b")
_SAFE = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9+=,.@_/:-]{0,2047}")
_MASKED = ("xxx", "...")
_ARN = r"arn:aws[a-z-]{0,12}"
_ROLE = r"iam::[0-9]{12}:role/(?:[^/\s\"']{1,64}/){0,9}([^/\s\"']{1,64})"
_IMAGES = r"\.dkr\.ecr\.[a-z0-9.-]{10,60}/"
_REPOSITORY = r"([a-z0-9._/-]{2,256})"
_REFERENCE = r"([a-z0-9][A-Za-z0-9._-]{0,255}[/:][A-Za-z0-9._/:@-]{1,512})"
_ID = r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
#: One group for each name, in order. The first expression that matches a name wins.
_TOLD: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("ROLE",), re.compile(rf"{_ARN}:sts::[0-9]{{12}}:assumed-role/([^/\s\"']{{1,64}})/")),
    (("TARGET_ROLE",), re.compile(rf"on resource:? \"?{_ARN}:{_ROLE}")),
    (("ROLE",), re.compile(rf"{_ARN}:{_ROLE}")),
    (("TASK",), re.compile(rf":assumed-role/[^/\s]{{1,64}}/({_ID})\b")),
    (("CLUSTER", "TASK"), re.compile(rf":task/([A-Za-z0-9_-]{{1,255}})/({_ID})\b")),
    (("CLUSTER", "SERVICE"), re.compile(r":service/([A-Za-z0-9_-]{1,255})/([A-Za-z0-9_-]{1,255})")),
    (("CLUSTER",), re.compile(r":cluster/([A-Za-z0-9_-]{1,255})")),
    (
        ("SERVICE",),
        re.compile(r"\(?\bservice (?!call )([A-Za-z0-9_-]{1,255})[),]? (?:was|is|has|failed|could|operations|\()"),
    ),
    (("FAMILY",), re.compile(r":task-definition/([A-Za-z0-9_-]{1,255})")),
    (("INSTANCE",), re.compile(r"container-instance ([0-9a-f-]{32,36})\b")),
    (("SECRET",), re.compile(rf"({_ARN}:secretsmanager:[a-z0-9-]{{5,25}}:[0-9]{{12}}:secret:[^:\s\"',;]{{1,512}})")),
    (("KEY",), re.compile(rf"({_ARN}:kms:[a-z0-9-]{{5,25}}:[0-9]{{12}}:key/[A-Za-z0-9-]{{1,64}})")),
    (("GROUP",), re.compile(r":log-group:([A-Za-z0-9_/.#-]{1,512})")),
    (("FS",), re.compile(r"\b(fs-[0-9a-f]{8,17})\b")),
    (
        ("TARGET_GROUP",),
        re.compile(rf"({_ARN}:elasticloadbalancing:[^\s\"')]{{1,256}}:targetgroup/[A-Za-z0-9/-]{{1,64}})"),
    ),
    (("BUCKET", "OBJECT"), re.compile(rf"{_ARN}:s3:::([a-z0-9.-]{{3,63}})/([^\s\"']{{1,1024}})")),
    (("BUCKET",), re.compile(rf"{_ARN}:s3:::([a-z0-9.-]{{3,63}})\b")),
    (("OBJECT", "BUCKET"), re.compile(r"(?:key|config) ([^\s]{1,1024}) from bucket ([a-z0-9.-]{3,63})\b")),
    (("ACCOUNT", "REGION"), re.compile(r"\b([0-9]{12})\.dkr\.ecr\.([a-z0-9-]{5,25})\.amazonaws")),
    (("REPOSITORY", "TAG"), re.compile(rf"{_IMAGES}{_REPOSITORY}:([A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})")),
    (("REPOSITORY", "DIGEST"), re.compile(rf"{_IMAGES}{_REPOSITORY}@(sha256:[0-9a-f]{{4,64}})")),
    (("DIGEST",), re.compile(r"@(sha256:[0-9a-f]{4,64})")),
    (("REPOSITORY",), re.compile(rf"{_IMAGES}(?!v[12]/){_REPOSITORY}")),
    (("REPOSITORY",), re.compile(rf":repository/{_REPOSITORY}")),
    (("IMAGE",), re.compile(rf"(?:\bref \"?|\bmanifest for |access denied for |cannot pull '?){_REFERENCE}")),
    (("ACCOUNT",), re.compile(rf"{_ARN}:(?!iam:|sts:)[a-z0-9-]{{2,30}}:[a-z0-9-]{{0,25}}:([0-9]{{12}}):")),
    (("REGION",), re.compile(rf"{_ARN}:[a-z0-9-]{{2,30}}:([a-z]{{2}}(?:-[a-z]{{2,10}}){{1,2}}-[0-9]):")),
    (("REGION",), re.compile(r"[.-]([a-z]{2}(?:-[a-z]{2,10}){1,2}-[0-9])\.(?:amazonaws\.com|api\.aws)")),
    (("SECURITY_GROUP",), re.compile(r"\b(sg-[0-9a-f]{8,17})\b")),
    (("SUBNET",), re.compile(r"\b(subnet-[0-9a-f]{8,17})\b")),
)


def names_in(message: str) -> dict[str, str]:
    """Return the names of resources in a message by placeholder: ``ROLE``, ``SECRET``, ``REGION`` and others."""
    found: dict[str, str] = {}
    for name, value in _told(message):
        found.setdefault(name, value)
    return found


def _told(message: str) -> Iterator[tuple[str, str]]:
    for names, expression in _TOLD:
        if match := expression.search(message):
            yield from zip(names, (group.rstrip(".,:") for group in match.groups()), strict=True)


def filled(text: str, names: Mapping[str, str]) -> str:
    """Return a command with the known names in place of their words in capitals."""
    return _PLACE.sub(lambda place: _safe(names.get(place[0], "")) or place[0], text)


def _safe(value: str) -> str:
    return value if _SAFE.fullmatch(value) and not any(mask in value.lower() for mask in _MASKED) else ""
