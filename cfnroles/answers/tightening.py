"""The policies of a role without unused permissions, by statement, as written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cfnroles.answers.audited import AuditedGrant, TightPolicy
from cfnroles.answers.excess import GrantedAction
from cfnroles.iam.roles import Role, RolePolicy

_Cells = Mapping[tuple[int, int], AuditedGrant]


def tight_policies(role: Role, grants: Sequence[AuditedGrant]) -> tuple[TightPolicy, ...]:
    """Return the policies of a role from which something can be removed.

    Everything unknown stays, and everything that a field of a task definition needs.
    """
    return tuple(found for policy in role.policies if (found := _tight(policy, grants)) is not None)


def _tight(policy: RolePolicy, grants: Sequence[AuditedGrant]) -> TightPolicy | None:
    own: dict[int, dict[tuple[int, int], AuditedGrant]] = {}
    for each in grants:
        if each.grant.statement.policy == policy.name:
            place = each.grant.action_at, each.grant.resource_at
            own.setdefault(each.grant.statement.index, {})[place] = each
    removed = tuple(each.grant.granted for cells in own.values() for each in cells.values() if each.removable)
    narrowed = tuple(_narrowed(own))
    if not removed and not narrowed:
        return None
    given = policy.document.get("Statement")
    statements = given if isinstance(given, list) else [given]
    left = [kept for index, each in enumerate(statements) for kept in _statements(each, own.get(index, {}))]
    taken = {str(each["Sid"]) for each in left if isinstance(each, Mapping) and "Sid" in each}
    after = {**policy.document, "Statement": _with_own_sids(left, taken)} if left else None
    return TightPolicy(policy.name, policy.where, policy.document, after, removed, narrowed)


def _narrowed(own: Mapping[int, _Cells]) -> Iterator[tuple[GrantedAction, tuple[str, ...]]]:
    for cells in own.values():
        for each in cells.values():
            if (kept := each.kept_actions) is not None:
                yield each.grant.granted, kept


def _statements(statement: Any, cells: _Cells) -> Iterator[Any]:
    """Yield a statement without removable parts: one for each group of resources with the same actions."""
    changes = any(each.removable or each.kept_actions is not None for each in cells.values())
    if not changes or not isinstance(statement, Mapping):
        yield statement
        return
    actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
    groups: dict[tuple[str, ...], list[Any]] = {}
    for at, resource in enumerate(resources):
        kept = [name for number, action in enumerate(actions) for name in _kept(action, cells[number, at])]
        if kept:
            groups.setdefault(tuple(dict.fromkeys(kept)), []).append(resource)
    for names, on in groups.items():
        yield {
            **statement,
            "Action": _as_before(statement["Action"], names),
            "Resource": _as_before(statement["Resource"], on),
        }


def _kept(action: str, cell: AuditedGrant) -> tuple[str, ...]:
    if cell.removable:
        return ()
    return cell.kept_actions if cell.kept_actions is not None else (action,)


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _as_before(given: Any, kept: Sequence[Any]) -> Any:
    return kept[0] if len(kept) == 1 and not isinstance(given, list) else list(kept)


def _with_own_sids(statements: Sequence[Any], taken: set[str]) -> list[Any]:
    """Return the statements with unique Sids: one that was split keeps its Sid once.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
    """
    found: list[Any] = []
    seen: set[str] = set()
    for each in statements:
        sid = each.get("Sid") if isinstance(each, Mapping) else None
        if sid is None or sid not in seen:
            seen |= {sid} if sid is not None else set()
            found.append(each)
            continue
        number = next(n for n in range(2, len(statements) + 2) if f"{sid}{n}" not in taken | seen)
        seen.add(f"{sid}{number}")
        found.append({**each, "Sid": f"{sid}{number}"})
    return found
