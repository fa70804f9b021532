"""The feature table itself: complete over ECS's model, sourced, justified, and printed in the documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import cfnlint.data.AdditionalSpecs
import pytest

from cfnroles.discovery import discover
from cfnroles.formats.feature_table import feature_table
from cfnroles.sources.members import FLAG, MAP, MEMBERS, NUMBER, TEXT
from cfnroles.symbols import Field, Symbol
from cfnroles.table.ecs import FEATURES
from cfnroles.table.ecs.fieldless import FIELDLESS
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.table.feature import Feature
from cfnroles.text import Part

ECS = botocore.session.get_session().get_service_model("ecs")
SERVICES = json.loads((Path(cfnlint.data.AdditionalSpecs.__file__).parent / "Policies.json").read_text())

each_feature = pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)


def members(shape: Any, path: str = "") -> Iterator[str]:
    """Every field below a shape of botocore, in the spelling of the table."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from members(member, f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        yield from members(shape.member, f"{path}[]")
    else:
        yield path


def is_below(field: str, other: str) -> bool:
    """Whether `field` is `other`, below it, or a map that holds it."""
    return field == other or field.startswith((f"{other}.", f"{other}[]")) or other.startswith(f"{field}.")


def test_each_field_of_a_task_definition_is_a_features_or_costs_nothing_for_a_reason() -> None:
    known = [*(feature.field for feature in FEATURES), *FIELDLESS]
    shape = ECS.operation_model("RegisterTaskDefinition").input_shape
    unknown = [field for field in members(shape) if not any(is_below(field, other) for other in known)]
    assert unknown == [], "ECS has fields that the table does not know: add a feature, or a reason in fieldless.py"


def test_what_costs_nothing_exists_and_is_no_features_field() -> None:
    fields = list(members(ECS.operation_model("RegisterTaskDefinition").input_shape))
    for fieldless in FIELDLESS:
        assert any(is_below(field, fieldless) for field in fields), f"{fieldless} is no field of ECS"
        assert FIELDLESS[fieldless]
        assert fieldless not in {feature.field for feature in FEATURES}


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

    assert kind(ECS.operation_model("RegisterTaskDefinition").input_shape) == MEMBERS


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
