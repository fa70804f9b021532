"""The header of a file, which may be known last."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.targets.terraform.file import Header, marked, under

HEADER = Header("main.tf", ":1, aws_ecs_task_definition.app", "cfnroles terraform .", "cfnroles explain .")
BODY = "locals {\n  a = 1\n}\n\nlocals {\n  b = 2\n}\n"


def test_a_file_gets_another_header_with_its_digest() -> None:
    first, last = HEADER, replace(HEADER, taken=("image", "tag"))
    texts = [marked("\n".join(f"# {line}" for line in each.lines), BODY) for each in (first, last)]
    assert under(last, texts[0]) == texts[1] != texts[0]
    assert under(first, texts[0]) == texts[0]


def test_the_name_of_a_file_stays_in_the_comment() -> None:
    header = replace(HEADER, document='web\n}\nresource "x" "y" {.json')
    first, *_ = header.lines
    assert first.startswith('Written by cfnroles from web\\n}\\nresource "x" "y" {.json:1, ')
    assert replace(HEADER, document="b\udcff.json").lines[0].startswith("Written by cfnroles from b\\udcff.json:1, ")
