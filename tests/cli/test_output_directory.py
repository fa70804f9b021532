"""The directory of a build: repaired after a kill, never a mixture that is deployed, and no edit lost."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cfnroles.cli.output_directory import write_files
from cfnroles.deploy.stacks_file import read_stacks, recorded
from cfnroles.errors import InvalidInput
from cfnroles.manifest import digests_of, manifest_text
from tests.commands import Commands

BEFORE = "{family: shop, containerDefinitions: [{name: web, image: nginx, secrets: [{name: A, valueFrom: /shop/a}]}]}"
AFTER = "{family: shop, containerDefinitions: [{name: web, image: httpd, secrets: [{name: A, valueFrom: /shop/b}]}]}"
ROLES = "shop-roles.yaml"

Build = Callable[..., Any]


@pytest.fixture
def build(cfnroles: Callable[..., Any], tmp_path: Path) -> Build:
    """`build(BEFORE, "--force")` builds a task definition into `tmp_path / "out"`."""

    def run(task: str, *options: object) -> Any:
        return cfnroles("build", "-", "-o", tmp_path / "out", *options, stdin=task)

    return run


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(directory.iterdir())}


def edit(path: Path) -> str:
    text = path.read_text() + "# mine\n"
    path.write_text(text)
    return text


class TestKilled:
    """A build that is killed (SIGKILL) after each file that it makes, moves or removes."""

    @pytest.mark.parametrize(
        ("first", "format_"),
        [(BEFORE, "yaml"), (BEFORE, "json"), ("", "yaml")],
        ids=["over another build", "over one with other files", "in an empty directory"],
    )
    def test_the_next_build_repairs_and_nothing_reads_a_mixture_before(
        self, first: str, format_: str, commands: Commands, cfnroles: Any, build: Build, out: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "after.yaml").write_text(AFTER)
        arguments = ["build", tmp_path / "after.yaml", "-o", out, "--template-format", format_]
        cfnroles(*arguments)
        expected = put(out, {})
        if first:
            build(first)
        before = contents(out)
        changes, refused, killed = 0, 0, True
        while killed:
            changes += 1
            put(out, before)

            ended = commands.run(arguments, {"PATH": "/usr/bin"}, changes=changes)

            killed = ended.returncode == -9
            if self.is_whole(out, before) or self.is_whole(out, expected):
                assert not before or read_stacks(out)
            else:
                refused += 1
                with pytest.raises(InvalidInput, match="Build it again: cfnroles build SOURCE -o"):
                    read_stacks(out)
                with pytest.raises(InvalidInput, match="Build it again"):
                    read_stacks(out, allow_edits=True)
            again = cfnroles(*arguments)
            assert (again.code, contents(out)) == (0, expected), again.err
        assert changes > 8
        assert refused >= 3

    @staticmethod
    def is_whole(out: Path, files: dict[str, str]) -> bool:
        """Whether all files of one build are there, with no regard to what is there besides."""
        there = contents(out)
        templates = {name for name in files if name != "stacks.json"}
        return told(there) == told(files) and all(there.get(name) == files[name] for name in templates)


def put(directory: Path, files: dict[str, str]) -> dict[str, str]:
    """Let there be these files alone in the directory; the answer are those that were there."""
    found = contents(directory)
    for name in found:
        (directory / name).unlink()
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
    return found


def told(files: dict[str, str]) -> dict[str, Any]:
    """The manifest's entries about the build that wrote it."""
    manifest = json.loads(files.get("stacks.json", "{}"))
    return {name: value for name, value in manifest.items() if name != "replaces"}


def test_the_directory_of_a_killed_build_can_go_back_to_what_it_was(
    commands: Commands, build: Build, out: Path, tmp_path: Path
) -> None:
    build(BEFORE)
    before = contents(out)
    (tmp_path / "after.yaml").write_text(AFTER)
    # Six files are staged: the manifest in two states, and the templates. Then three take their places.
    commands.run(["build", tmp_path / "after.yaml", "-o", out], {"PATH": "/usr/bin"}, changes=5 + 3)
    with pytest.raises(InvalidInput, match=r"holds files of two builds: shop-task\.yaml is of an earlier one"):
        read_stacks(out)

    assert build(BEFORE).code == 0
    assert contents(out) == before


class TestEdits:
    def test_an_edit_is_not_lost(self, build: Build, out: Path) -> None:
        build(BEFORE)
        edit(out / ROLES)
        before = contents(out)

        refused = build(AFTER)

        assert refused.code == 2
        assert refused.err == (
            f"error: {out}: edits would be lost: {ROLES} was edited since the last build\nTo see the edits, run the"
            f" same command with -o {out}.new, and then:\n  diff -u {out / ROLES} {out}.new/{ROLES}\nSave the edits,"
            " or discard them: run the same command with --force.\n"
        )
        assert contents(out) == before

    def test_the_command_that_shows_it_can_be_pasted(self, cfnroles: Any, tmp_path: Path) -> None:
        directory = tmp_path / "it's here"
        cfnroles("build", "-", "-o", directory, stdin=BEFORE)
        edit(directory / ROLES)
        refused = cfnroles("build", "-", "-o", directory, stdin=BEFORE)
        command = next(line for line in refused.err.splitlines() if line.startswith("  diff"))

        cfnroles("build", "-", "-o", tmp_path / "it's here.new", stdin=BEFORE)
        shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

        assert "-# mine" in shown.stdout.splitlines()

    def test_force_gives_it_up(self, build: Build, out: Path) -> None:
        build(BEFORE)
        expected = contents(out)
        edit(out / ROLES)

        assert build(BEFORE, "--force").code == 0
        assert contents(out) == expected

    def test_every_edited_file_is_named_the_manifest_too(self, build: Build, out: Path) -> None:
        build(BEFORE)
        edit(out / ROLES)
        edit(out / "shop-task.yaml")
        manifest = json.loads((out / "stacks.json").read_text())
        manifest["stacks"][0]["parameters"]["ProjectName"] = "mine"
        (out / "stacks.json").write_text(json.dumps(manifest))

        assert f"{ROLES}, shop-task.yaml, stacks.json were edited since the last build" in build(AFTER).err

    def test_what_says_the_same_is_no_edit(self, build: Build, out: Path) -> None:
        build(BEFORE)
        (out / "stacks.json").write_text(json.dumps(json.loads((out / "stacks.json").read_text())))
        (out / ROLES).write_bytes((out / ROLES).read_bytes().replace(b"\n", b"\r\n"))

        assert read_stacks(out)
        assert build(AFTER).code == 0

    def test_an_edit_that_a_build_would_make_is_none(self, build: Build, out: Path) -> None:
        build(AFTER)
        text = (out / ROLES).read_text()
        build(BEFORE)
        (out / ROLES).write_text(text)

        assert build(AFTER).code == 0

    def test_a_removed_file_is_written_again(self, build: Build, out: Path) -> None:
        build(BEFORE)
        expected = contents(out)
        (out / ROLES).unlink()

        with pytest.raises(InvalidInput, match=r"its template 'shop-roles\.yaml' is missing"):
            read_stacks(out)
        assert build(BEFORE).code == 0
        assert contents(out) == expected

    def test_a_directory_without_digests_may_hold_edits(self, build: Build, out: Path) -> None:
        build(BEFORE)
        manifest = json.loads((out / "stacks.json").read_text())
        del manifest["files"]
        (out / "stacks.json").write_text(json.dumps(manifest))

        assert read_stacks(out)
        assert "edits would be lost" in build(AFTER).err
        assert build(AFTER, "--force").code == 0


class TestReaders:
    """`deploy` and `delete` read one build or say which files are of none; `status` and `outputs` only look."""

    @pytest.mark.parametrize(
        ("command", "code"), [("deploy --plan", 2), ("delete --plan", 2), ("status", 3), ("outputs", 3)]
    )
    def test_what_is_edited_is_refused_by_what_changes_stacks_and_taken_when_asked_for(
        self, command: str, code: int, build: Build, cfnroles: Any, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A command has read its files when it finds that it has no credentials.
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("HOME", str(out))
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        build(BEFORE)
        edit(out / ROLES)
        name, *options = command.split()

        told = cfnroles(name, out, *options)
        assert told.code == code
        refusal = (
            f"error: {out}: {ROLES} is not as the last build wrote\nEdited since, or from another"
            f" build. To see the edits:\n  cfnroles build SOURCE -o {out}.new\n  diff -u {out / ROLES}"
            f" {out}.new/{ROLES}\nTo use the files as they are, pass --allow-edits. To discard the edits, build again"
            " with --force.\n"
        )
        assert (told.err == refusal) == (code == 2)

        assert cfnroles(name, out, *options, "--allow-edits").code == 3

    def test_the_manifest_itself(self, build: Build, out: Path) -> None:
        build(BEFORE)
        manifest = json.loads((out / "stacks.json").read_text())
        manifest["stacks"][0]["capabilities"] = []
        (out / "stacks.json").write_text(json.dumps(manifest))

        with pytest.raises(InvalidInput, match=r"stacks\.json is not as the last build wrote"):
            read_stacks(out)
        assert read_stacks(out, allow_edits=True)[0].capabilities == ()

    def test_a_template_that_somebody_added(self, build: Build, out: Path) -> None:
        build(BEFORE)
        manifest = json.loads((out / "stacks.json").read_text())
        manifest["stacks"].append({"name": "mine", "template": "mine.yaml"})
        (out / "stacks.json").write_text(json.dumps(manifest))
        (out / "mine.yaml").write_text("Resources: {}")

        with pytest.raises(InvalidInput, match=r"mine\.yaml, stacks\.json are not as"):
            read_stacks(out)
        assert read_stacks(out, allow_edits=True)[-1].name == "mine"

    def test_edits_are_of_files_that_are_there(self, cfnroles: Any, examples: Path) -> None:
        refused = cfnroles("deploy", examples / "shop.json", "--plan", "--allow-edits")

        assert refused.code == 2
        assert "--allow-edits requires a directory" in refused.err


def test_the_manifest_of_a_thousand_services_is_read_though_no_document_is_as_long(tmp_path: Path) -> None:
    tree = {"schema": 1, "project": "shop", "gaps": ["a gap"], "stacks": [{"name": "n" * 1_000_000, "template": "a"}]}
    files = {"a": "{}", "stacks.json": manifest_text(tree, digests_of({"a": "{}"}))}
    write_files(tmp_path, files)
    assert write_files(tmp_path, {**files, "a": "[]"}).left == ()
    assert recorded(tmp_path).gaps == ("a gap",)


class TestStale:
    """What an earlier build wrote and this one does not."""

    def test_it_is_removed(self, build: Build, out: Path) -> None:
        build(BEFORE)
        (out / "notes.md").write_text("mine")

        built = build(AFTER, "--template-format", "json")

        assert "Removed from an earlier build:\n" + "".join(
            f"  {out / name}\n" for name in ("secret-validator.yaml", ROLES, "shop-task.yaml")
        ) in (built.err)
        assert sorted(contents(out)) == [
            "notes.md",
            "secret-validator.json",
            "shop-roles.json",
            "shop-task.json",
            "stacks.json",
        ]

    def test_with_an_edit_it_stays_and_is_told(self, build: Build, out: Path) -> None:
        build(BEFORE)
        text = edit(out / ROLES)

        built = build(AFTER, "--template-format", "json")

        assert built.code == 0
        assert f"Kept from an earlier build, because edited since:\n  {out / ROLES}\n" in built.err
        assert (out / ROLES).read_text() == text
        assert not (out / "shop-task.yaml").exists()
        # The file now belongs to the user.
        assert f"{ROLES} would be overwritten, but no earlier build wrote it" in build(BEFORE).err

    def test_no_manifest_can_name_a_file_elsewhere(self, build: Build, out: Path, tmp_path: Path) -> None:
        build(BEFORE)
        (tmp_path / "victim").write_text("mine")
        manifest = json.loads((out / "stacks.json").read_text())
        manifest["files"]["../victim"] = "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"
        (out / "stacks.json").write_text(json.dumps(manifest))

        assert "stacks.json would be overwritten, but no earlier build wrote it" in build(AFTER).err
        assert (tmp_path / "victim").read_text() == "mine"

    def test_a_pipe_in_the_place_of_the_manifest_is_not_waited_for(self, build: Build, out: Path) -> None:
        out.mkdir()
        os.mkfifo(out / "stacks.json")

        refused = build(AFTER)

        assert refused.code == 2
        assert "stacks.json would be overwritten, but no earlier build wrote it" in refused.err

    def test_a_file_under_two_names_is_not_removed_under_one_of_them(self, build: Build, out: Path) -> None:
        # As on a filesystem where case does not count, when the family was Shop before.
        build(BEFORE.replace("shop,", "Shop,"), "--project", "shop")
        for kind in ("roles", "task"):
            os.link(out / f"Shop-{kind}.yaml", out / f"shop-{kind}.yaml")

        built = build(AFTER)

        assert built.code == 0
        assert "Removed" not in built.err


class TestPlaces:
    def test_an_empty_name_is_not_the_current_directory(
        self, cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)

        result = cfnroles("build", "-", "-o", "", stdin=BEFORE)

        assert (result.code, "it is empty" in result.err) == (2, True)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "words",
        [
            ["deploy", ""],
            ["status", ""],
            ["deploy", "--local-state", "", "--plan"],
            ["deploy", "--parameter-file", "", "--plan"],
            ["init", "x.json", "-o", ""],
            ["init", ""],
            ["local", "--state", "", "true"],
            ["build", ""],
            ["explain", ""],
            ["lint", ""],
            ["diff", "", "x.json"],
        ],
        ids=" ".join,
    )
    def test_no_other_command_takes_it_either(
        self, words: list[str], cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "x.json").write_text(BEFORE)

        result = cfnroles(*words)

        assert (result.code, "empty" in result.err) == (2, True), result.err

    def test_a_second_build_at_once_waits_for_its_turn(self, build: Build, out: Path) -> None:
        build(BEFORE)
        before, handle = contents(out), os.open(out, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)

        refused = build(AFTER)

        assert refused.code == 2
        assert f"{out}: another build is writing to this directory" in refused.err
        assert contents(out) == before
        os.close(handle)
        assert build(AFTER).code == 0

    def test_builds_at_once_leave_one_whole(self, build: Build, out: Path, tmp_path: Path, repository: Path) -> None:
        (tmp_path / "a.yaml").write_text(BEFORE)
        (tmp_path / "b.yaml").write_text(AFTER)
        commands = [
            subprocess.Popen(
                [sys.executable, "-m", "cfnroles", "build", tmp_path / f"{name}.yaml", "-o", out],
                stderr=subprocess.DEVNULL,
                cwd=repository,
            )
            for name in "abab"
        ]
        codes = [command.wait(timeout=60) for command in commands]

        assert 0 in codes
        assert set(codes) <= {0, 2}
        assert len(read_stacks(out)) == 3
        assert len(contents(out)) == 4

    def test_a_full_disk_changes_nothing(self, build: Build, out: Path) -> None:
        build(BEFORE)
        before = contents(out)

        with files_of_at_most(8_000):
            refused = build(AFTER)

        assert refused.code == 2
        assert "cannot be written: File too large" in refused.err
        assert "Nothing was changed." in refused.err
        assert contents(out) == before

    @pytest.mark.parametrize("fails", [2, 3, 4])
    def test_a_fault_after_the_first_file_is_reported_and_repaired(
        self, fails: int, build: Build, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        build(BEFORE)
        replace, left = Path.replace, iter(range(fails - 1))

        def failing(path: Path, target: Path) -> Path:
            if next(left, None) is None:
                raise OSError(errno.EIO, "Input/output error", str(target))
            return replace(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", failing)
            failed = build(AFTER)

        assert failed.code == 2
        assert "cannot be written: Input/output error\nSome files were not written" in failed.err
        assert len(contents(out)) == 4
        with pytest.raises(InvalidInput, match="holds files of two builds"):
            read_stacks(out)
        assert build(AFTER).code == 0
        assert read_stacks(out)

    def test_a_full_disk_leaves_no_directory(self, build: Build, out: Path) -> None:
        with files_of_at_most(8_000):
            assert build(BEFORE).code == 2
        assert not out.exists()

    def test_a_full_disk_leaves_no_half_of_a_spec(self, cfnroles: Any, tmp_path: Path) -> None:
        (tmp_path / "shop.yaml").write_text(BEFORE)

        with files_of_at_most(100):
            refused = cfnroles("init", tmp_path / "shop.yaml", "-o", tmp_path / "spec.yaml")

        assert (refused.code, "cannot be written: File too large" in refused.err) == (2, True)
        assert not (tmp_path / "spec.yaml").exists()

    def test_a_directory_without_write_access(self, cfnroles: Any) -> None:
        refused = cfnroles("build", "-", "-o", "/sys/kernel", stdin=BEFORE)

        assert refused.code == 2
        assert "/sys/kernel" in refused.err
        assert "Nothing was changed." in refused.err

    def test_the_directory_may_be_a_link(self, build: Build, out: Path, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        out.symlink_to(tmp_path / "elsewhere")

        assert build(BEFORE).code == 0
        assert len(contents(tmp_path / "elsewhere")) == 4
        assert read_stacks(out)

    def test_a_link_in_the_place_of_a_file_is_an_edit_and_never_followed(
        self, build: Build, out: Path, tmp_path: Path
    ) -> None:
        build(BEFORE)
        (out / ROLES).replace(tmp_path / "mine")
        (out / ROLES).symlink_to(tmp_path / "mine")

        assert f"{ROLES} was edited since the last build" in build(AFTER).err
        assert f"{out / ROLES}: is not a file in this directory" in str(refusal(out))
        text = (tmp_path / "mine").read_text()
        assert build(AFTER, "--force").code == 0
        assert not (out / ROLES).is_symlink()
        assert (tmp_path / "mine").read_text() == text

    @pytest.mark.parametrize("kind", ["link", "directory", "pipe"])
    def test_what_is_no_file_is_never_replaced(self, kind: str, build: Build, out: Path) -> None:
        out.mkdir()
        match kind:
            case "link":
                (out / ROLES).symlink_to("nowhere")
            case "directory":
                (out / ROLES).mkdir()
            case "pipe":
                os.mkfifo(out / ROLES)

        refused = build(BEFORE, "--force")

        assert refused.code == 2
        assert f"{ROLES} would be overwritten, but no earlier build wrote it" in refused.err
        assert [path.name for path in out.iterdir()] == [ROLES]

    def test_the_other_side_of_a_project_has_a_directory_of_its_own(
        self, cfnroles: Any, examples: Path, tmp_path: Path
    ) -> None:
        words = ["build", examples / "shop-project" / "cfnroles.yaml"]
        cfnroles(*words, "-o", tmp_path / "own")
        side = [*words, "--for-account", "210987654321", "-o"]

        assert cfnroles(*side, tmp_path / "other").code == 0
        assert cfnroles(*side, tmp_path / "other").code == 0
        assert "not of the project shop for the account 210987654321" in cfnroles(*side, tmp_path / "own").err


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a disk that is full: a file takes no more bytes than this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refusal(directory: Path) -> InvalidInput:
    with pytest.raises(InvalidInput) as raised:
        read_stacks(directory)
    return raised.value
