"""Parameters without a value: all are found at once, prompted for once, and refused without a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from cfnroles.deploy.parameters import MissingParameter

TAG = {"Type": "String", "Description": "Tag of the image."}


@pytest.fixture
def built(tmp_path):
    """A function that writes stacks, each with the declarations of its parameters and what stacks.json gives them."""

    def build(**stacks):
        entries = []
        for name, (declared, given) in stacks.items():
            template = {"Parameters": declared, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
            (tmp_path / f"{name}.json").write_text(json.dumps(template))
            entries.append({"name": name, "template": f"{name}.json", "parameters": given})
        (tmp_path / "stacks.json").write_text(json.dumps({"schema": 1, "stacks": entries}))
        return tmp_path

    return build


@pytest.fixture
def typed(monkeypatch):
    """A terminal: what is typed, answer by answer, and a list of the prompts that were shown."""
    asked = []

    def types(*answers):
        left = list(answers)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

        def prompt(text, **options):
            asked.append((text, options["hide_input"]))
            while True:
                try:
                    return options["value_proc"](left.pop(0))
                except click.UsageError as error:
                    click.echo(error.message, err=True)

        monkeypatch.setattr("click.prompt", prompt)
        return asked

    return types


def parameters_of(double, *stacks):
    return [double.named(stack).parameters for stack in stacks]


def beside_a_template(directory: Path) -> Path:
    """The stacks, whose parameters Env and Key represent those of a template beside them."""
    template = json.loads((directory / "roles.json").read_text())
    template["Metadata"] = {"cfnroles": {"parameters": {"Env": "Ref Env", "Key": "Ref Key"}}}
    (directory / "roles.json").write_text(json.dumps(template))
    return directory


SHARED = {
    "Env": {"Type": "String", "Default": "dev"},
    "Key": {"Type": "String", "Default": "hunter2", "NoEcho": True},
    "Own": {**TAG, "Default": "1"},
}


class TestWithoutATerminal:
    @pytest.mark.parametrize("option", ["--yes", "--plan"])
    def test_all_of_all_stacks_are_told_in_one_message(self, double, cfnroles, built, option):
        directory = built(
            roles=({"Tag": TAG, "Stage": {"Type": "String"}}, {"Tag": None}), task=({"Tag": TAG}, {"Tag": None})
        )

        answer = cfnroles("deploy", directory, option)

        assert answer.code == 2
        assert answer.err == (
            "error: 2 parameters have no value:\n"
            "  Tag: Tag of the image. (roles, task)\n"
            "  Stage: its template says no more (roles)\n"
            "Pass --parameter Tag=VALUE --parameter Stage=VALUE, or a --parameter-file.\n"
        )
        assert double.calls == []

    def test_a_plan_asks_nothing_on_a_terminal_either(self, double, cfnroles, built, typed):
        asked = typed()

        assert cfnroles("deploy", built(roles=({"Tag": TAG}, {})), "--plan").code == 2
        assert asked == []

    @pytest.mark.parametrize(
        ("declared", "given", "options", "deployed"),
        [
            ({"Tag": {**TAG, "Default": ""}}, {"Tag": None}, (), None),
            ({"Tag": TAG}, {"Tag": "1"}, (), None),
            ({"Tag": TAG}, {"Tag": None}, ("--parameter", "Tag=1"), None),
            ({"Tag": TAG}, {"Tag": None}, (), {"Tag": "1"}),
            ({"DeploymentId": {"Type": "String"}}, {}, (), None),
        ],
        ids=["a default", "given by stacks.json", "given by an option", "kept", "given by the deployer"],
    )
    def test_what_has_a_value(self, double, cfnroles, built, declared, given, options, deployed):
        if deployed:
            double.has("roles", "CREATE_COMPLETE", parameters=deployed)

        assert cfnroles("deploy", built(roles=(declared, given)), "--yes", *options).code == 0

    def test_the_value_of_a_stack_that_is_created_again_is_not_kept(self, double, cfnroles, built):
        double.has("roles", "ROLLBACK_COMPLETE", parameters={"Tag": "1"})

        assert cfnroles("deploy", built(roles=({"Tag": TAG}, {})), "--yes").code == 2

    def test_one_value_serves_every_stack_that_declares_it(self, double, cfnroles, built):
        directory = built(roles=({"Tag": TAG}, {"Tag": None}), task=({"Tag": TAG}, {"Tag": None}))

        assert cfnroles("deploy", directory, "--yes", "--parameter", "Tag=2").code == 0
        assert parameters_of(double, "roles", "task") == [{"Tag": "2"}, {"Tag": "2"}]

    @pytest.mark.parametrize("option", ["--yes", "--plan"])
    def test_the_plan_names_each_default_of_a_parameter_of_the_template_beside(self, double, cfnroles, built, option):
        answer = cfnroles("deploy", beside_a_template(built(roles=(SHARED, {}))), option)

        another = "If the template has another value, pass --parameter"
        notes = [line.strip() for line in (answer.out + answer.err).splitlines() if "default" in line]
        assert notes == [
            f"! Env has its default, 'dev'. {another} Env=VALUE",
            f"! Key has its default. {another} Key=VALUE",
        ]

    @pytest.mark.parametrize(
        "given",
        [("--parameter", "Env=prod", "--parameter", "Key=k"), ("--parameter", "Env=dev", "--parameter", "Key=")],
    )
    def test_a_value_that_is_given_is_no_default(self, double, cfnroles, built, given):
        answer = cfnroles("deploy", beside_a_template(built(roles=(SHARED, {}))), "--yes", *given)

        assert (answer.code, "default" in answer.out + answer.err) == (0, False)


class TestOnATerminal:
    def test_each_name_is_asked_for_once_with_its_description(self, double, cfnroles, built, typed):
        asked = typed("2", "prod")
        directory = built(roles=({"Tag": TAG}, {"Tag": None}), task=({"Tag": TAG, "Stage": {"Type": "String"}}, {}))

        answer = cfnroles("deploy", directory, "--yes")

        assert answer.code == 0
        assert asked == [("Tag", False), ("Stage", False)]
        assert answer.err.startswith("Tag of the image. (roles, task)\nNo description. (task)\n")
        assert parameters_of(double, "roles", "task") == [{"Tag": "2"}, {"Tag": "2", "Stage": "prod"}]

    def test_a_parameter_of_the_template_beside_is_asked_for_be_there_a_default_or_not(
        self, double, cfnroles, built, typed
    ):
        asked = typed("prod")
        shared = {name: SHARED[name] for name in ("Env", "Own")}

        answer = cfnroles("deploy", beside_a_template(built(roles=(shared, {}))), "--yes")

        assert asked == [("Env", False)]
        assert answer.err.startswith("Use the same value as for the template. (roles)\n")
        assert parameters_of(double, "roles") == [{"Env": "prod"}]

    def test_what_the_template_does_not_admit_is_asked_for_again(self, double, cfnroles, built, typed):
        asked = typed("no tag!", "1.2")
        pattern = {**TAG, "AllowedPattern": r"[\w.]+", "ConstraintDescription": "letters, digits and dots"}

        answer = cfnroles("deploy", built(roles=({"Tag": pattern}, {})), "--yes")

        assert answer.code == 0
        assert "expected letters, digits and dots" in answer.err
        assert len(asked) == 1
        assert parameters_of(double, "roles") == [{"Tag": "1.2"}]

    def test_what_is_secret_is_not_shown_while_it_is_typed(self, double, cfnroles, built, typed):
        asked = typed("hunter2")

        answer = cfnroles("deploy", built(roles=({"Password": {"Type": "String", "NoEcho": True}}, {})), "--yes")

        assert asked == [("Password", True)]
        assert "hunter2" not in answer.out + answer.err

    def test_no_answer_creates_nothing(self, double, cfnroles, built, monkeypatch):
        def interrupted(*_, **__):
            raise click.Abort

        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("click.prompt", interrupted)

        assert cfnroles("deploy", built(roles=({"Tag": TAG}, {}))).code == 130
        assert double.calls == []


@pytest.mark.parametrize(
    ("declaration", "value", "refusal"),
    [
        ({}, "anything", ""),
        ({"AllowedValues": ["dev", "prod"]}, "dev", ""),
        ({"AllowedValues": ["dev", "prod"]}, "test", "expected one of dev, prod"),
        ({"AllowedValues": [True, 1]}, "true", ""),
        ({"AllowedPattern": "[a-z]+"}, "abc", ""),
        ({"AllowedPattern": "[a-z]+"}, "abc1", "expected a string that matches [a-z]+"),
        ({"AllowedPattern": "[a-z]+", "ConstraintDescription": "small letters"}, "A", "expected small letters"),
        ({"AllowedPattern": r"\p{Alpha}+"}, "1", ""),
        ({"AllowedPattern": "[a-z&&[^b]]+"}, "b", ""),
        ({"AllowedPattern": r"\w+"}, "\u00e4", r"expected a string that matches \w+"),
        ({"Type": "String", "MinLength": 2, "MaxLength": "4"}, "abcd", ""),
        ({"Type": "String", "MinLength": 2}, "a", "expected at least 2 characters"),
        ({"Type": "String", "MaxLength": "4"}, "abcde", "expected at most 4 characters"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": "2.5"}, "2.5", ""),
        ({"Type": "Number"}, "1e3", ""),
        ({"Type": "Number"}, "many", "expected a number"),
        ({"Type": "Number", "MinValue": 1}, "0", "expected a number of at least 1"),
        ({"Type": "Number", "MaxValue": 2}, "3", "expected a number of at most 2"),
        ({"Type": "List<Number>"}, "1, x", "expected numbers, separated by commas"),
        ({"Type": "List<Number>", "MaxValue": 2}, "1,3", "expected a number of at most 2"),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "AllowedPattern": "[a-z]+"}, "/shop/1", ""),
        ({"Type": "String"}, "a" * 4097, "expected at most 4,096 bytes, found 4,097"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+"}, "a, b", ""),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a,c", "expected one of a, b"),
    ],
)
def test_what_a_template_admits(declaration, value, refusal):
    assert MissingParameter("Tag", ("roles",), ({}, declaration)).refusal(value) == refusal
