"""The options of all commands: one name for one thing, and a help that fits a screen."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import click
import pytest

from cfnroles.cli import COMMANDS
from cfnroles.cli.meant_options import _SYNONYMS
from cfnroles.cli.panels import IN_SPEC, REQUIRE, SHOWN


def commands() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command = importlib.import_module(f"cfnroles.cli.{name.replace('-', '_')}").command
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {each}", child) for each, child in command.commands.items())


ALL = dict(commands())
OPTIONS = [(name, each) for name, command in ALL.items() for each in command.params if isinstance(each, click.Option)]

#: Options that take another form of the same thing in different commands.
SEVERAL_FORMS = {
    "--role": "verify, audit and diagnose take a role, policy one of its kinds",
    "--output": "a file or a directory, as the command writes",
}


def test_a_name_means_one_thing_in_all_commands():
    forms: dict[str, set[tuple[str | None, bool]]] = {}
    for _, option in OPTIONS:
        forms.setdefault(max(option.opts, key=len), set()).add((option.metavar, option.is_flag))

    assert {name for name, found in forms.items() if len(found) > 1} == set(SEVERAL_FORMS)


def test_a_thing_has_one_name():
    assert all(len([name for name in option.opts if name.startswith("--")]) == 1 for _, option in OPTIONS)
    assert {tuple(option.opts) for _, option in OPTIONS if "--yes" in option.opts} == {("-y", "--yes")}


def test_an_option_with_a_value_names_its_form():
    assert [(name, each.name) for name, each in OPTIONS if not each.is_flag and not each.metavar] == []


def test_choices_are_taken_in_any_case(cfnroles, examples):
    choices = [(name, each) for name, each in OPTIONS if isinstance(each.type, click.Choice)]

    assert [name for name, each in choices if each.type.case_sensitive] == []
    assert cfnroles("explain", examples / "shop.json", "--format", "JSON").out.startswith("{")


NO_EFFECT = {
    ("build", "web.json", "--profile", "x"): "--profile requires --live",
    ("verify", "web.json", "--profile", "x"): "--profile requires --live",
    ("verify", "web.json", "--role", "p.json", "--simulate"): "--simulate requires --live",
    ("audit", "--source", "web.json", "--events", "x", "--days", "3"): "--days requires --live",
    ("diagnose", "text", "--profile", "x"): "--profile requires --live",
    ("diagnose", "text", "--yes"): "--yes requires --fix",
    ("init", "web.json", "--region", "eu-west-1"): "--region requires --live",
    ("init", "web.json", "--profile", "x"): "--profile requires --live",
    ("status", "build", "--timeout", "5"): "--timeout requires --follow",
    ("gate", "--region", "eu-west-1"): "--region requires --stack",
    ("gate", "--check", "gate.yaml", "--profile", "x"): "--profile requires --stack",
    ("gate", "--endpoint-url", "http://localhost"): "--endpoint-url requires --stack",
    ("inject", "web.yaml", "--remove", "--replace-roles"): "--remove cannot be combined with --replace-roles",
}


@pytest.mark.parametrize(("words", "told"), NO_EFFECT.items(), ids=map(" ".join, NO_EFFECT))
def test_an_option_without_effect_is_refused_before_anything_is_read(cfnroles, words, told):
    refused = cfnroles(*words)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"error: {told}\n")


OF_ANOTHER_FORM = {
    ("deploy", "--role-arn", "deployer"): "--role-arn deployer is not the ARN of a role",
    ("delete", "--role-arn", "arn:aws:iam::1:role/x"): "--role-arn arn:aws:iam::1:role/x is not the ARN of a role",
    ("deploy-policy", "--administration-role-arn", "x"): "--administration-role-arn x is not the ARN of a role",
    ("stack-sets", "deploy", "--target-account", "123"): "--target-account 123 is not an account ID",
    ("stack-sets", "deploy", "--target-region", "mars"): "--target-region mars is not a Region",
}


@pytest.mark.parametrize(("words", "told"), OF_ANOTHER_FORM.items(), ids=map(" ".join, OF_ANOTHER_FORM))
def test_a_value_of_another_form_is_refused_before_any_call(cfnroles, words, told):
    refused = cfnroles(*words)
    assert (refused.code, refused.err.splitlines()[0]) == (2, f"error: {told}")


def test_required_options_are_options():
    known = {name for _, option in OPTIONS for name in option.opts}
    assert {*REQUIRE, *REQUIRE.values()} <= known


def test_panels_name_only_existing_options():
    known = {name for _, option in OPTIONS for name in option.opts}

    assert [name for names in (*SHOWN.values(), IN_SPEC) for name in names if name not in known] == []


def test_the_help_of_build_fits_one_screen_and_a_half(cfnroles):
    lines = cfnroles("build", "--help").out.splitlines()

    assert len(lines) <= 38
    assert [line for line in lines if line.endswith(":") and not line.startswith(" ")] == [
        *("Source:", "AWS:", "Output:", "Options:")
    ]


@pytest.mark.parametrize("name", ALL)
def test_help_keeps_80_columns_and_help_all_shows_every_option(cfnroles, name):
    short = cfnroles(*name.split(), "--help").out
    whole = cfnroles(*name.split(), "--help-all").out
    if "--help-all" not in short:
        assert whole == short

    assert max(map(len, whole.splitlines())) <= 80
    options = [each for each in ALL[name].params if isinstance(each, click.Option) and each.name != "help_all"]
    assert [each.opts for each in options if each.opts[-1] not in whole] == []


@pytest.mark.parametrize(
    ("arguments", "meant"),
    {
        "the AWS CLI's plan": (("deploy", "--dry-run"), "--plan"),
        "SAM's parameters": (("deploy", "--parameter-overrides", "A=1"), "--parameter"),
        "CloudFormation's parameters": (("deploy", "--parameters", "A=1"), "--parameter"),
        "a format of templates": (("build", "x", "--format", "json"), "--template-format"),
        "stack sets": (("deploy", "--stack-set"), "cfnroles stack-sets deploy"),
        "a service's settings": (("build", "x", "--service", "service.json"), "--service-file"),
        "a run": (("explain", "x", "--run-task", "run.json"), "--run-task-file"),
        "Terraform's variable": (("terraform", "x", "--var", "a=b"), "'--var'. Did you mean --parameter?"),
        "Terraform's own form": (("terraform", "x", "-var=a=b"), "'-var'. Did you mean --parameter?"),
        "Terraform's answer": (("deploy", "-auto-approve"), "'-auto-approve'. Did you mean --yes?"),
        "a format as an option": (("graph", "x", "--html"), "Did you mean --format html?"),
        "a format that another command has": (("lint", "x", "--json"), "Did you mean --format json?"),
        "a task definition": (("diagnose", "x", "--task-definition", "y"), "Did you mean --source?"),
        "an argument for an option": (("audit", "x"), "extra argument (x). Did you mean --source?"),
        "a role as an argument": (("verify", "x", "role.json"), "extra argument (role.json). Did you mean --role?"),
        "SAM's environment": (("deploy", "--config-env", "prod"), "Did you mean --environment?"),
        "words with underscores": (("deploy", "--Parameter_Overrides", "A=1"), "Did you mean --parameter?"),
        "a global option": (("build", "x", "--verbose"), "Did you mean cfnroles -v build?"),
    }.values(),
)
def test_a_name_from_another_tool_is_understood(cfnroles, arguments, meant):
    result = cfnroles(*arguments)

    assert result.code == 2
    assert "Did you mean" in result.err
    assert meant in result.err


@pytest.mark.parametrize(
    ("command", "remedy"),
    {"build": "`cfnroles init`", "explain": "`cfnroles init`", "lint": "`cfnroles lint .`", "diff": "HEAD"}.items(),
)
def test_who_gives_no_source_is_told_what_to_do(cfnroles, command, remedy):
    answer = cfnroles(command)

    assert (answer.code, "Missing argument" in answer.err, remedy in answer.err) == (2, True, True)


def test_a_source_is_an_argument(cfnroles):
    assert "SOURCE is an argument" in cfnroles("explain", "--template-file", "x").err


@pytest.mark.parametrize("option", ["-o", "--output", "--out"])
def test_a_command_that_only_prints_says_so(cfnroles, option):
    answer = cfnroles("graph", "x.json", option, "page.html")
    assert (answer.code, "graph prints its answer: redirect it with > FILE." in answer.err) == (2, True)


def test_an_argument_that_a_command_has_not_is_not_named(cfnroles):
    assert "SOURCE is an argument" not in cfnroles("lint", "--template-file", "x").err


def test_every_meaning_is_an_option_of_some_command():
    known = {name for each in ALL.values() for option in each.params for name in option.opts} | {"--version"}

    assert [each for each in _SYNONYMS if each.startswith("--") and each.split()[0] not in known] == []


def test_a_file_is_no_service_of_a_task_definition(cfnroles, examples):
    result = cfnroles("verify", examples / "shop.json", "--service", "service.json")

    assert result.code == 2
    assert "--service-file FILE" in result.err


@pytest.mark.parametrize("arguments", [(), ("stack-sets",)], ids=["the command line", "a group"])
def test_who_asks_for_nothing_gets_the_help(cfnroles, arguments):
    answer = cfnroles(*arguments)
    assert answer.code == 2
    assert "\n  deploy " in answer.err
    assert "error:" not in answer.err
    assert "\\n" not in answer.err
    assert answer.err == cfnroles(*arguments, "--help-all").out


@pytest.mark.parametrize("arguments", [("lint", "--nothing"), ("nothing",), ("stack-sets", "nothing"), ("explain",)])
def test_a_usage_error_looks_like_any_other(cfnroles, arguments):
    assert re.search(r"^error: \w", cfnroles(*arguments).err, re.MULTILINE)


def test_the_choices_of_a_missing_option_are_on_one_line(cfnroles, examples):
    answer = cfnroles("policy", examples / "shop.json")
    assert "Missing option '--role'. Choose from: execution, task, infrastructure" in answer.err


@pytest.mark.parametrize("words", ["audit --help", "build --help-all", "diagnose --help"])
def test_help_breaks_no_word_after_a_hyphen(cfnroles, words):
    lines = cfnroles(*words.split()).out.splitlines()
    assert [line for line in lines if re.search(r"\w-$", line)] == []
    assert any(re.search(r"\w-\w", line) for line in lines)


TEXTS = [
    (name, max(option.opts, key=len))
    for name, option in OPTIONS
    # A pair needs a value, and a choice one of its values.
    if option.type is click.STRING and not option.is_flag and "=" not in str(option.metavar)
]


@pytest.mark.parametrize(("name", "option"), TEXTS, ids=[" ".join(each) for each in TEXTS])
def test_an_empty_value_is_an_unset_variable(name: str, option: str, cfnroles: Any) -> None:
    needed = [each for each in ALL[name].params if each.required and max(each.opts, key=len) != option]
    given = {
        "role": ["--role", "execution"],
        "events": ["--events", "x"],
        "administration_role_arn": ["--administration-role-arn", "x"],
    }
    words = [word for each in needed for word in given.get(str(each.name), ["x"])]
    refused = cfnroles(*name.split(), option, "", *words)
    assert (refused.code, refused.out) == (2, "")
    assert f"'{option}': it is empty. Check that the shell variable is set." in refused.err
