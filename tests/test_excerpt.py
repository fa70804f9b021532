"""An error shows the line that it is about, with a caret, and never a value that may be a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.excerpt import Spot, excerpt
from cfnroles.hcl.parser import parse as parse_terraform
from cfnroles.hcl.syntax import Source
from cfnroles.lines import Lines, findings_text, refuse
from cfnroles.need import fault
from cfnroles.workload import Path as TreePath

JSON = """{
  "family": "shop",
  "memory": "lots",
  "containerDefinitions": [
    {"name": "web", "cpu": "x", "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
    {"command": ["--password=hunter2", "ALL"]}
  ]
}"""
YAML = """\
services:
  web: # hunter2
    launch-type: fargate # hunter2
    grants:
      - s3-get: uploads
    environment: {DB_PASSWORD: hunter2, STAGE: prod}
    run-by: {schedule: hunter2, memory: 5}
    text: |
      hunter2
"""
#: Lines of which nothing but dots would be shown.
HIDDEN = {"a value": "hunter2", "values in a list": "[hunter2, 1]", "an element": "- hunter2"}
CONTAINER: TreePath = ("containerDefinitions", 0)
ENVIRONMENT: TreePath = ("services", "web", "environment")

# The path of a finding, what it says, and what of the source is shown.
FOUND = {
    "a value that the error says": (JSON, ("memory",), "'lots' is not a number", '"memory": "lots",', '"lots"'),
    "a value that takes no secret": (JSON, ("family",), "it is taken", '"family": "shop",', '"shop"'),
    "beside others": (
        JSON,
        (*CONTAINER, "cpu"),
        "'x' is not a number",
        '{"name": …, "cpu": "x", "environment": [{"name": …, "value": …}]},',
        '"x"',
    ),
    "a variable": (
        JSON,
        (*CONTAINER, "environment", 0, "value"),
        "hunter2 is a secret",
        '{"name": …, "cpu": …, "environment": [{"name": …, "value": …}]},',
        "…",
    ),
    "an argument": (JSON, ("containerDefinitions", 1, "command", 0), "it holds a secret", '{"command": […, …]}', "…"),
    "what is missing in a part": (
        JSON,
        ("containerDefinitions", 1, "image"),
        "there is no image",
        '{"command": […, …]}',
        "{",
    ),
    "a value without quotes": (
        YAML,
        ("services", "web", "launch-type"),
        "'fargate' is none",
        "launch-type: fargate",
        "fargate",
    ),
    "a key": (YAML, ("services", "web", "grants"), "there is no such key", "grants:", "grants"),
    "a member that ECS does not have": (JSON, ("memory",), "ECS has no member memory", '"memory": …,', '"memory"'),
    "an unknown member of one line": (
        '{"containerDefinitions": [{"name": "web", "Memry": 128, "image": "hunter2"}]}',
        (*CONTAINER, "Memry"),
        "cfnroles does not know the member memry, and ECS may not either",
        '{"containerDefinitions": [{"name": …, "Memry": …, "image": …}]}',
        '"Memry"',
    ),
    "a member whose name only begins so": (JSON, ("memory",), "no member memoryLimit", '"memory": "lots",', '"lots"'),
    "a key in a list": (
        YAML,
        ("services", "web", "grants", 0, "s3-get"),
        "no 'uploads'",
        "- s3-get: uploads",
        "uploads",
    ),
    "a variable in braces": (
        YAML,
        (*ENVIRONMENT, "DB_PASSWORD"),
        "hunter2 is a secret",
        "environment: {DB_PASSWORD: …, STAGE: …}",
        "…",
    ),
    "a member in braces": (
        YAML,
        ("services", "web", "run-by", "memory"),
        "5 is too small",
        "run-by: {schedule: …, memory: 5}",
        "5",
    ),
}


@pytest.mark.parametrize(("text", "path", "what", "shown", "marked"), FOUND.values(), ids=FOUND)
def test_what_a_finding_is_about(text: str, path: TreePath, what: str, shown: str, marked: str) -> None:
    line, caret = Lines(text).drawn(fault(path, what, "")).split("\n")
    assert line[:8].strip().rstrip("|").strip().isdecimal()
    assert line[9:] == shown
    assert line[caret.index("^") : caret.rindex("^") + 1] == marked


REFERENCES = {
    "Ref": ("Secrets: [{Name: hunter2, ValueFrom: !Ref Db}]", "Secrets: [{Name: …, ValueFrom: !Ref Db}]"),
    "GetAtt": ("Secrets: [{ValueFrom: !GetAtt Db.Arn}]",) * 2,
    "in quotes": ("Secrets: [{ValueFrom: !Ref 'AWS::Region'}]",) * 2,
    "a text": ("Secrets: [{ValueFrom: !Sub hunter2}]", "Secrets: [{ValueFrom: …}]"),
    "a text that looks alike": ('Secrets: [{ValueFrom: "!Ref hunter2"}]', "Secrets: [{ValueFrom: …}]"),
    "more than a name": ("Secrets: [{ValueFrom: !Ref hunter2 2}]", "Secrets: [{ValueFrom: …}]"),
    "a variable of that name": ("Secrets: [{ValueFrom: {Ref: hunter2}}]", "Secrets: [{ValueFrom: {Ref: …}}]"),
}


@pytest.mark.parametrize(("text", "shown"), REFERENCES.values(), ids=REFERENCES)
def test_a_reference_of_a_template_is_shown_as_it_is_no_secret(text: str, shown: str) -> None:
    drawn = Lines(text).drawn(fault(("Secrets", 0, "ValueFrom"), "there is no hunter2", ""))
    assert drawn.split("\n")[0][9:] == shown


def test_nothing_is_shown_of_what_stands_in_no_text() -> None:
    assert Lines(JSON).drawn(fault(("cpu",), "it is missing", "")) == ""
    assert Lines("").drawn(fault(("cpu",), "it is wrong", "")) == ""


TERRAFORM = """\
resource "aws_ecs_task_definition" "web" {
  family = "shop" # hunter2
  container_definitions = jsonencode([{ environment = [{ name = "DB_PASSWORD", value = "hunter2" }] }])
  text = <<EOT
hunter2
EOT
}
"""


def of_document(text: str) -> object:
    return parse(text, "a.yaml")


def of_terraform(text: str) -> object:
    return parse_terraform(Source("main.tf", text))


LANGUAGES = {"JSON": (JSON, of_document), "YAML": (YAML, of_document), "Terraform": (TERRAFORM, of_terraform)}


@pytest.mark.parametrize(
    "sign", ["", '"', ":", "{", ",", " "], ids=["gone", "quote", "colon", "brace", "comma", "space"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_damage_brings_a_secret_to_light(language: str, sign: str) -> None:
    text, read = LANGUAGES[language]
    refused = []
    for at in range(len(text)):
        try:
            read(text[:at] + sign + text[at + 1 :])
        except InvalidInput as error:
            refused.append(error.in_full)
    assert any(" | " in each for each in refused) or sign == " "
    leaks = [each for each in refused if "hunter" in each.partition(" | ")[2] or "unter2" in each.partition(" | ")[2]]
    assert leaks == []


WHERE = {
    "JSON": ('{"a": 1\n "b": 2}', of_document, '     2 | "b": …}\n       | ^^^'),
    "YAML": ("a: b: c", of_document, "     1 | a: …\n       |    ^"),
    "Terraform": ('a = "b\n', of_terraform, "     1 | a = …\n       |     ^"),
}


@pytest.mark.parametrize(("text", "read", "shown"), WHERE.values(), ids=WHERE)
def test_what_cannot_be_read_is_shown_where_it_ends(text: str, read: object, shown: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(text)  # type: ignore[operator]
    assert shown in refused.value.in_full
    assert shown not in str(refused.value)


def test_a_long_line_is_shown_around_the_caret() -> None:
    text = "{" + ", ".join(f'"key{number}": {number}' for number in range(900)) + "}"
    line, caret = excerpt(Spot(text, 1, text.index('"key500"') + 1, key="key500"), "500 is too much").split("\n")
    assert len(line) < 80
    assert line[caret.index("^") : caret.rindex("^") + 1] == "500"


def test_several_findings_show_a_line_each() -> None:
    faults = [
        fault(("memory",), "'lots' is not a number", "Write one."),
        fault(("family",), "it is taken", "Take another."),
    ]
    with pytest.raises(InvalidInput) as refused:
        refuse(faults, {"": JSON})
    assert refused.value.in_full.count("^") == len('"lots""shop"')
    assert "^" not in str(refused.value)


def test_what_several_places_have_in_common_is_told_once(tmp_path: Path) -> None:
    same = [fault(("containerDefinitions", number, "image"), "no name", "Name it.") for number in (0, 1)]
    assert findings_text([same[0], fault(("family",), "no family", "Write it."), same[1], same[1]], JSON) == (
        "- no name. Name it.\n"
        "    : containerDefinitions[0].image\n"
        "    : containerDefinitions[1].image\n"
        "- :2: family\n"
        "  no family. Write it."
    )


@pytest.mark.parametrize("line", HIDDEN.values(), ids=HIDDEN)
def test_a_line_without_anything_to_see_is_not_shown(line: str) -> None:
    assert excerpt(Spot(f"a: 1\n{line}\n", 2, 1)) == ""
