"""What shells offer, and the scripts by which they ask."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from cfnroles.cli import cfnroles as command

TEMPLATE = """
Resources:
  WebTask:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: web, Image: nginx}]}
  Topic: {Type: AWS::SNS::Topic}
"""
SPEC = """
project: shop
services:
  web: {task-definition: web.json}
  worker: {task-definition: web.json}
"""


def offered(*words: str) -> list[tuple[str, str]]:
    *before, incomplete = words
    found = ShellComplete(command, {}, "cfnroles", "_CFNROLES_COMPLETE").get_completions(before, incomplete)
    return [(item.type, item.value) for item in found]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "web.json").write_text(
        '{"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}]}'
    )
    (tmp_path / "cfnroles.yaml").write_text(SPEC)
    (tmp_path / "broken.yaml").write_text("a: [")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "values"),
    {
        "a command": (("bu",), ["build"]),
        "a command of a command": (("stack-sets", "dep"), ["deploy"]),
        "an option": (("build", "--templ"), ["--template-format"]),
        "a rare option": (("build", "--guard"), ["--guardduty"]),
        "a choice": (("lint", "--format", "s"), ["sarif"]),
        "a choice in capitals": (("lint", "--format", "SA"), ["sarif"]),
        "a logical ID": (("explain", "template.yaml", "--resource", ""), ["WebTask"]),
        "a service": (("verify", "cfnroles.yaml", "--service", "wo"), ["worker"]),
        "of a broken source": (("explain", "broken.yaml", "--resource", ""), []),
        "of no source": (("explain", "--resource", ""), []),
    }.values(),
)
@pytest.mark.usefixtures("folder")
def test_what_is_offered(words, values):
    assert offered(*words) == [("plain", value) for value in values]


@pytest.mark.parametrize(
    "words", [("build", "w"), ("lint", "a.json", ""), ("build", "--service-file", ""), ("verify", "x", "--role", "")]
)
def test_files_are_left_to_the_shell(words):
    assert [kind for kind, _ in offered(*words)] == ["file"]


def test_bash_completes_with_the_printed_script(folder: Path):
    program = """
    source <(cfnroles completion bash)
    complete -p cfnroles
    complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _cfnroles_completion cfnroles; }
    complete_words cfnroles expl; echo "${COMPREPLY[@]}"
    complete_words cfnroles explain template.yaml --resource W; echo "${COMPREPLY[@]}"
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    ended = subprocess.run(
        ["bash", "-c", program], cwd=folder, env={"PATH": path}, capture_output=True, text=True, timeout=60, check=True
    )

    assert ended.stdout.split("\n")[:3] == [
        "complete -o nosort -F _cfnroles_completion cfnroles",
        "explain",
        "WebTask",
    ]
    assert ended.stderr == ""


#: What completes a line in each shell, in the folder with the template.
IN_OTHER_SHELLS = {
    "fish": """
    mkdir -p ~/.config/fish/completions
    cfnroles completion fish > ~/.config/fish/completions/cfnroles.fish
    complete -C "cfnroles expl"
    complete -C "cfnroles explain template.yaml --resource W"
    complete -C "cfnroles stack-sets del"
    """,
    "zsh": """
    cfnroles completion zsh >> ~/.zshrc
    source ~/.zshrc
    compadd() { print -l -- ${(P)@[-1]} }
    _describe() { print -l -- ${(P)3} }
    complete_words() { words=("$@"); CURRENT=$#; _cfnroles_completion }
    complete_words cfnroles expl
    complete_words cfnroles explain template.yaml --resource W
    complete_words cfnroles stack-sets del
    """,
}


@pytest.mark.parametrize("shell", IN_OTHER_SHELLS)
def test_other_shells_complete_with_the_script_as_its_help_installs_it(cfnroles, folder: Path, shell: str):
    if shutil.which(shell) is None:
        assert "_cfnroles_completion" in cfnroles("completion", shell).out
        pytest.skip(f"no {shell} here")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    ended = subprocess.run(
        [shell, "-c", IN_OTHER_SHELLS[shell]],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "TERM": "xterm"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    offers = [re.split(r"[\t:]", line)[0] for line in ended.stdout.splitlines()]
    assert offers == ["explain", "WebTask", "delete"]
    assert "Delete the StackSets of SOURCE and" in ended.stdout
    assert ended.stderr == ""
