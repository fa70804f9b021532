"""The schemas of answers in JSON: of every command that has one, and true of what it answers."""

from __future__ import annotations

import json
from pathlib import Path

import click
import jsonschema
import msgspec
import pytest

from cfnroles.formats.published import FORMS, Finding, Gap, Need, Origin, answer_schema
from cfnroles.formats.shapes import finding_entry, gap_entry, need_entry, origin_entry
from tests.answers_in_json import check_form
from tests.cli.test_options import OPTIONS

DOCS = Path(__file__).parents[2] / "docs" / "schemas"
#: Policy documents, which have the form that IAM gives them.
OF_IAM = {"deploy-policy"}


def test_every_command_with_answers_in_json_has_a_schema():
    formats = {name: each.type for name, each in OPTIONS if each.name == "format_" and "--format" in each.opts}
    with_json = {name for name, kind in formats.items() if isinstance(kind, click.Choice) and "json" in kind.choices}

    assert {name.replace(" ", "-") for name in with_json - OF_IAM} == set(FORMS)


@pytest.mark.parametrize("command", FORMS)
def test_the_page_of_the_docs_is_the_schema(command):
    jsonschema.Draft202012Validator.check_schema(json.loads(answer_schema(command)))
    assert (DOCS / f"{command}.schema.json").read_text() == answer_schema(command)


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "{shop}"),
        ("lint", "{wrong}"),
        ("verify", "{shop}", "--role", "{policy}", "--prove"),
        ("diff", "{shop}", "{new}"),
        ("diagnose", "ResourceInitializationError: unable to pull secrets or registry auth", "--source", "{shop}"),
    ],
    ids=lambda words: words[0],
)
def test_an_answer_has_the_form_of_its_schema(capsys, examples, tmp_path, arguments):
    from cfnroles.cli import main

    places = {name: tmp_path / f"{name}.json" for name in ("wrong", "new", "policy")} | {"shop": examples / "shop.json"}
    places["new"].write_text(places["shop"].read_text().replace("shop/web:", "shop/api:"))
    places["wrong"].write_text(places["shop"].read_text().replace('"awslogs"', '"awslog"', 1))
    places["policy"].write_text('{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}')
    with pytest.raises(SystemExit):
        main([*(word.format(**places) for word in arguments), "--format", "json"])
    answer = json.loads(capsys.readouterr().out)

    jsonschema.validate(answer, json.loads(answer_schema(arguments[0])))
    del answer["schema"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, json.loads(answer_schema(arguments[0])))


def test_an_origin_a_need_a_gap_and_a_finding_have_one_shape_each(examples):
    from cfnroles import read

    task = read(examples / "shop.json").task()
    need = task.discovery.needs[0]
    entries = [(need_entry(need, 1), Need), (origin_entry(need.origin, 1, 2), Origin)]
    from cfnroles.need import Finding as Found
    from cfnroles.need import Gap as Open
    from cfnroles.need import Severity

    entries.append((gap_entry(Open(need.holder, "x", need.origin, "what", "remedy"), 1), Gap))
    entries.append((finding_entry(Found(Severity.ERROR, need.origin, "what", "remedy"), 1, 1), Finding))
    for entry, form in entries:
        msgspec.convert(json.loads(json.dumps(entry)), form)


def test_an_answer_in_another_form_fails_the_test_that_reads_it():
    with pytest.raises(msgspec.ValidationError):
        check_form(["status", "--format", "json"], '{"schema": 1, "stacks": [{"name": "shop"}]}')


def test_a_command_without_a_schema(capsys):
    from cfnroles.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["schema", "verfy"])

    assert ended.value.code == 2
    assert "Did you mean verify?" in capsys.readouterr().err
