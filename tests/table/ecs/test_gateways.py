"""Gateways: AWS's managed policy, for the account, Region and web ACL of the gateway that is described."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, build, read
from cfnroles.errors import InvalidInput
from cfnroles.iam.managed_policies import managed_policy
from cfnroles.need import Holder
from cfnroles.sources.settings import gateway_beside
from cfnroles.workload import Workload

HOME = "us-east-1:123456789012"
ACL = f"arn:aws:wafv2:{HOME}:regional/webacl/shop/1234abcd-12ab-34cd-56ef-1234567890ab"


def gateway(**shared: Any) -> dict[str, Any]:
    return {"name": "shop", "infrastructureRoleArn": "", "configuration": {"hostSharedAlb": shared}}


def needs(answer: Any, **shared: Any) -> set[str]:
    found = answer(gateway=gateway(**shared))
    assert found.gaps == found.errors == []
    return {need.removeprefix("gateway role: ") for need in found.needs if need.startswith("gateway role: ")}


def test_it_has_each_action_of_the_managed_policy_and_no_other(answer: Any) -> None:
    policy = managed_policy("AmazonECSInfrastructureRoleForGatewayHostSharedALB")
    assert policy is not None
    theirs = set()
    for statement in policy.document["Statement"]:  # type: ignore[attr-defined]
        actions = statement["Action"]
        theirs |= {actions} if isinstance(actions, str) else set(actions)
    ours = {need.partition(" ")[0] for need in needs(answer, webACLArn=ACL)}
    assert {action.lower() for action in ours} == {action.lower() for action in theirs}


def test_nothing_is_of_another_account_or_region(answer: Any) -> None:
    resources = {need.partition(" on ")[2].partition(", ")[0] for need in needs(answer, webACLArn=ACL)}
    arns = resources - {"*"}
    assert all(re.match(rf"arn:aws:(iam::123456789012|[a-z0-9-]+:{HOME}):", arn) for arn in arns)


def test_what_changes_a_load_balancer_is_for_those_that_ecs_manages(answer: Any) -> None:
    changed = [need for need in needs(answer) if re.match(r"elasticloadbalancing:(Modify|Delete|Set)", need)]
    assert changed
    assert all("aws:ResourceTag/AmazonECSManaged StringEquals true" in need for need in changed)


def test_only_the_web_acl_that_is_named_is_associated(answer: Any) -> None:
    of_acl = {need for need in needs(answer, webACLArn=ACL) if "WebA" in need}
    assert {need.partition(" on ")[2] for need in of_acl if need.startswith("wafv2:")} == {ACL}
    assert not [need for need in needs(answer) if "WebA" in need]


@pytest.mark.parametrize("acl", [ACL.replace("regional", "global"), ACL.replace("wafv2", "waf")])
def test_a_web_acl_of_another_kind_is_refused(answer: Any, acl: str) -> None:
    assert "is not the ARN of a web ACL of a Region" in answer(gateway=gateway(webACLArn=acl)).errors[0]


@pytest.mark.parametrize(
    "shared",
    [
        {"accessLogs": {"destination": {"s3": {"bucket": "shop-logs", "prefix": "alb"}}}},
        {"scheme": "internal", "networkConfiguration": {"subnets": ["subnet-1"]}, "maxAlbCount": 2},
    ],
    ids=["access logs", "settings"],
)
def test_what_costs_nothing_changes_nothing(answer: Any, shared: dict[str, Any]) -> None:
    assert needs(answer, **shared) == needs(answer)


def test_a_gateway_of_another_kind_is_a_gap(answer: Any) -> None:
    found = answer(gateway={"infrastructureRoleArn": "", "configuration": {}})
    assert not [need for need in found.needs if need.startswith("gateway role")]
    (gap,) = found.gaps
    assert "`configuration.hostSharedAlb` only" in gap


@pytest.mark.parametrize("text", ["{}", "[]", '{"name": "shop"}', '{"containerDefinitions": []}'])
def test_anything_else_is_no_gateway(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a gateway"):
        gateway_beside(Workload("task.json", {}), Document("gateway.json", text))


def spec(directory: Path, described: dict[str, Any]) -> Path:
    task = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}]}
    service = {"task-definition": "task.json", "gateway": "gateway.json"}
    documents = {"task": task, "gateway": described, "spec": {"project": "shop", "services": {"web": service}}}
    for name, members in documents.items():
        (directory / f"{name}.json").write_text(json.dumps(members))
    return directory / "spec.json"


def test_a_spec_builds_the_role_and_exports_it(tmp_path: Path) -> None:
    reading = read(spec(tmp_path, {"name": "shop", "configuration": {"hostSharedAlb": {"webACLArn": "{ACL}"}}}))
    assert {need.holder for need in reading.task().discovery.needs} == {Holder.GATEWAY}
    roles = json.loads(build(reading, format="json").files["web-roles.json"])
    trust = roles["Resources"]["GatewayRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Principal"]["Service"] for statement in trust] == ["ecs.amazonaws.com"]
    assert any("GatewayRole" in name for name in roles["Outputs"])


def test_a_member_that_ecs_gains_is_told(tmp_path: Path) -> None:
    described = {"configuration": {"hostSharedAlb": {"keyArn": "x"}}}
    reading = read(spec(tmp_path, described))
    assert [gap.origin.pointer for gap in reading.gaps] == ["gateway.configuration.hostSharedAlb.keyArn"]
    (tmp_path / "gateway.json").write_text(json.dumps({"configuration": {"hostSharedAlb": []}}))
    with pytest.raises(InvalidInput, match="expected an object, found a list"):
        read(tmp_path / "spec.json").task()
