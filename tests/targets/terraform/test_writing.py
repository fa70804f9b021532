"""The layout of `terraform fmt`, and texts that stay what they are."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.module import Module
from cfnroles.hcl.parser import parse
from cfnroles.hcl.project import Project
from cfnroles.hcl.session import Budget, Session
from cfnroles.hcl.syntax import Source
from cfnroles.hcl.values import plain
from cfnroles.targets.terraform.writing import (
    Argument,
    Blank,
    Comment,
    Items,
    Members,
    OnlyIf,
    Written,
    WrittenBlock,
    WrittenCall,
    file_text,
    quoted,
)
from tests.evaluated import Written as Files

TEXTS = {
    "an interpolation": "${x}",
    "one behind a dollar sign": "$${x}",
    "two signs behind each other": "$$",
    "a directive": "%{ if x }",
    "one behind a percent sign": "100%%{x}",
    "quotes and a backslash": 'a "b" \\n',
    "lines": "a\nb\tc\r",
    "what is not seen": "\x00\u202e\U000e0001",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_literal_text_is_read_back_as_it_is(text: str) -> None:
    node = parse(Source("a.tf", f"a = {quoted(text).text}\n")).arguments["a"]
    session = Session(Budget())
    scope = Module(Project(Files({"main.tf": "locals {}"})), session).scope
    assert plain(evaluate(node, scope)) == text


BLOCKS = (
    WrittenBlock(
        "resource",
        ("a", "b"),
        (
            Argument("short", Written("1")),
            Argument("much_longer", Items((quoted("x"),))),
            Argument("object", Members((Argument("a", quoted("1")), Argument("aws:x", quoted("2"))))),
            Comment("why"),
            Argument("x", WrittenCall("jsonencode", (Members((Argument("Statement", Items(())),), apart=True),))),
            Argument(
                "lists", WrittenCall("concat", (Items((quoted("x" * 99), quoted("y"))), OnlyIf("a == 1", Items(()))))
            ),
            Blank(),
            Argument("one", Members((Argument("a", quoted("1")),))),
            WrittenBlock(
                "lifecycle", (), (WrittenBlock("precondition", (), (Argument("condition", Written("true")),)),)
            ),
        ),
        ("above",),
    ),
    WrittenBlock("data", ("c", "d"), ()),
)
WRITTEN = """\
# above
resource "a" "b" {
  short       = 1
  much_longer = ["x"]
  object = {
    a       = "1"
    "aws:x" = "2"
  }
  # why
  x = jsonencode({
    Statement = []
  })
  lists = concat(
    [
      "%s",
      "y",
    ],
    flatten([for once in [true] : [] if a == 1]),
  )

  one = { a = "1" }

  lifecycle {
    precondition {
      condition = true
    }
  }
}

data "c" "d" {}
"""


def test_blocks_have_the_layout_that_terraform_gives_them() -> None:
    text = file_text(BLOCKS)
    assert text == WRITTEN % ("x" * 99)
    # Where this machine has Terraform, it says so itself.
    if terraform := shutil.which("terraform"):
        run = subprocess.run([terraform, "fmt", "-"], input=text, capture_output=True, text=True, check=True)
        assert run.stdout == text
