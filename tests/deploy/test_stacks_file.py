"""Reading ``stacks.json`` and files of parameters: valid contents, and messages about the rest."""

from __future__ import annotations

import json
import os

import pytest

from cfnroles.deploy.parameters_file import read_parameters
from cfnroles.deploy.stacks_file import chosen, prefixed, read_stacks
from cfnroles.errors import InvalidInput

STACK = {"name": "shop-roles", "template": "roles.yaml"}


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "roles.yaml").write_text("Resources: {}\n")

    def write(document):
        text = document if isinstance(document, str) else json.dumps(document)
        (tmp_path / "stacks.json").write_text(text)
        return tmp_path

    return write


def test_the_least_that_a_stack_can_say(directory):
    (stack,) = read_stacks(directory({"schema": 1, "stacks": [STACK]}))

    assert (stack.name, stack.body, stack.parameters, stack.depends_on) == ("shop-roles", "Resources: {}\n", (), ())


def test_a_parameter_that_is_null_has_no_value(directory):
    (stack,) = read_stacks(directory({"schema": 1, "stacks": [{**STACK, "parameters": {"Tag": None, "Stage": "dev"}}]}))

    assert stack.parameters == (("Stage", "dev"),)


def test_a_value_is_the_text_that_cloudformation_takes(directory):
    values = {"List": ["a", "b", 3], "Switch": True, "Number": 1.5, "Text": "[a]"}

    (stack,) = read_stacks(directory({"schema": 1, "stacks": [{**STACK, "parameters": values}]}))

    assert stack.parameters == (("List", "a,b,3"), ("Number", "1.5"), ("Switch", "true"), ("Text", "[a]"))


def test_sizes_are_bytes(directory, tmp_path):
    directory({"schema": 1, "stacks": [STACK]})
    (tmp_path / "roles.yaml").write_text("é", encoding="utf-8")

    assert read_stacks(tmp_path)[0].size == 2


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "stacks.json:1:2: is not valid JSON"),
        ("{}}", "stacks.json:1:3: is not valid JSON"),
        ("\0", "stacks.json"),
        ('{"schema": 1, "schema": 1}', "has the key 'schema' twice"),
        pytest.param("[" * 100_000, "stacks.json: is nested deeper", id="nested beyond the stack"),
        ([], "is not a JSON object"),
        ({"schema": 2, "stacks": [STACK]}, "has schema 2; this version of cfnroles reads schema 1"),
        ({"schema": 1}, "lists no stacks"),
        ({"schema": 1, "stacks": []}, "lists no stacks"),
        ({"schema": 1, "stacks": ["x"]}, "stacks[0]: is not an object"),
        ({"schema": 1, "stacks": [{"template": "x"}]}, "stacks[0]: has no 'name'"),
        (
            {"schema": 1, "stacks": [{**STACK, "parameters": {"A": {"b": "c"}}}]},
            "stacks[0]: the value of A is not a string, a number or a list of them",
        ),
        ({"schema": 1, "stacks": [{"name": "x"}]}, "stacks[0]: has no 'template'"),
        ({"schema": 1, "stacks": [{**STACK, "template": "gone.yaml"}]}, "its template 'gone.yaml' is missing"),
        ({"schema": 1, "stacks": [{**STACK, "template": "a\0b"}]}, "its template 'a\\x00b' is not a file next to"),
        ({"schema": 1, "stacks": [{**STACK, "template": "a\ud800b"}]}, "half a surrogate pair"),
        ({"schema": 1, "stacks": [{**STACK, "template": "x" * 300}]}, "cannot be read: File name too long"),
        ({"schema": 1, "stacks": [{**STACK, "template": ".."}]}, "is not a file next to stacks.json"),
        ({"schema": 1, "stacks": [{**STACK, "template": "a\\b"}]}, "is not a file next to stacks.json"),
        ({"schema": 1, "stacks": [{**STACK, "template": "stacks.json"}]}, "is not a file next to stacks.json"),
        ({"schema": 1, "stacks": [{**STACK, "template": ""}]}, "has no 'template'"),
        ({"schema": 1, "stacks": [STACK], "files": [1]}, "its digests of files are malformed"),
        ({"schema": 1, "stacks": [STACK], "files": {"../x": ""}}, "its digests of files are malformed"),
        ({"schema": 1, "stacks": [STACK], "replaces": {"x": "y"}}, "its digests of files are malformed"),
        ({"schema": 1, "stacks": [{**STACK, "template": "../x.yaml"}]}, "is not a file next to stacks.json"),
        ({"schema": 1, "stacks": [{**STACK, "template": "/etc/passwd"}]}, "is not a file next to stacks.json"),
        ({"schema": 1, "stacks": [{**STACK, "parameters": []}]}, "'parameters' is not an object"),
        ({"schema": 1, "stacks": [{**STACK, "imports": "x"}]}, "'imports' is not a list of strings"),
        ({"schema": 1, "stacks": [STACK, STACK]}, "lists the stack shop-roles twice"),
        ({"schema": 1, "stacks": [{**STACK, "depends_on": ["later"]}]}, "before later, which it depends on"),
    ],
)
def test_what_is_wrong_is_named(directory, document, words):
    with pytest.raises(InvalidInput) as raised:
        read_stacks(directory(document))

    assert words in str(raised.value)


def test_a_directory_without_it(tmp_path):
    with pytest.raises(InvalidInput, match=r"stacks\.json is not in this directory"):
        read_stacks(tmp_path)


@pytest.mark.parametrize("kind", ["a link out of the directory", "a pipe", "a directory", "a device"])
def test_what_is_no_file_of_the_directory_is_not_read(directory, tmp_path, kind):
    directory({"schema": 1, "stacks": [{**STACK, "template": "other.yaml"}]})
    other = tmp_path / "other.yaml"
    match kind:
        case "a link out of the directory":
            other.symlink_to("/etc/passwd")
        case "a pipe":
            os.mkfifo(other)
        case "a directory":
            other.mkdir()
        case "a device":
            other.symlink_to("/dev/zero")

    with pytest.raises(InvalidInput, match="is not a file in this directory"):
        read_stacks(tmp_path)


def test_a_link_within_the_directory_is_a_file_of_it(directory, tmp_path):
    (tmp_path / "other.yaml").symlink_to("roles.yaml")

    assert read_stacks(directory({"schema": 1, "stacks": [{**STACK, "template": "other.yaml"}]}))[0].size == 14


def test_a_prefix_renames_stacks_and_what_they_depend_on_but_no_exports(directory):
    first = {**STACK, "exports": ["shop-Arn"]}
    second = {**STACK, "name": "shop-task", "depends_on": ["shop-roles"], "imports": ["shop-Arn"]}
    stacks = prefixed(read_stacks(directory({"schema": 1, "stacks": [first, second]})), "dev-")

    assert [stack.name for stack in stacks] == ["dev-shop-roles", "dev-shop-task"]
    assert stacks[1].depends_on == ("dev-shop-roles",)
    assert stacks[0].exports == ("shop-Arn",)
    assert [stack.name for stack in chosen(stacks, ["dev-shop-task"])] == ["dev-shop-task"]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('{"A": "1", "B": 2, "C": true}', (("A", "1"), ("B", "2"), ("C", "true"))),
        ("A: [x, y]", (("A", "x,y"),)),
        ('{"Parameters": {"A": "1"}, "Tags": {"t": "u"}}', (("A", "1"),)),
        ('[{"ParameterKey": "A", "ParameterValue": "1"}]', (("A", "1"),)),
    ],
)
def test_parameters_in_every_form(tmp_path, text, pairs):
    (tmp_path / "p.json").write_text(text)

    assert read_parameters(tmp_path / "p.json") == pairs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- A=1", "has no parameters"),
        ("{", "is not valid JSON"),
        ("A: {b: c}", "the value of A is not a string, a number or a list"),
        ("A:", "the value of A is not a string, a number or a list"),
    ],
)
def test_a_parameters_file_that_is_none(tmp_path, text, words):
    (tmp_path / "p.json").write_text(text)

    with pytest.raises(InvalidInput, match=words):
        read_parameters(tmp_path / "p.json")
