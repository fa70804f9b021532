"""An environment of a spec that says where it is: deployed there and nowhere else."""

from __future__ import annotations

import pytest

SPEC = """
project: shop
services: {web: {task-definition: web.json}}
environments: {staging: {PLACE}}
"""
WEB = '{"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx:1", "memory": 128}]}'


@pytest.fixture(autouse=True)
def _on_aws(double):
    double.endpoint_url = ""


@pytest.fixture
def source(cfnroles, tmp_path):
    """A function that writes a spec whose staging is in a place, and gives it, built or not."""

    def write(place, *, built):
        (tmp_path / "web.json").write_text(WEB)
        (tmp_path / "cfnroles.yaml").write_text(SPEC.replace("PLACE", place))
        if not built:
            return (tmp_path / "cfnroles.yaml", "--environment", "staging")
        out = tmp_path / "out"
        assert cfnroles("build", tmp_path / "cfnroles.yaml", "--environment", "staging", "-o", out).code == 0
        return (out,)

    return write


@pytest.mark.parametrize("built", [True, False], ids=["a directory", "a spec"])
class TestThePlace:
    @pytest.mark.parametrize(
        ("place", "words"),
        [
            (
                'account: "210987654321"',
                "the environment staging is in the account 210987654321, but this deployment goes to the"
                " account 123456789012\n",
            ),
            (
                "region: eu-west-1",
                "the environment staging is in the Region eu-west-1, but this deployment goes to us-east-1\n",
            ),
        ],
    )
    @pytest.mark.parametrize("command", [("deploy", "--yes"), ("deploy", "--plan"), ("delete", "--yes")])
    def test_another_is_refused(self, double, cfnroles, source, command, place, words, built):
        double.has("shop-web-roles", "CREATE_COMPLETE")

        refused = cfnroles(command[0], *source(place, built=built), *command[1:])

        assert refused.code == 1
        assert f"error: {words}" in refused.err
        assert "or build for another one." in refused.err
        assert double.calls == []

    def test_its_own_is_deployed(self, double, cfnroles, source, built):
        place = 'account: "123456789012", region: us-east-1'

        answer = cfnroles("deploy", *source(place, built=built), "--yes")

        assert answer.code == 0, answer.err

    def test_one_that_says_nothing_goes_anywhere(self, double, cfnroles, source, built):
        assert cfnroles("deploy", *source("project: shop-staging", built=built), "--yes").code == 0


def test_an_account_that_cannot_be_found_out_is_not_the_environments(double, cfnroles, source, monkeypatch):
    from cfnroles.errors import Unavailable

    def unknown(connection):
        raise Unavailable("no credentials")

    monkeypatch.setattr("cfnroles.aws.caller.caller_of", unknown)

    refused = cfnroles("deploy", *source('account: "123456789012"', built=True), "--yes")

    assert refused.code == 1
    assert "but this deployment goes to an unknown account (no credentials)" in refused.err
    assert double.calls == []


def test_an_emulator_stands_for_any(double, cfnroles, source):
    double.endpoint_url = "http://127.0.0.1:4566"

    assert cfnroles("deploy", *source('account: "210987654321", region: eu-west-1', built=True), "--yes").code == 0
