"""What the policy of a resource allows a role of its account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping
from typing import Any


def granting(policy: Any, role: Collection[str]) -> str:
    """Return the Allow statements that have the role among their principals, as statements of the role, in JSON.

    ``role`` are the texts of its ARN. Empty if no statement is known as a whole, or if the policy denies something.
    """
    found = []
    for each in _listed(_member(policy, "Statement")):
        if _member(each, "Effect") != "Allow":
            return ""
        if not set(role).isdisjoint(map(str, _listed(_member(_member(each, "Principal"), "AWS")))):
            # The policies of some resources name none: their own is meant.
            statement = {"Resource": "*", **{name: part for name, part in each.items() if name != "Principal"}}
            with contextlib.suppress(TypeError):  # what only CloudFormation evaluates
                found.append(json.dumps(statement))
    return f"[{','.join(found)}]" if found else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None
