"""Conditions of rows on a message besides its words: its hosts, and whether it is complete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cfnroles.table.messages.network import LAYER_ADDRESSES

_HOST = re.compile(r"[a-z0-9.-]{4,253}")
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws", ".amazonaws.eu", ".sc2s.sgov.gov", ".c2s.ic.gov")
_BEFORE = (
    *("://", "lookup ", "ref ", 'ref "', "dial tcp ", "repository ", "host: ", "image ", "connect to "),
    *("enotfound ", "eai_again ", "from host ", "unknownhostexception: "),
)


#: Where Fargate and the agent truncate a text. https://github.com/aws/amazon-ecs-agent/pull/4545
_CUTS = (255, 1024)
#: The end of a quoted text, also in JSON.
_CLOSED = re.compile(r"[\"'`)}\]]{1,8}[,.]?$")
#: An unresolved reference, or why it was not resolved.
_REFERRED = re.compile(r"failed to resolve ref(?:erence)?(?: ?:|[\"' ]{1,3}[a-z0-9._-]{1,253}[/:@])")
#: The beginning of AWS's text after the label of a console.
_NAME = re.compile(r"\b[A-Za-z]{3,60}(?:Error|Exception): ", re.IGNORECASE)


def is_cut(message: str) -> bool:
    """Return whether a text is truncated: by an ellipsis of ECS, or after a character that something must follow."""
    named = _NAME.search(message)
    lengths = {len(message), len(message) - named.start() if named else 0}
    return _CLOSED.sub("", message).endswith(("...", "…", ":", ",")) or not lengths.isdisjoint(_CUTS)


def _whole(message: str) -> bool:
    return not is_cut(message)


def hosts(message: str) -> tuple[str, ...]:
    """Return the names and addresses of hosts in a message in lowercase, after the words that precede one."""
    found: dict[str, None] = {}
    for sign in _BEFORE:
        at = message.find(sign)
        for _ in range(20):
            if at < 0:
                break
            host = _HOST.match(message, at + len(sign))
            if host and "." in (name := host[0].rstrip(".-")):
                found[name] = None
            at = message.find(sign, at + 1)
    return tuple(found)


def is_aws(host: str) -> bool:
    """Return whether a host belongs to AWS."""
    return host.endswith(_AWS)


def _mistyped(message: str) -> bool:
    return any((".dkr.ecr" in host or ".amazonaws" in host) and not is_aws(host) for host in hosts(message))


def _foreign(message: str) -> bool:
    return not any(map(is_aws, hosts(message))) and "amazonaws" not in message and "cloudwatch" not in message


def _layers(message: str) -> bool:
    return any(host.startswith(LAYER_ADDRESSES) or "starport-layer-bucket" in host for host in hosts(message))


#: The conditions by their name in rows. Each gets the message in lowercase.
CONDITIONS: Mapping[str, Callable[[str], bool]] = {
    "mistyped registry": _mistyped,
    "not a host of AWS": _foreign,
    "address of Amazon S3": _layers,
    "not cut": _whole,
    "not cut, and not of CloudWatch": lambda message: _whole(message) and _foreign(message),
    "no reference follows": lambda message: _REFERRED.search(message) is None,
    "not cut, and no log driver": lambda message: _whole(message) and "logging driver" not in message,
    "nothing follows": lambda message: message.rstrip(" .:").endswith(("configuration", "conf")),
}
