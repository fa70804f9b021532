"""What was chosen for a deployed stack is not taken back because a new template has no parameter for it."""

from __future__ import annotations

import json

import pytest

BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
RESOURCES = {"Topic": {"Type": "AWS::SNS::Topic"}}


@pytest.fixture
def deployed(double, tmp_path):
    """`deployed(values, defaults)`: a stack with these values and its defaults, and a build without any parameter."""

    def deploy(values, defaults):
        declared = {name: {"Type": "String", "Default": default} for name, default in defaults.items()}
        before = {"Metadata": {"cfnroles": {"stack": "x"}}, "Parameters": declared, "Resources": RESOURCES}
        double.has("x", "CREATE_COMPLETE", template=json.dumps(before), parameters=values)
        (tmp_path / "x.json").write_text(json.dumps({"Resources": RESOURCES}))
        stacks = [{"name": "x", "template": "x.json"}]
        (tmp_path / "stacks.json").write_text(json.dumps({"schema": 1, "stacks": stacks}))
        return tmp_path

    return deploy


KEPT = {
    "the default": ({"RolePath": "/"}, {"RolePath": "/"}),
    "an option of the source, which left it": ({"RolePath": "/app/"}, {"RolePath": "/app/"}),
    "a number": ({"MemorySize": "512"}, {"MemorySize": 512}),
    "what is no choice": ({"DbSecretArn": "b"}, {"DbSecretArn": "a"}),
}


@pytest.mark.parametrize(("values", "defaults"), KEPT.values(), ids=KEPT)
def test_what_nobody_chose_goes(cfnroles, double, deployed, values, defaults):
    ended = cfnroles("deploy", deployed(values, defaults), "--yes")

    assert ended.code == 0, ended.err
    assert double.named("x").parameters == {}


def test_what_somebody_chose_is_told_before_anything_changes(cfnroles, double, deployed):
    values = {"PermissionsBoundaryArn": BOUNDARY, "TrustConditions": "disabled", "RolePath": "/"}
    directory = deployed(values, {"PermissionsBoundaryArn": "", "TrustConditions": "enabled", "RolePath": "/"})

    ended = cfnroles("deploy", directory, "--yes")

    assert ended.code == 2
    assert ended.err.splitlines()[:3] == [
        "error: x: was deployed with values for parameters that its template no longer has, and would lose them:",
        f"  PermissionsBoundaryArn={BOUNDARY}",
        "  TrustConditions=disabled",
    ]
    assert "build again with --parameterized to keep them" in ended.err
    assert double.calls == []


def test_who_adopts_a_stack_takes_it_as_the_template_has_it(cfnroles, double, deployed):
    directory = deployed({"RolePath": "/theirs/"}, {"RolePath": "/"})
    double.named("x").tags.clear()
    double.named("x").template = json.dumps({"Resources": RESOURCES})

    assert cfnroles("deploy", directory, "--yes", "--adopt").code == 0


def test_a_parameter_that_a_build_can_have_is_told_of(cfnroles, deployed):
    ended = cfnroles("deploy", deployed({}, {}), "--yes", "--parameter", "RolePath=/x/")

    assert ended.code == 2
    assert "Build again with --parameterized for more parameters." in ended.err
