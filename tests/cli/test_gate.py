"""`cfnroles gate`: printed, written, and compared with the code in an account or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfnroles.targets.cloudformation.gate_code import digest_of
from cfnroles.targets.cloudformation.inline_code import inline_code


def test_what_is_printed_is_what_is_written(cfnroles: Any, tmp_path: Path) -> None:
    printed = cfnroles("gate")
    written = cfnroles("gate", "-o", tmp_path / "gate")

    assert (printed.code, written.code) == (0, 0)
    assert printed.out == (tmp_path / "gate" / "gate.yaml").read_text()
    assert f"SHA-256 of its code: {digest_of(inline_code())}" in printed.err
    assert "once in each account and Region" in written.err


def test_the_gate_of_a_build_is_compared(cfnroles: Any, tmp_path: Path, examples: Path) -> None:
    cfnroles("build", examples / "shop.json", "-o", tmp_path)
    path = tmp_path / "secret-validator.yaml"

    same = cfnroles("gate", "--check", path)
    path.write_text(path.read_text().replace("import json", "import json, os", 1))
    other = cfnroles("gate", "--check", path)

    assert (same.code, other.code) == (0, 1)
    assert f"{path}: the code of Function is the gate of cfnroles" in same.out
    assert "from line 4 on: import json, os" in other.out
    assert digest_of(inline_code()) in same.out
    assert digest_of(inline_code()) not in other.out


WRONG = {
    "a template without a function": (("--check", "{roles}"), "has no function with inline code"),
    "two questions": (("--check", "{roles}", "--stack", "x"), "Pass one of them."),
}


@pytest.mark.parametrize(("options", "what"), WRONG.values(), ids=WRONG)
def test_a_wrong_question_ends_with_2(
    cfnroles: Any, tmp_path: Path, examples: Path, options: tuple[str, ...], what: str
) -> None:
    cfnroles("build", examples / "shop.json", "-o", tmp_path)

    ended = cfnroles("gate", *(each.replace("{roles}", str(tmp_path / "shop-roles.yaml")) for each in options))

    assert (ended.code, ended.out) == (2, "")
    assert what in ended.err


def test_a_build_that_shares_the_gate_says_what_comes_first(cfnroles: Any, tmp_path: Path, examples: Path) -> None:
    for source in ("shop.json", "shop-project/cfnroles.yaml"):
        told = cfnroles("build", examples / source, "--shared-gate", "-o", tmp_path / source).err

        assert "Deploy the shared gate first" in told
        assert "no room" not in told
