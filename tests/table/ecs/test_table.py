"""The feature table itself: complete over ECS's model, sourced, justified, and printed in the documentation."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import cfnlint.data.AdditionalSpecs
import pytest
from botocore.model import ServiceModel

from cfnroles.discovery import discover
from cfnroles.formats.feature_table import feature_table
from cfnroles.iam.managed_policies import managed_policy
from cfnroles.need import Standing
from cfnroles.sources.members import FLAG, MAP, MEMBERS, NUMBER, TEXT
from cfnroles.symbols import Field, Symbol
from cfnroles.table.ecs import FEATURES
from cfnroles.table.ecs.fieldless import FIELDLESS, SETTINGS
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.table.feature import Feature
from cfnroles.text import Part

ECS = botocore.session.get_session().get_service_model("ecs")
SERVICES = json.loads((Path(cfnlint.data.AdditionalSpecs.__file__).parent / "Policies.json").read_text())

each_feature = pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)


def members(shape: Any, path: str = "") -> Iterator[str]:
    """Every field below a shape of botocore, in the spelling of the table."""
    if shape.type_name == "structure" and shape.members:
        for name, member in shape.members.items():
            yield from members(member, f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        yield from members(shape.member, f"{path}[]")
    else:
        yield path


def is_below(field: str, other: str) -> bool:
    """Whether `field` is `other`, below it, or a map that holds it."""
    return field == other or field.startswith((f"{other}.", f"{other}[]")) or other.startswith(f"{field}.")


#: Members of newer versions of botocore than the emulator takes, up to 1.44.5.
NEWER = {
    "RegisterTaskDefinition": (
        "trustedExecutionConfiguration.isolationMode",
        "trustedExecutionConfiguration.attestationPolicy",
        "volumes[].logDriverVolumeConfiguration.driver",
        "containerDefinitions[].resourceRequirements[].sharingStrategy.nvidiaMps.maxComputePercent",
        "containerDefinitions[].resourceRequirements[].sharingStrategy.nvidiaMps.memory",
    ),
    "CreateService": (
        "gatewayConnectors[].portName",
        "serviceConnectConfiguration.containerConfigurations[].logLevel",
    ),
}


def shapes(model: Any) -> dict[str, Any]:
    """What the table looks at, by where it stands in a workload."""
    return {
        "": model.operation_model("RegisterTaskDefinition").input_shape,
        "service.": model.operation_model("CreateService").input_shape,
        "service. ": model.operation_model("UpdateService").input_shape,
        "service.  ": model.shape_for("Service"),
        "cluster.": model.operation_model("CreateCluster").input_shape,
    }


def unknown_fields(model: Any) -> list[str]:
    """The fields of ECS that neither a row nor a reason is about."""
    known = [*(feature.field for feature in FEATURES), *FIELDLESS, *SETTINGS]
    fields = {f"{root.strip()}{field}" for root, shape in shapes(model).items() for field in members(shape)}
    return sorted(field for field in fields if not any(is_below(field, other) for other in known))


def test_each_field_is_a_features_or_costs_nothing_for_a_reason() -> None:
    assert unknown_fields(ECS) == [], "ECS has fields that the table does not know: add a row, or a reason"


@pytest.mark.parametrize(
    ("shape", "field"),
    [
        ("RegisterTaskDefinitionRequest", "somethingNew"),
        ("ContainerDefinition", "containerDefinitions[].somethingNew"),
        ("CreateServiceRequest", "service.somethingNew"),
        ("AdvancedConfiguration", "service.loadBalancers[].advancedConfiguration.somethingNew"),
        ("ManagedStorageConfiguration", "cluster.configuration.managedStorageConfiguration.somethingNew"),
    ],
)
def test_a_member_that_ecs_gains_is_noticed(shape: str, field: str) -> None:
    described = copy.deepcopy(ECS._service_description)
    described["shapes"][shape]["members"]["somethingNew"] = {"shape": "String"}
    assert unknown_fields(ServiceModel(described)) == [field]


def test_what_costs_nothing_exists_and_is_no_features_field() -> None:
    fields = {f"{root.strip()}{field}" for root, shape in shapes(ECS).items() for field in members(shape)}
    fields |= {f"service.{field}" for field in NEWER["CreateService"]} | set(NEWER["RegisterTaskDefinition"])
    for field, reason in {**FIELDLESS, **SETTINGS}.items():
        assert any(is_below(other, field) for other in fields), f"{field} is no field of ECS"
        assert reason
        assert field not in {feature.field for feature in FEATURES}


def test_each_features_field_exists() -> None:
    roots = {
        "service": ECS.operation_model("CreateService").input_shape,
        "cluster": ECS.operation_model("CreateCluster").input_shape,
    }
    task = list(members(ECS.operation_model("RegisterTaskDefinition").input_shape))
    for feature in FEATURES:
        root, _, rest = feature.field.partition(".")
        if root == "account":
            assert rest in ECS.shape_for("SettingName").enum
            continue
        fields = [f"{root}.{field}" for field in members(roots[root])] if root in roots else task
        # The members of a map are the user's own, so a field may be below one.
        assert any(is_below(field, feature.field) or is_below(feature.field, field) for field in fields), feature.field


def test_the_reader_knows_the_members_that_ecs_knows() -> None:
    kinds = {"string": TEXT, "integer": NUMBER, "boolean": FLAG, "map": MAP}

    def kind(shape: Any) -> Any:
        if shape.type_name == "structure":
            return {name: kind(member) for name, member in shape.members.items()}
        return [kind(shape.member)] if shape.type_name == "list" else kinds[shape.type_name]

    # Daemons have one that other task definitions have not.
    newer = {"trustedExecutionConfiguration", "sharingStrategy", "logDriverVolumeConfiguration"}

    def older(known: Any) -> Any:
        if isinstance(known, list):
            return [older(known[0])]
        if not isinstance(known, dict):
            return known
        return {name: older(member) for name, member in known.items() if name not in newer}

    assert kind(ECS.operation_model("RegisterTaskDefinition").input_shape) == older(MEMBERS)


def test_names_are_unique() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)


@each_feature
def test_each_row_says_why_by_whose_word_and_by_what_example(feature: Feature) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", feature.name)
    assert re.fullmatch(r"https://(docs\.aws\.amazon\.com|docs\.fluentbit\.io|github\.com/aws)/\S+", feature.source)
    assert len(feature.why) > 20
    assert not feature.why.endswith(".")
    assert feature.example not in ("", None)


@each_feature
def test_what_nobody_has_shown_is_said(feature: Feature) -> None:
    for grant in feature.grants:
        standing = grant.standing or feature.standing
        assert (standing is Standing.UNPROVEN) == bool(grant.doubt), grant.action_name
        assert standing is not Standing.MANAGED_POLICY or "aws-managed-policy" in feature.source
        assert standing is not Standing.AGENT or grant.standing is None


@pytest.mark.parametrize(
    ("policy", "rows"),
    [
        ("AmazonECSInfrastructureRolePolicyForLoadBalancers", "load-balancer-"),
        ("AmazonECSInfrastructureRolePolicyForVpcLattice", "lattice-"),
        ("AmazonECSInfrastructureRolePolicyForVolumes", "managed-volume"),
        ("AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity", "service-connect-certificates"),
        ("AWSXRayDaemonWriteAccess", "xray-daemon"),
    ],
)
def test_the_rows_of_a_managed_policy_have_its_actions(policy: str, rows: str) -> None:
    known = managed_policy(policy)
    assert known is not None
    theirs = set()
    for statement in known.document["Statement"]:  # type: ignore[index]
        actions = statement["Action"]
        theirs |= {actions} if isinstance(actions, str) else set(actions)
    ours = {grant.action_name for feature in FEATURES if feature.name.startswith(rows) for grant in feature.grants}
    # The permissions of keys are documented elsewhere.
    assert {action for action in ours if not action.startswith("kms:")} == theirs


@each_feature
def test_each_example_uses_its_row(feature: Feature) -> None:
    discovery = discover(example_workload(feature), FACTS, (feature,))
    granted = {need.permission.action for need in discovery.needs}
    assert granted == {grant.action_name for grant in feature.grants}
    if not feature.grants and not feature.is_free:
        assert discovery.gaps or discovery.findings


def resource_types(action: str) -> list[str]:
    """Patterns of the ARNs that an action of IAM takes; none where AWS defines no resource type for it."""
    service, name = action.split(":")
    known = SERVICES[service]
    resources = {kind.lower(): resource for kind, resource in known["Resources"].items()}
    assert name.lower() in known["Actions"], f"{action} is no action of IAM"
    return [
        pattern
        for kind in known["Actions"][name.lower()].get("Resources", ())
        for pattern in resources[kind.lower()]["ARNFormats"]
    ]


@each_feature
def test_a_star_stands_only_where_aws_defines_no_resource_type(feature: Feature) -> None:
    for need in discover(example_workload(feature), FACTS, (feature,)).needs:
        types = resource_types(need.permission.action)
        assert (need.permission.resource == "*") == (not types), need.permission


@each_feature
def test_each_resource_is_of_a_type_that_the_action_takes(feature: Feature) -> None:
    for need in discover(example_workload(feature), FACTS, (feature,)).needs:
        resource = need.permission.resource
        if resource in ("*", "${KmsKeyArns}"):
            continue
        patterns = [
            re.sub(r"\\\$\\\{\w+\\\}", "[^:]*", re.escape(pattern)).replace(r"\.\*", ".+")
            for pattern in resource_types(need.permission.action)
        ]
        filled = resource.replaced(_filled)
        assert any(re.fullmatch(pattern, filled) for pattern in patterns), (need.permission, patterns)


def _filled(symbol: Symbol) -> Part:
    # One parameter of the template stands for the ARN of a secret or of a parameter.
    if isinstance(symbol, Field):
        return "parameter/shop/database" if symbol.number == 5 else "x"
    return "x" if symbol.name.startswith("AWS::") else symbol


def test_each_optional_grant_is_explained() -> None:
    compatible = [feature for feature in FEATURES if "--compat" in feature.why]
    assert len(compatible) >= 3
    for feature in compatible:
        without = discover(example_workload(feature), FACTS.__class__(), (feature,))
        assert without.needs == (), f"{feature.name} is granted unasked"


def test_the_documentation_is_fresh(repository: Path) -> None:
    written = (repository / "docs" / "features.md").read_text(encoding="utf-8")
    assert feature_table() == written, "run `python -m cfnroles.formats.feature_table docs/features.md`"
