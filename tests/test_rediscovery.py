"""The result for a workload similar to an earlier one equals the result without it, with less work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from cfnroles.discovery import discover
from cfnroles.facts import Facts
from cfnroles.rediscovery import Rediscovery
from cfnroles.sources.task_definition_checks import discover as discover_all
from cfnroles.table.ecs import FEATURES
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.table.feature import Feature, Found
from cfnroles.workload import Path, Workload

BESIDE = {"service": {"launchType": "FARGATE", "enableExecuteCommand": True}, "cluster": {"clusterName": "shop"}}
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/key-AbCdEf"


def of_each_field() -> list[Feature]:
    """One feature of each field, with most beside it."""
    by_field: dict[str, Feature] = {}
    for feature in sorted(FEATURES, key=lambda each: len(each.beside)):
        by_field[feature.field] = feature
    return list(by_field.values())


def without_one(value: Any) -> Iterator[Any]:
    """A tree without one of its members, for each; all else is the same object."""
    steps = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for step in steps:
        if isinstance(value, dict):
            yield {name: each for name, each in value.items() if name != step}
        for changed in without_one(value[step]):
            copy = value.copy()
            copy[step] = changed
            yield copy


def variants(tree: dict[str, Any]) -> Iterator[Workload]:
    trees = [tree, {**tree, **BESIDE}, *without_one(tree)]
    containers = tree["containerDefinitions"]
    for changed in ({"name": "other"}, {"image": "amazon-ssm-agent"}, {"firelensConfiguration": {"type": "fluentbit"}}):
        trees.append({**tree, "containerDefinitions": [{**containers[0], **changed}, *containers[1:]]})
    for each in trees:
        if "containerDefinitions" in each:
            yield Workload("task.json", each)
            yield Workload("task.json", each, settings={"service": "service.json"})
            for place in ("elsewhere", "another"):
                yield Workload("task.json", each, places={(*at(each), 0): (place,)})
            for line in (4, 9):
                spots = {
                    (): ("main.tf", 3, 1),
                    ("containerDefinitions",): ("main.tf", line, 1),
                    at(each): ("a.tf", 1, 1),
                }
                yield Workload("task.json", each, spots=spots)
            for hidden in (("options",), ()):
                yield Workload("task.json", each, hidden=frozenset({(*LOG, *hidden)}))


LOG: Path = ("containerDefinitions", 0, "logConfiguration")


def at(tree: dict[str, Any]) -> Path:
    return ("containerDefinitions", 0, "environment") if "environment" in str(tree) else ("containerDefinitions",)


@pytest.mark.parametrize("feature", of_each_field(), ids=lambda each: each.field)
def test_what_is_the_same_in_another_workload_tells_the_same(feature: Feature) -> None:
    known = Rediscovery()
    for workload in variants(dict(example_workload(feature).tree)):
        for facts in (FACTS, Facts()):
            assert discover(workload, facts, known=known) == discover(workload, facts)


def test_what_is_the_same_is_asked_about_once() -> None:
    variables = [{"name": f"V{number}", "value": str(number)} for number in range(50)]
    container = {"name": "web", "image": "nginx", "secrets": [{"name": "KEY", "valueFrom": SECRET}]}
    known = Rediscovery()
    asked = []
    for value in ("a", "b", "c"):
        changed = {**container, "environment": [*variables, {"name": "X", "value": value}]}
        discover(Workload("task.json", {"family": "shop", "containerDefinitions": [changed]}), Facts(), known=known)
        asked.append(known.asked)
    # The list of containers, the container, its list of variables, the changed one, and its value.
    assert [asked[1] - asked[0], asked[2] - asked[1]] == [5, 5]


LOOKS = {
    "its own value": (lambda found: found.text, False),
    "what is around it": (lambda found: found.parent["name"], False),
    "the container": (lambda found: found.container["image"], False),
    "whether the container has others": (lambda found: "environment" in found.container, False),
    "the images": (lambda found: list(found.workload.find("containerDefinitions[].image")), False),
    "another element": (lambda found: found.workload.at((*found.path[:3], 1, "name")), True),
    "the list": (lambda found: found.container["secrets"], True),
    "another list": (lambda found: list(found.container["environment"]), True),
    "the whole container": (lambda found: found.workload.at(found.path[:2]), True),
    "all containers": (lambda found: found.workload.tree["containerDefinitions"], True),
    "everything": (lambda found: found.workload.at(()), True),
    "all elements": (lambda found: list(found.workload.find("containerDefinitions[].secrets[].name")), True),
}


@pytest.mark.parametrize(("look", "across"), LOOKS.values(), ids=LOOKS)
def test_a_row_that_looks_at_other_elements_is_noticed(look: Callable[[Found], object], across: bool) -> None:
    secrets = [{"name": name, "valueFrom": SECRET} for name in ("A", "B")]
    container = {"name": "web", "image": "nginx", "secrets": secrets, "environment": []}
    (feature,) = [each for each in FEATURES if each.name == "secret" and each.field.startswith("containerDefinitions")]
    row = replace(feature, field="containerDefinitions[].secrets[].valueFrom", when=lambda found: bool(look(found)))
    known = Rediscovery((row,), apart=("secrets", "environment"))
    discover(Workload("task.json", {"containerDefinitions": [container]}), Facts(), (row,), known)
    assert known.across is across


WRONG: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no size": {"requiresCompatibilities": ["FARGATE"]},
    "an unknown member": {"future": "x"},
    "a choice": {"networkMode": "other"},
    "a shape": {"volumes": "x"},
    "a dynamic reference": {"ipcMode": "{{resolve:ssm:x}}"},
    "a pseudo parameter": {"taskRoleArn": "x", "ipcMode": "${AWS::StackName}"},
    "too much": {"pidMode": "x" * 70_000},
}


@pytest.mark.parametrize("members", WRONG.values(), ids=WRONG)
def test_what_ecs_refuses_is_told_beside_whatever_runs_the_task(members: dict[str, Any]) -> None:
    tree = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx"}], **members}
    known = Rediscovery()
    told = []
    for value in ("a", "${AWS::StackName}", "a"):
        override = {"name": "web", "environment": [{"name": "A", "value": value}]}
        run = {"overrides": {"containerOverrides": [override]}, "platformVersion": value}
        workload = Workload("t.yaml", {**tree, "runTask": run}, settings={"runTask": "t.yaml"})
        found = discover_all(workload, Facts(), known)
        assert found == discover_all(workload, Facts())
        told.append(len(found.findings) + len(found.gaps))
    assert told[1] >= told[0]
    assert bool(told[0]) is bool(members)


def test_what_may_have_unknown_members_is_examined_apart_from_what_has_none() -> None:
    secrets = [{"name": "A"}]
    tree = {"family": "x", "containerDefinitions": [{"name": "a", "image": "nginx:1.27", "secrets": secrets}]}
    known, whole = Rediscovery(), Workload("t.json", tree)
    open_ = replace(whole, hidden=frozenset({("containerDefinitions", 0, "secrets", 0)}))
    told = [[each.what for each in discover_all(one, Facts(), known).findings] for one in (open_, whole)]
    assert told == [[], ["the secret has no valueFrom"]]
