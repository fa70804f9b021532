"""The feature table itself: complete over ECS's model, sourced, justified, and printed in the documentation."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

import cfnlint.data.AdditionalSpecs
import pytest
from botocore.loaders import Loader
from msgspec.structs import replace

from cfnroles.discovery import discover
from cfnroles.formats.feature_table import feature_table
from cfnroles.iam.managed_policies import managed_policy
from cfnroles.need import Permission, Standing
from cfnroles.placeholders import as_symbols
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.sources.members import MAP, TEXT, recorded
from cfnroles.sources.service_spec.definition import SERVICE
from cfnroles.symbols import Field, Symbol
from cfnroles.table.ecs import FEATURES
from cfnroles.table.ecs.fieldless import COSTLESS, COSTLESS_OPERATIONS, INSTEAD, ROOTS
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.table.feature import Feature
from cfnroles.text import Part
from tests.ecs_model import model_record

SERVICES = json.loads((Path(cfnlint.data.AdditionalSpecs.__file__).parent / "Policies.json").read_text())

#: What a spec may say that runs the task.
RUNNERS = {key.name for key in next(key for key in SERVICE.keys if key.name == "run-by").type.mapping.keys}

#: What AWS's managed policies grant on resources that the service authorization reference does not name for the action.
AS_AWS_WROTE = (
    ("ec2:CreateFleet", ":network-interface/"),
    ("ec2:CreateFleet", ":security-group/"),
    ("ecs:Poll", ":task-set/"),
    # The reference names no resource, and AWS's policy does; a role with that policy lacks nothing.
    ("application-autoscaling:DescribeScalableTargets", ":scalable-target/"),
    ("application-autoscaling:DescribeScalingActivities", ":scalable-target/"),
    ("application-autoscaling:DescribeScalingPolicies", ":scalable-target/"),
    ("acm:RequestCertificate", ":certificate/"),
    ("elasticloadbalancing:SetWebAcl", ":loadbalancer/app/"),
    ("wafv2:DisassociateWebACL", ":regional/webacl/"),
)

each_feature = pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)


_LAUNCHED = "capacityProvider.managedInstancesProvider.instanceLaunchTemplate"
#: Names of what a role may have to reach: no reason for a whole structure is a reason for one of these.
TELLING = re.compile(
    r"Arn|Role|Kms|(?<!\.)Key|Secret|Credential|ValueFrom|Bucket|LogGroup|FileSystem|AccessPoint|Snapshot|Image|Profile"
    r"|Policy|Function|Queue|Topic|Stream|Destination|Certificate|Authori|Identit|Principal|Password|Token|Url|Endpoint"
    r"|Registry|Repositor|Account|TargetGroup|Listener",
    re.IGNORECASE,
)


def fields(record: Mapping[str, Any]) -> dict[str, str]:
    """Every field of what ECS takes, in the spelling of the table, with its kind."""
    found = {f"account.{name}": TEXT for name in record["settings"]}
    for operation, taken in record["takes"].items():
        if operation not in COSTLESS_OPERATIONS:
            root = ROOTS.get(operation, operation)
            found.update({f"{root}.{path}".lstrip("."): kind for path, kind in taken.items()})
    return found


@functools.cache
def parents(field: str) -> frozenset[str]:
    """The field itself, and what it is below."""
    return frozenset({field, *(field[: found.start()] for found in re.finditer(r"\.|\[\]", field))})


def is_below(field: str, other: str) -> bool:
    """Whether `field` is `other`, or below it."""
    return other in parents(field)


def is_rows(field: str, kind: str) -> bool:
    """Whether a row is about the field, or about a key of the map that it is."""
    return any(row.field == field or (kind == MAP and is_below(row.field, field)) for row in FEATURES)


def has_reason(field: str, reasons: Container[str]) -> bool:
    """Whether one of the reasons is about the field, by its own name where that is a telling one."""
    near = [each for each in parents(field) if each in reasons]
    return any(not TELLING.search(field.removeprefix(reason)) for reason in near)


def unknown_fields(record: Mapping[str, Any]) -> list[str]:
    """The fields of ECS that neither a row nor a reason is about."""
    found = fields(record)
    return [field for field, kind in found.items() if not is_known(cost_of(field), found, kind)]


def is_known(field: str, there: Mapping[str, str], kind: str) -> bool:
    """Whether a field is ECS's own and a row, or a reason, is about it."""
    return field in there and (is_rows(field, kind) or has_reason(field, COSTLESS))


def cost_of(field: str) -> str:
    """The field whose cost this one has: another one, where it comes into the place of that."""
    reasons = [each for each in parents(field) if each in COSTLESS]
    places = [(other, f"{INSTEAD[other]}{field[len(other) :]}") for other in INSTEAD if is_below(field, other)]
    return next((place for other, place in places if not any(is_below(reason, other) for reason in reasons)), field)


def test_each_field_is_a_rows_or_costs_nothing_for_a_reason() -> None:
    assert unknown_fields(recorded()) == [], "ECS has fields that the table does not know: add a row, or a reason"


@pytest.mark.parametrize(
    ("shape", "name", "found"),
    [
        ("RegisterTaskDefinitionRequest", "somethingNew", ["somethingNew"]),
        ("ContainerDefinition", "somethingNew", ["containerDefinitions[].somethingNew"]),
        ("CreateServiceRequest", "somethingNew", ["service.somethingNew"]),
        (
            "AdvancedConfiguration",
            "somethingNew",
            ["service.loadBalancers[].advancedConfiguration.somethingNew"],
        ),
        (
            "ManagedStorageConfiguration",
            "somethingNew",
            ["cluster.configuration.managedStorageConfiguration.somethingNew"],
        ),
        ("CreateDaemonRequest", "somethingNew", ["daemon.somethingNew"]),
        ("TaskOverride", "somethingNew", ["runTask.overrides.somethingNew"]),
        # What a task definition and a service have has a row; what a run has besides has none.
        ("ContainerOverride", "secrets", ["runTask.overrides.containerOverrides[].secrets"]),
        (
            "TaskManagedEBSVolumeConfiguration",
            "somethingNew",
            ["runTask.volumeConfigurations[].managedEBSVolume.somethingNew"],
        ),
        ("ExpressGatewayContainer", "somethingNew", ["expressGatewayService.primaryContainer.somethingNew"]),
        # Below a structure that needs nothing, a name that may refer to a resource has no reason.
        ("LinuxParameters", "profileArn", ["containerDefinitions[].linuxParameters.profileArn"]),
        ("InstanceRequirementsRequest", "roleArn", [f"{_LAUNCHED}.instanceRequirements.roleArn"]),
        ("HealthCheck", "queueUrl", ["containerDefinitions[].healthCheck.queueUrl"]),
        ("LinuxParameters", "sealKey", ["containerDefinitions[].linuxParameters.sealKey"]),
    ],
)
def test_a_member_that_ecs_gains_is_noticed(shape: str, name: str, found: list[str]) -> None:
    assert gain(shape, name) == found


def test_an_operation_that_ecs_gains_is_noticed() -> None:
    model = description()
    model["operations"]["CreateFleet"] = model["operations"]["CreateDaemon"]
    assert "CreateFleet.daemonName" in unknown_fields(model_record(model))


def test_an_account_setting_that_ecs_gains_is_noticed() -> None:
    model = description()
    model["shapes"]["SettingName"]["enum"].append("somethingNew")
    assert "account.somethingNew" in unknown_fields(model_record(model))


def description() -> Any:
    """A model of botocore, to be changed: the installed one, which may be older than the record."""
    return json.loads(_installed())


@functools.cache
def _installed() -> str:
    return json.dumps(Loader().load_service_model("ecs", "service-2"))


def gain(shape: str, name: str) -> list[str]:
    """The fields that are unknown only since the shape has a member of this name."""
    model = description()
    model["shapes"][shape]["members"][name] = {"shape": "String"}
    return [field for field in unknown_fields(model_record(model)) if field not in unknown_now()]


@functools.cache
def unknown_now() -> list[str]:
    """The fields that are unknown in the installed model as it is."""
    return unknown_fields(model_record(description()))


def test_each_reason_is_about_a_field_that_exists_and_is_no_rows() -> None:
    there = {*fields(recorded())}
    for field, reason in COSTLESS.items():
        assert any(is_below(other, field) for other in there), f"{field} is no field of ECS"
        assert len(reason) > 3
        assert not [row.field for row in FEATURES if is_below(row.field, field)], f"{field} has a row"


def test_what_comes_into_the_place_of_something_is_a_field_that_exists_and_is_no_rows() -> None:
    there = {*fields(recorded())}
    for field, other in INSTEAD.items():
        assert any(is_below(each, field) for each in there), f"{field} is no field of ECS"
        assert any(is_below(each, other) for each in there), f"{other} is no field of ECS"
        assert not [row.field for row in FEATURES if is_below(row.field, field)], f"{field} has a row"


def test_each_operation_is_one_that_ecs_has_and_is_told_of_once() -> None:
    assert {*ROOTS, *COSTLESS_OPERATIONS} == {*recorded()["takes"]}
    assert not {*ROOTS} & {*COSTLESS_OPERATIONS}


def test_no_operation_without_a_reason_for_each_member_takes_what_a_role_may_have_to_reach() -> None:
    costly = re.compile(r"(Role|Kms|Secret|Credential|Bucket|Profile)", re.IGNORECASE)
    taken = [path for operation in COSTLESS_OPERATIONS for path in recorded()["takes"][operation]]
    assert [path for path in taken if costly.search(path)] == []


def test_each_features_field_exists() -> None:
    there = fields(recorded())
    for feature in FEATURES:
        if feature.field.startswith("runBy."):
            assert feature.field.removeprefix("runBy.") in RUNNERS
            continue
        # The keys of a map are the user's own, so a field may be below one.
        about = [field for field, kind in there.items() if is_below(feature.field, field)]
        assert [field for field in about if field == feature.field or there[field] == MAP], feature.field


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
        ("AmazonECSInfrastructureRoleforExpressGatewayServices", "express-service-"),
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


@functools.cache
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


def as_aws_wrote(permission: Permission) -> bool:
    return any(permission.action == action and kind in permission.resource for action, kind in AS_AWS_WROTE)


@each_feature
def test_a_star_stands_only_where_aws_defines_no_resource_type(feature: Feature) -> None:
    for need in discover(example_workload(feature), FACTS, (feature,)).needs:
        types = resource_types(need.permission.action)
        if not as_aws_wrote(need.permission):
            assert (need.permission.resource == "*") == (not types), need.permission


@each_feature
def test_each_resource_is_of_a_type_that_the_action_takes(feature: Feature) -> None:
    assert granted_on_what_actions_do_not_take(feature) == []


#: Resources that are near what some row is about, and of another type.
NEAR_MISSES = (
    *("x", "*", "alias/shop", "fs-0123456789abcdef0", "/shop/database"),
    *(
        f"arn:aws:{arn}"
        for arn in (
            "acm-pca:us-east-1:123456789012:template/x",
            "dynamodb:us-east-1:123456789012:table/shop",
            "ecs:us-east-1:123456789012:cluster/shop",
            "elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/1",
            "iam::123456789012:role/shop",
            "kms:us-east-1:123456789012:alias/shop",
            "lambda:us-east-1:123456789012:layer:shop",
            "s3:::shop-files",
            "secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf",
            "sns:us-east-1:123456789012:shop",
            "ssm:us-east-1:123456789012:document/shop",
            "vpc-lattice:us-east-1:123456789012:service/svc-1",
        )
    ),
)


@each_feature
def test_a_near_miss_is_granted_on_no_resource_that_the_action_does_not_take(feature: Feature) -> None:
    for value in NEAR_MISSES if isinstance(feature.example, str) else ():
        assert granted_on_what_actions_do_not_take(replace(feature, example=value)) == []


#: Fields of which it matters only that they are there, or what else is.
UNREAD = (
    "account.guardDutyActivate",
    "capacityProvider.managedInstancesProvider.infrastructureRoleArn",
    "capacityProvider.managedInstancesProvider.instanceLaunchTemplate.ec2InstanceProfileArn",
    "expressGatewayService.infrastructureRoleArn",
    "expressGatewayService.taskDefinitionArn",
    "gateway.infrastructureRoleArn",
    "service.serviceConnectConfiguration.logConfiguration.logDriver",
)


@pytest.mark.parametrize(
    "feature",
    [feature for feature in FEATURES if isinstance(feature.example, str | bool) and feature.field not in UNREAD],
    ids=lambda feature: feature.name,
)
def test_a_placeholder_in_the_place_of_an_example_is_told_or_granted_as_it_is(feature: Feature) -> None:
    if not feature.is_free:
        assert told(replace(feature, example="${Something}")) != told(replace(feature, example=None))


@each_feature
def test_a_placeholder_next_to_an_example_hides_nothing(feature: Feature) -> None:
    needs, gaps, findings = told(feature)
    for place, value in feature.beside:
        # A placeholder is never the name of a variable, and any variable might then be one that a program reads.
        if not isinstance(value, str | bool) or place.endswith("environment[].name"):
            continue
        others = tuple(each for each in feature.beside if each[0] != place)
        unknown = told(replace(feature, beside=(*others, (place, "<Something>"))))
        if not (unknown[1] - gaps or unknown[2] - findings):
            assert actions_of(needs) <= actions_of(unknown[0]), place


def actions_of(needs: Iterable[Any]) -> set[tuple[str, str]]:
    return {(holder, permission.action) for holder, permission in needs}


def told(feature: Feature) -> tuple[set[Any], ...]:
    """Everything in the table for a row's example."""
    workload = example_workload(feature)
    found = discover(replace(workload, tree=as_symbols(workload.tree)), FACTS)
    said = ({each.what for each in told} for told in (found.gaps, found.findings))
    return ({(need.holder, need.permission) for need in found.needs}, *said)


def granted_on_what_actions_do_not_take(feature: Feature) -> list[tuple[Permission, list[str]]]:
    """What a row's example is granted on resources of a type that the action does not take, with those that it does."""
    found = []
    for need in discover(example_workload(feature), FACTS, (feature,)).needs:
        resource = need.permission.resource
        if as_aws_wrote(need.permission) or resource in ("*", "${KmsKeyArns}", *(kind.arn for kind in ROLE_KINDS)):
            continue
        filled = resource.replaced(_filled)
        patterns = resource_patterns(need.permission.action)
        if not any(pattern.fullmatch(filled) for pattern in patterns):
            found.append((need.permission, [pattern.pattern for pattern in patterns]))
    return found


@functools.cache
def resource_patterns(action: str) -> list[re.Pattern[str]]:
    """What the ARNs that an action takes match."""
    return [
        re.compile(re.sub(r"\\\$\\\{\w+\\\}", "[^:]*", re.escape(types)).replace(r"\.\*", ".+"))
        for types in resource_types(action)
    ]


def _filled(symbol: Symbol) -> Part:
    # One parameter of the template may be the ARN of a secret, of a parameter or of an object.
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
