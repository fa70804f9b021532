"""The rules of a template, which restrict combinations of parameter values.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.template.intrinsics import Resolution, symbols


def refused(tree: Mapping[str, Any], resolution: Resolution) -> bool:
    """Return whether a rule certainly rejects the known values. Unknown values reject nothing."""
    rules = tree.get("Rules")
    return any(_refuses(rule, resolution) for rule in (rules.values() if isinstance(rules, Mapping) else ()))


def _refuses(rule: Any, resolution: Resolution) -> bool:
    if not isinstance(rule, Mapping):
        return False
    if "RuleCondition" in rule and _truth(rule["RuleCondition"], resolution) is not True:
        return False
    return any(_truth(each, resolution) is False for each in _asserted(rule.get("Assertions")))


def _asserted(assertions: Any) -> Iterator[Any]:
    for each in assertions if isinstance(assertions, list) else ():
        if isinstance(each, Mapping):
            yield each.get("Assert")


def _truth(given: Any, resolution: Resolution) -> bool | None:
    """Return whether an expression of a rule holds; ``None`` if unknown."""
    match given:
        case {"Fn::Not": [inner]}:
            truth = _truth(inner, resolution)
            return None if truth is None else not truth
        case {"Fn::And": [*several]}:
            return _all([_truth(each, resolution) for each in several])
        case {"Fn::Or": [*several]}:
            truth = _all([_negated(_truth(each, resolution)) for each in several])
            return _negated(truth)
        case {"Fn::Contains": [[*values], wanted]}:
            known = [resolution.text(each) for each in (*values, wanted)]
            return None if any(map(symbols, known)) else known[-1] in known[:-1]
        case {"Fn::Equals": _}:
            return resolution.truth(given)
    return None


def _all(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def _negated(truth: bool | None) -> bool | None:
    return None if truth is None else not truth
