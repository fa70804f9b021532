"""How the command starts: quickly, and the same from a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

_LOADED = """
import sys
from cfnroles.cli import main
try:
    main({arguments!r})
except SystemExit as ended:
    assert not ended.code, ended.code
slow = {{"awacs", "boto3", "botocore", "cfnlint", "rich", "troposphere", "yaml"}}
of_others = {{"cfnroles.answers.explain", "cfnroles.hcl", "cfnroles.template.worlds"}}
print(sorted({{name.partition(".")[0] for name in sys.modules}} & slow | sys.modules.keys() & of_others))
"""


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [
        (["--help"], "[]"),
        (["--version"], "[]"),
        (["build", "--help"], "[]"),
        (["build", "{example}", "-o", "{out}"], "['awacs', 'troposphere']"),
        (
            ["explain", "{example}"],
            "['awacs', 'cfnroles.answers.explain', 'cfnroles.template.worlds']",
        ),
    ],
    ids=["--help", "--version", "build --help", "build", "explain"],
)
def test_a_command_loads_only_what_it_uses(arguments: list[str], loaded: str, examples: Path, tmp_path: Path) -> None:
    filled = [word.format(example=examples / "shop.json", out=tmp_path) for word in arguments]

    ended = subprocess.run(
        [sys.executable, "-c", _LOADED.format(arguments=filled)], capture_output=True, text=True, check=True, timeout=60
    )

    assert ended.stdout.splitlines()[-1] == loaded


_ENDING = """
import atexit, os, sys
from cfnroles.cli import run
class Kept:
    def __del__(self):
        os.write(1, b"released")
kept = Kept()
atexit.register(os.write, 1, b"at exit")
sys.argv[1:] = ["explain", "missing.json"]
run()
"""


def test_a_process_ends_with_the_exit_code_and_releases_nothing() -> None:
    """Whatever is registered for the end of the process still runs."""
    ended = subprocess.run([sys.executable, "-c", _ENDING], capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode == 2
    assert ended.stdout == "at exit"
    assert ended.stderr.startswith("error: missing.json")


@pytest.mark.long
def test_a_wheel_works_outside_of_the_checkout(repository: Path, examples: Path, tmp_path: Path) -> None:
    """The wheel contains everything that a build needs, including the code of the Lambda function."""
    source = tmp_path / "source"
    # Not in the checkout, where setuptools would add the modules of earlier builds.
    for folder in ("cfnroles", "lambda"):
        shutil.copytree(repository / folder, source / folder)
    for file in ("LICENSE", "README.md", "pyproject.toml", "setup.cfg"):
        shutil.copy(repository / file, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, source],
        check=True,
        timeout=120,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_COMPILE": "1"},
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("cfnroles-*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    program = "import cfnroles.cli as cli, cfnroles.lambda_code as code; print(cli.__file__, code.__file__); cli.main()"

    ended = subprocess.run(
        [sys.executable, "-c", program, "build", examples / "shop.json", "-o", tmp_path / "out"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert all(path.startswith(str(installed)) for path in ended.stdout.split())
    assert "def handler(" in (tmp_path / "out" / "secret-validator.yaml").read_text()


def test_an_unknown_command_is_a_wrong_question() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "cfnroles", "bild"], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 2
    assert "No such command 'bild'" in ended.stderr
