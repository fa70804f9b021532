"""The door through which files come in: what is no file, what is too large, and what never ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cfnroles.cli import main
from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.files import ACCOUNT, DOCUMENT, Limit, Missing, exists, is_directory, is_file, read_bytes, read_text

FEW = Limit(5, "Write less.")

NO_FILES = {
    "an empty name": ("", "a file name is empty"),
    "a name with a NUL": ("a\0b", "'a\\x00b': is not the name of a file: embedded null byte"),
    "a name with half a character": ("a\ud800b", "'a\\ud800b': is not the name of a file"),
    "a name that is too long": ("x" * 300, "cannot be read: File name too long"),
    "a path that is too long": ("x/" * 5_000, "cannot be read: File name too long"),
    "a directory": (".", ".: cannot be read: Is a directory"),
    "what does not exist": ("absent", "absent: cannot be read: No such file or directory"),
    "a file for a directory": (f"{__file__}/x", "cannot be read: Not a directory"),
}


@pytest.mark.parametrize(("name", "told"), NO_FILES.values(), ids=NO_FILES)
def test_a_name_that_is_not_a_file_is_reported(name: str, told: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_text(name)

    assert told in str(raised.value)
    assert is_file(name) is False
    assert is_directory(name) is exists(name) is (name == ".")


def test_a_missing_file_has_its_own_error() -> None:
    with pytest.raises(Missing):
        read_bytes("absent")


def test_the_file_beside_that_was_meant_is_named(tmp_path: Path) -> None:
    (tmp_path / "billing.json").write_text("{}")
    with pytest.raises(Missing, match=r"Did you mean '.*billing\.json'\?"):
        read_text(tmp_path / "biling.json")
    with pytest.raises(Missing) as other:
        read_text(tmp_path / "web.json")
    assert "Did you mean" not in str(other.value)


def test_a_link_to_nothing_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "web.json").symlink_to("gone.json")
    with pytest.raises(Missing, match=r"web\.json: is a symbolic link to gone\.json, which does not exist$"):
        read_text(tmp_path / "web.json")


def test_as_much_as_the_limit_is_read_and_no_byte_more(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("12345")
    (tmp_path / "more").write_text("123456")

    assert read_bytes(tmp_path / "full", FEW) == b"12345"
    with pytest.raises(InvalidInput) as raised:
        read_bytes(tmp_path / "more", FEW)
    assert str(raised.value) == f"{tmp_path / 'more'}: has more than 5 bytes, the maximum\nWrite less."


def test_bytes_are_counted_and_not_characters(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("éé1", encoding="utf-8")
    assert read_text(tmp_path / "text", FEW) == "éé1"

    (tmp_path / "text").write_text("ééé", encoding="utf-8")
    with pytest.raises(InvalidInput, match="has more than 5 bytes"):
        read_text(tmp_path / "text", FEW)


COMMANDS: dict[str, Callable[[Path], list[object]]] = {
    "build": lambda file: ["build", file, "-o", file.parent / "out"],
    "explain": lambda file: ["explain", file],
    "policy": lambda file: ["policy", file, "--role", "execution"],
    "check": lambda file: ["check", file],
    "lint": lambda file: ["lint", file],
    "diff": lambda file: ["diff", file, file],
    "init": lambda file: ["init", file, "-o", file.parent / "out"],
    "deploy": lambda file: ["deploy", file, "--plan"],
    "a service's settings": lambda file: ["explain", shop(file), "--service-file", file],
    "parameters": lambda file: ["deploy", shop(file), "--plan", "--parameter-file", file],
    "what a spec names": lambda file: ["explain", spec(file)],
}


def shop(file: Path) -> Path:
    path = file.parent / "shop.yaml"
    path.write_text("{family: shop, containerDefinitions: [{name: web, image: nginx}]}")
    return path


def spec(file: Path) -> Path:
    path = file.parent / "cfnroles.yaml"
    path.write_text(f"project: shop\nservices: {{web: {{task-definition: {file.name}}}}}")
    return path


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_refuses_what_is_too_large(
    command: Callable[[Path], list[object]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Holes take no room on the disk.
    with (tmp_path / "large").open("wb") as file:
        file.truncate(DOCUMENT.bytes + 1)

    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in command(tmp_path / "large")])

    assert ended.value.code == 2
    assert "large: has more than 1,000,000 bytes, the maximum" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_role_is_found_in_the_answer_about_a_whole_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = tmp_path / "account.json"
    answer.write_text('{"RoleDetailList": [{"RoleName": "web", "Arn": "x"}' + " " * DOCUMENT.bytes + "]}")

    with pytest.raises(SystemExit):
        main(["verify", str(shop(answer)), "--role", f"{answer}:web"])
    assert "has more than" not in capsys.readouterr().err

    os.truncate(answer, ACCOUNT.bytes + 1)
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(shop(answer)), "--role", f"{answer}:web"])
    assert ended.value.code == 2
    assert "account.json: has more than 50,000,000 bytes" in capsys.readouterr().err


def test_a_template_of_a_role_is_no_larger_than_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = tmp_path / "roles.json"
    template.write_text('{"Resources": {}' + " " * DOCUMENT.bytes + "}")

    with pytest.raises(SystemExit) as ended:
        main(["verify", str(shop(template)), "--role", f"{template}:Web"])

    assert ended.value.code == 2
    assert "roles.json: has more than 1,000,000 bytes" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["lint", "."], ["lint", "shop.yaml", "large.json", "--skip-others"], ["init", "."]])
def test_a_large_file_that_was_not_named_is_skipped_and_reported(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.json").write_text(" " * (DOCUMENT.bytes + 1))
    shop(tmp_path / "large.json")

    with pytest.raises(SystemExit) as ended:
        main(words)

    assert not ended.value.code
    assert "skipped: large.json: has more than 1,000,000 bytes, the maximum" in capsys.readouterr().err


def test_yaml_that_came_by_another_way_is_not_read_for_minutes() -> None:
    with pytest.raises(InvalidInput, match="has more than 1,000,000 bytes, the maximum for YAML"):
        _ = Document("x", "- a\n" * 300_000).tree


@contextmanager
def endless_pipe(path: Path) -> Iterator[Path]:
    os.mkfifo(path)

    def write() -> None:
        with suppress(BrokenPipeError), path.open("wb") as pipe:
            while True:
                pipe.write(b"- a\n" * 10_000)

    thread = threading.Thread(target=write)
    thread.start()
    yield path
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    with endless_pipe(tmp_path / "pipe") as pipe, pytest.raises(InvalidInput, match="pipe: has more than 1,000,000"):
        read_text(pipe)
    with pytest.raises(InvalidInput, match="/dev/zero: has more than 1,000,000"):
        read_text("/dev/zero")


def test_a_standard_input_that_has_no_end_is_refused() -> None:
    line = f"yes | {sys.executable} -m cfnroles explain -"
    ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=20, check=False)

    assert ended.returncode == 2
    assert ended.stderr.startswith("error: standard input: has more than 1,000,000 bytes")


def test_a_file_in_a_revision_has_the_same_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "task.json").write_text(" " * (DOCUMENT.bytes + 1))
    for words in (["init"], ["add", "."], ["-c", "user.name=t", "-c", "user.email=t@x", "commit", "-m", "x"]):
        subprocess.run(["git", *words], check=True, capture_output=True)

    with pytest.raises(SystemExit) as ended:
        main(["diff", "HEAD:task.json", "HEAD:task.json"])

    assert ended.value.code == 2
    assert "HEAD:task.json: has more than 1,000,000 bytes" in capsys.readouterr().err

    (tmp_path / "task.json").write_text("{}")
    with pytest.raises(SystemExit) as ended:
        main(["diff", "HEAD"])
    assert not ended.value.code
    assert "skipped: HEAD:./task.json: has more than 1,000,000 bytes" in capsys.readouterr().err
