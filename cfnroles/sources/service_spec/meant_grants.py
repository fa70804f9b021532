"""The grant that an unknown word means: by meaning first, then by spelling."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from cfnroles.spelling import meant


def meant_grant(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the grants that ``name`` may mean: one of the same service and meaning, otherwise those of the service.

    ``s3-get`` is ``s3-read``, and nothing of another service with a similar spelling. An IAM action such as
    ``sqs:SendMessage`` is read in the same way. Empty for an unknown service.
    """
    services = {each: _parts(each) for each in known}
    (first, *_), verbs = head = _parts(name)
    whole = _service(*head[0])
    service = whole if whole in {_service(*words) for words, _ in services.values()} else _service(first)
    same = {each: words for each, (heads, words) in services.items() if _service(*heads) == service}
    for nearly in _NEARLY:
        found = [each for each, words in same.items() if verbs and _as(nearly, words) == _as(nearly, verbs)]
        if len(found) == 1:
            return tuple(found)
    near = meant(name, same, 0.8)
    return (near,) if near else tuple(same)


def grants_with(verb: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the grants that are a service and this verb: ``s3-read`` and others for ``read``."""
    verbs = _VERBS.get(verb.lower(), ())
    return tuple(each for each in known if verbs and _parts(each)[1] == verbs)


def _parts(name: str) -> tuple[Sequence[str], tuple[str, ...]]:
    """Return the words of a grant that are not verbs, its service first, and its verbs in the words of ``_VERBS``."""
    words = [each.lower() for each in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]
    joined = {f"{first}{second}": [first, second] for first, second in itertools.pairwise(words)}
    if words and _SERVICES.get(next(iter(joined), "")):
        words = [next(iter(joined)), *words[2:]]
    head = [word for at, word in enumerate(words) if not at or word not in _VERBS]
    verbs = tuple(verb for word in words[1:] for verb in _VERBS.get(word, ()))
    return head or [""], verbs


def _service(*words: str) -> str:
    return _SERVICES.get("".join(words), "".join(words))


def _as(nearly: Mapping[str, str], verbs: Iterable[str]) -> tuple[str, ...]:
    return tuple(nearly.get(verb, verb) for verb in verbs)


def _classes(words: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    return {
        word: tuple(verb.split("-")) for verb, several in words.items() for word in (*verb.split("-"), *several.split())
    }


_VERBS = {
    **_classes({"read-write": "rw readwrite"}),
    **_classes(
        {
            "read": "get fetch download load query scan select view",
            "write": "put post upload update set save insert add create store modify edit",
            "send": "publish push enqueue emit produce notify",
            "consume": "receive poll subscribe pull dequeue listen process",
            "delete": "remove rm destroy purge drop erase",
            "list": "ls browse",
            "invoke": "call run execute trigger",
            "start": "begin launch",
            "connect": "login auth authenticate",
            "decrypt": "unseal",
            "encrypt": "seal",
            "discover": "find resolve",
            "answer": "callback reply",
        }
    ),
}
#: Nearly equal verbs, for services without a grant of the same meaning.
_NEARLY: tuple[Mapping[str, str], ...] = (
    {},
    {"consume": "read", "list": "read", "send": "write", "start": "invoke"},
    {"delete": "write"},
)
#: Common names of services, by their name in grants.
_SERVICES = {
    alias: service
    for service, aliases in {
        "s3": "s3 bucket",
        "dynamodb": "dynamodb dynamo ddb",
        "sqs": "sqs queue",
        "sns": "sns topic",
        "ses": "ses mail email",
        "secret": "secret secrets secretsmanager",
        "parameter": "parameter parameters ssm param params parameterstore",
        "lambda": "lambda function",
        "eventbridge": "eventbridge events",
        "kafka": "kafka msk",
        "kinesis": "kinesis",
        "kms": "kms",
        "stepfunctions": "stepfunctions states sfn",
        "opensearch": "opensearch es elasticsearch",
        "elasticache": "elasticache redis valkey",
        "firehose": "firehose",
        "api": "api apigateway executeapi",
        "rds": "rds database",
        "bedrock": "bedrock",
        "efs": "efs elasticfilesystem",
    }.items()
    for alias in aliases.split()
}
