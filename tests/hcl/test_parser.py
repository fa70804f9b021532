"""The form of Terraform's files: what is well formed, and where what is not well formed is wrong."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from cfnroles.errors import InvalidInput
from cfnroles.hcl.parser import parse
from cfnroles.hcl.syntax import Source
from tests.terraform.running import PROGRAM

WRONG = {
    "an argument without a value": ("a = \n", "main.tf:1:5", "expected an expression"),
    "a word that is neither": ("resource web\n", "main.tf:1:13", "expected = or {"),
    "a block that is not closed": ('resource "a" "b" {\n  c = 1\n', "main.tf:1:1", "the block resource is not closed"),
    "two arguments in a line": ("a = 1 b = 2\n", "main.tf:1:7", "expected the end of the line"),
    "an argument twice": ("a = 1\na = 2\n", "main.tf:2:1", "the argument a is set twice"),
    "a text over two lines": ('a = "b\n"\n', "main.tf:1:5", "the quoted string is not closed"),
    "an escape of no sign": ('a = "\\/"\n', "main.tf:1:6", "\\/ stands for nothing"),
    "half a character": ('a = "\\ud800"\n', "main.tf:1:6", "is not a character"),
    "a heredoc without its end": ("a = <<EOT\nb\n", "main.tf:1:5", "the heredoc EOT is not closed"),
    "a directive without its end": ('a = "%{ if b }c"\n', "main.tf:1:6", "%{ endif } is missing"),
    "an end without its directive": ('a = "b%{ endfor }"\n', "main.tf:1:7", "this has no matching start"),
    "a tuple that is not closed": ("a = [1, 2\n", "main.tf:2:1", "expected ]"),
    "an object that is not closed": ("a = { b = 1\n", "main.tf:1:5", "the object is not closed"),
    "two members in a line": ("a = { b = 1 c = 2 }\n", "main.tf:1:13", "a comma or the end of the line"),
    "a template as a label": ('resource "a" "${b}" {}\n', "main.tf:1:14", "expected a literal string as label"),
    "what is no Terraform": ('{"Resources": {}}\n', "main.tf:1:1", "expected a block or an argument"),
    "a value on the next line": ("a =\n1\n", "main.tf:1:4", "expected an expression"),
    "a member's value on the next line": ("a = { b =\n1 }\n", "main.tf:1:10", "expected an expression"),
    "a brace behind the last argument": ("a {\n  b = 1 }\n", "main.tf:2:9", "expected the end of the line"),
    "a block on one line that ends on another": ("a { b = 1\n}\n", "main.tf:1:10", "expected }"),
    "a block in a block on one line": ("a { b {} }\n", "main.tf:1:7", "has one argument and no block"),
    "two blocks on one line": ("a {} b {}\n", "main.tf:1:6", "expected the end of the line"),
    "a block whose brace is on the next line": ("a\n{\n}\n", "main.tf:1:2", "expected = or {"),
    "a heredoc that ends with the file": ("a = <<E\nb\nE", "main.tf:1:5", "the heredoc E is not closed"),
    "a number with two dots": ("a = 10.1.0.0/16\n", "main.tf:1:5", "10.1.0.0 is not a number"),
    "two old indexes": ("a = b.0.1\n", "main.tf:1:7", "expected an index in [ and ]"),
    "an old splat in another": ("a = b.*.c.*.d\n", "main.tf:1:11", "expected the name of an attribute"),
    "an argument behind a list of arguments": ("a = f(b..., c)\n", "main.tf:1:11", "expected )"),
    "a name of a function alone": ("a = provider::b::c\n", "main.tf:1:19", "expected ("),
    "a sign that no name has": ("a² = 1\n", "main.tf:1:1", "a² is not a name"),
    "a quotation mark of a text program": ("a = “b”\n", "main.tf:1:5", "“b” is not a name"),
    "a line that ends as a Macintosh ends one": ("a = 1\rb = 2\n", "main.tf:1:6", "expected the end of the line"),
    "an interpolation that is not closed": ('a = "${b"\n', "main.tf:1:9", "expected }"),
    "a comment that is not closed": ("a = b /* c\n", "main.tf:1:7", "the comment is not closed"),
    "a second else": ('a = "%{ if b }%{ else }%{ else }%{ endif }"\n', "main.tf:1:6", "%{ endif } is missing"),
    "a directive of another language": ('a = "%{ while b }"\n', "main.tf:1:6", "if, else, endif, for or endfor"),
}


@pytest.mark.parametrize(("text", "where", "what"), WRONG.values(), ids=WRONG)
def test_says_where_a_file_is_wrong(text: str, where: str, what: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse(Source("main.tf", text))
    assert raised.value.where == where
    assert what in raised.value.what


RIGHT = {
    "numbers": "a = 1e5 + 1.5E-3 + 007\n",
    "spaces where people put none": "a = f (b) . c [ 0 ] [ * ] . d\nb = c. * .d\n",
    "comments everywhere": "a /* b */ = /* c\n */ 1 # d\n// e\nb { # f\n}\nc = [ # g\n  1, /* h */ 2 // i\n]",
    "lines inside of brackets": "a = (\n  b\n  ? c\n  : d\n)\ne = f(\n  g\n  ,\n)\nh = [for i\n in j : i\n if i]\n",
    "what looks like a call over lines": "a = {\n  b = c\n  (d) = e\n}\n",
    "keys of all kinds": 'a = { b-c = 1, true = 2, "d" : 3, (e) = 4, "${f}" = 5, 6 = 7, g() = 8 }\n',
    "words that are words elsewhere": "for = if\nin { null = 1 }\na = endif.for\n",
    "functions of a provider": "a = provider::b::c(1)\n",
    "lines of Windows": "a = {\r\n  b = 1\r\n}\r\nc = <<E\r\nd\r\nE\r\n",
    "names and texts of the world": 'é-1 = "日本"\ne\u0301 = <<ÉÉ\nß\nÉÉ\n',
    "heredocs inside of brackets": "a = f(<<E\nb\nE\n, [<<-F\n  c\n  F\n])\n",
    "a heredoc in a heredoc": "a = <<E\n${<<F\nb\nF\n}\nE\n",
    "texts in texts": 'a = "${"${b}"} ${ {c = 1}.c } $${d} %%%{e} $ %"\n',
    "blocks on one line": 'a {}\nb "c" d { e = 1 }\n',
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_takes_what_terraform_takes(text: str) -> None:
    body = parse(Source("main.tf", text))
    assert body.arguments or body.blocks


@pytest.mark.skipif(PROGRAM is None, reason="no program terraform here: the end of the run says so")
def test_terraform_itself_judges_so(tmp_path: Path) -> None:
    texts = [*(text for text, _, _ in WRONG.values()), *RIGHT.values()]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.tf").write_text(text, encoding="utf-8", newline="")
    command = [str(PROGRAM), "fmt", "-no-color", "-write=false", "-list=false", tmp_path]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    refused = {int(number) for number in re.findall(r"on \S*\b(\d+)\.tf line", told.stderr)}
    assert refused == set(range(len(WRONG)))


HOSTILE = {
    "brackets": "a = " + "[" * 5000,
    "parentheses": "a = " + "(" * 5000,
    "braces": "a = " + "{b=" * 5000,
    "signs": "a = " + "!" * 5000 + "b",
    "interpolations": 'a = "' + '${"' * 5000,
    "conditionals": "a = " + "b ? c : " * 5000 + "d",
    "splats": "a = b" + "[*]" * 5000,
    "indexes": "a = " + "b[" * 5000,
    "operators that bind ever tighter": "a = " + "1 || 1 && 1 == 1 < 1 + 1 * f(" * 5000,
    "steps": "a = b" + ".c" * 5000,
    "directives": 'a = "' + "%{ if b }" * 5000 + '"',
    "blocks": "a {\n" * 5000,
    "calls": "a = " + "b(" * 5000,
    "operators": "a = 1" + " + 1" * 20000,
    "a heredoc": "a = <<E\n" + "$" * 100_000 + "\nE\n",
    "a comment": "/*" + "*" * 300_000,
    "a text": 'a = "' + "\\" * 300_001,
    "a number": "a = " + "9" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_takes_no_long_time_and_no_deep_stack(text: str) -> None:
    begun = time.process_time()
    told = ""
    try:
        parse(Source("main.tf", text))
    except InvalidInput as error:
        told = error.where
    assert re.fullmatch(r"(main\.tf:\d+:\d+)?", told)
    assert time.process_time() - begun < 2


def test_the_place_of_each_argument_is_where_it_stands() -> None:
    body = parse(
        Source("main.tf", 'resource "a" "b" {\n  # why\n  c = 1\n\n  d {\n    e = <<-X\n      f\n    X \r\n  }\n}\n')
    )
    block = body.blocks[0]
    assert (block.type, block.labels) == ("resource", ("a", "b"))
    assert str(block.body.arguments["c"].place) == "main.tf:3"
    heredoc = block.body.blocks[0].body.arguments["e"]
    assert heredoc.place.column == 9
    assert heredoc.source.text[heredoc.start : heredoc.end] == "<<-X\n      f\n    X"


def test_a_block_is_written_with_the_slashes_of_its_texts() -> None:
    text = 'resource "a" "b" {\n  # no address: https://c\n  d = ["https://e", f.g]\n}\n'
    (block,) = parse(Source("main.tf", text)).blocks
    assert '"https://e", f.g]' in block.written
    assert "no address" not in block.written
