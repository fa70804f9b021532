"""The tight policies of an audit as files, each with a diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.answers.audited import Audit, AuditedRole, TightPolicy
from cfnroles.page import json_source, visible
from cfnroles.template.intrinsics import plain, symbols

_NAME = re.compile(r"[^A-Za-z0-9+=,.@_-]+")


def policy_files(audit: Audit) -> Mapping[str, str]:
    """Return the files by name: the tight policy in JSON and the diff, for each policy with unused permissions."""
    files: dict[str, str] = {}
    for role in audit.roles:
        for tight in role.tight:
            base = _free(f"{_safe(role.name)}.{_safe(tight.name)}", files)
            if tight.after is not None:
                files[f"{base}.json"] = f"{policy_text(tight.after)}\n"
            files[f"{base}.diff"] = difference(role, tight)
    return files


def difference(role: AuditedRole, tight: TightPolicy) -> str:
    """Return a unified diff of a policy and its tight form."""
    before = policy_text(tight.before).split("\n")
    after = policy_text(tight.after).split("\n") if tight.after is not None else []
    name = visible(f"{role.name}/{tight.name}")
    return "\n".join((*difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm=""), ""))


def policy_text(document: Mapping[str, Any]) -> str:
    """Return the document as JSON, with ``Fn::Sub`` for values that only CloudFormation knows."""
    return json_source(written(document))


def written(value: Any) -> Any:
    """Return a policy, or a part of one, in CloudFormation's form."""
    if isinstance(value, str):
        return {"Fn::Sub": str(value)} if symbols(value) else plain(value)
    if isinstance(value, Mapping):
        return {key: written(member) for key, member in value.items()}
    return [written(each) for each in value] if isinstance(value, list | tuple) else value


def _safe(name: str) -> str:
    return _NAME.sub("-", name).strip(".-") or "policy"


def _free(base: str, files: Mapping[str, str]) -> str:
    taken = {name.rpartition(".")[0].lower() for name in files}
    return next(each for each in _numbered(base) if each.lower() not in taken)


def _numbered(base: str) -> Iterator[str]:
    yield base
    yield from (f"{base}-{number}" for number in range(2, 1_000_000))
