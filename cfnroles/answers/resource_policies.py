"""The policies of a template's own keys, secrets, buckets and repositories, which may affect a role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.verification import Judged, Outcome, Verification
from cfnroles.document import inside
from cfnroles.iam.resource_policies import granting
from cfnroles.iam.roles import RolePolicy
from cfnroles.need import Need
from cfnroles.statements import compose
from cfnroles.symbols import SUFFIX
from cfnroles.template.dependencies import names_in
from cfnroles.template.template import Template
from cfnroles.text import arn_of, text_of

#: Resources with a policy: their noun, and the property.
_OWN = {"AWS::KMS::Key": ("key", "KeyPolicy"), "AWS::ECR::Repository": ("repository", "RepositoryPolicyText")}
#: Policies that are resources: the noun of their resource, and the properties with its name and the policy.
_BESIDE = {
    "AWS::SecretsManager::ResourcePolicy": ("secret", "SecretId", "ResourcePolicy"),
    "AWS::S3::BucketPolicy": ("bucket", "Bucket", "PolicyDocument"),
}
#: The types of the latter, and of all.
TYPES = tuple(_BESIDE)
WITH_POLICIES = (*_OWN, *TYPES)


class ResourcePolicy(Struct, frozen=True):
    """The policy of the resource with a logical ID, whose ARN is known if its name is. ``denies`` if it may deny the
    role. ``granting`` are its statements that allow something to exactly the role, as JSON; empty if it has none, or
    if it denies something.
    """

    noun: str
    logical_id: str
    arn: str
    denies: bool
    granting: str = ""

    def __str__(self) -> str:
        return f"the policy of the {self.noun} {self.logical_id}"

    @property
    def granted(self) -> RolePolicy:
        """What it allows to the role with its resource, as a policy of the role."""
        return RolePolicy(str(self), {"Version": "2012-10-17", "Statement": json.loads(self.granting)})

    def is_of(self, need: Need) -> bool:
        """Return whether it belongs to the resource of a need."""
        resource = text_of(need.permission.resource)
        named = {symbol.name.removeprefix(SUFFIX).partition(".")[0] for symbol in resource.symbols}
        known = self.arn.startswith("arn:") and f"{resource}/".startswith(f"{self.arn}/")
        return self.logical_id in named or known


class ConfiguredPolicy(ResourcePolicy, frozen=True):
    """The policy of a Terraform resource with an address, identified by the end of its ARN in a ``service``."""

    service: str = ""

    def is_of(self, need: Need) -> bool:
        """Return whether it belongs to the resource of a need."""
        arn = arn_of(need.permission.resource)
        return arn is not None and arn.service == self.service and f"{arn.resource}/".startswith(f"{self.arn}/")


def policies_naming(role: str, template: Template, value: Callable[[Any], Any]) -> tuple[ResourcePolicy, ...]:
    """Return the policies of resources that name a role, in the world in which ``value`` evaluates expressions."""
    found: list[ResourcePolicy] = []
    for noun, logical_id, policy in _policies(template, value):
        if role in names_in(policy):
            arn = value({"Fn::GetAtt": [logical_id, "Arn"]})
            denies = any(role in names_in(each) for each in _denying(policy))
            granted = granting(value(policy), (f"${{{role}.Arn}}",))
            found.append(ResourcePolicy(noun, logical_id, arn if isinstance(arn, str) else "", denies, granted))
    return tuple(found)


#: Whether a policy of a resource, as one of the role, certainly allows a need.
Allows = Callable[[Need, RolePolicy], bool]


def beside(
    answer: Verification, policies: Iterable[ResourcePolicy], allows: Allows = lambda need, policy: False
) -> Verification:
    """Return the result with what one of these policies ``allows``, and with unknown where one may allow what is
    missing or deny what is allowed.

    Within an account, either the role's policies or that of the resource allow a request.
    """
    judged = tuple(_beside(each, policies, allows) for each in answer.judged)
    lacking = (each.need for each in judged if each.outcome is Outcome.MISSING)
    return replace(answer, judged=judged, missing=compose(lacking)) if judged != answer.judged else answer


def _beside(each: Judged, policies: Iterable[ResourcePolicy], allows: Allows) -> Judged:
    its = [policy for policy in policies if policy.is_of(each.need)]
    if each.outcome is Outcome.ALLOWED:
        its = [policy for policy in its if policy.denies]
    if each.outcome not in (Outcome.MISSING, Outcome.ALLOWED) or not its:
        return each
    granting = (policy for policy in its if policy.granting and each.outcome is Outcome.MISSING)
    if granted := next((policy for policy in granting if allows(each.need, policy.granted)), None):
        return replace(each, outcome=Outcome.ALLOWED, keys=(str(granted),))
    return replace(each, outcome=Outcome.UNKNOWN, keys=tuple(map(str, its)))


def _policies(template: Template, value: Callable[[Any], Any]) -> Iterator[tuple[str, str, Any]]:
    for name, each in template.resources.items():
        kind, properties = each["Type"], _member(each, "Properties")
        if kind not in WITH_POLICIES:
            continue
        condition = _member(each, "Condition")
        if condition and value({"Fn::If": [condition, "there", ""]}) == "":
            continue
        if kind in _OWN:
            noun, held = _OWN[kind]
            yield noun, name, _member(properties, held)
        elif kind in _BESIDE:
            noun, of, held = _BESIDE[kind]
            for logical_id in names_in(_member(properties, of)):
                yield noun, logical_id, _member(properties, held)


def _denying(value: Any) -> Iterator[Any]:
    """Yield the Deny statements of a policy, under any condition."""
    if _member(value, "Effect") == "Deny":
        yield value
    for member in inside(value):
        yield from _denying(member)


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None
