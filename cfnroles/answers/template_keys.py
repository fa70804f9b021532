"""What the policies of a template's own KMS keys may allow a role, beside its own policies.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.answers.verification import Judged, Outcome, Verification
from cfnroles.need import Need
from cfnroles.sources.template_tasks import names_in
from cfnroles.statements import compose
from cfnroles.symbols import Attribute
from cfnroles.template.template import Template
from cfnroles.text import text_of


def by_keys(answer: Verification, role: str, template: Template) -> Verification:
    """The answer, in which nothing is missing that the policy of a key may allow: the one that names the role.

    A key's policy alone lets a role of the same account use the key. What it says is not judged.
    """
    judged = tuple(_by_key(each, role, template) for each in answer.judged)
    lacking = (each.need for each in judged if each.outcome is Outcome.MISSING)
    return replace(answer, judged=judged, missing=compose(lacking)) if judged != answer.judged else answer


def _by_key(each: Judged, role: str, template: Template) -> Judged:
    keys = [name for name in _keys(each.need) if role in names_in(_policy(template, name))]
    if each.outcome is not Outcome.MISSING or not keys:
        return each
    return replace(each, outcome=Outcome.UNKNOWN, keys=tuple(f"the policy of the key {name}" for name in keys))


def _keys(need: Need) -> list[str]:
    if not need.permission.action.startswith("kms:"):
        return []
    symbols = text_of(need.permission.resource).symbols
    return [each.name.partition(".")[0] for each in symbols if isinstance(each, Attribute)]


def _policy(template: Template, name: str) -> object:
    resource = template.tree["Resources"].get(name)
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    return properties.get("KeyPolicy") if isinstance(properties, dict) else None
