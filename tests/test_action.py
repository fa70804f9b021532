"""The GitHub Action, run step by step in the workspace of an attacker who wants its job's permissions."""

from __future__ import annotations

import configparser
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pip
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY

ACTION = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}

ERROR = "family: shop\ncontainerDefinitions: [{name: web, image: nginx:1.27, environmentFiles: [{type: s3, value: s3://b/c}]}]\n"

#: What Python, pip, venv, setuptools and cfnroles import by name.
MODULES = ("venv", "pip", "ensurepip", "sitecustomize", "usercustomize", "cfnroles", "setuptools", "json", "secrets")
MODULES += ("click", "msgspec", "yaml", "hashlib", "pathlib", "distutils")


class Job:
    """A job on a runner: its workspace, and what the steps of the action leave behind."""

    def __init__(self, folder: Path, source: Path = REPOSITORY, **environment: str) -> None:
        self.workspace, self.temporary, self.source = folder / "workspace", folder / "runner", source
        self.workspace.mkdir(parents=True)
        self.temporary.mkdir()
        self.environment = environment
        self.request: dict[str, str] = {}

    def plant(self, name: str, text: str) -> Path:
        """A file of the workspace."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *names: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the scripts of the steps as a runner does; the last one's end."""
        given = {name: str(spec["default"]) for name, spec in ACTION["inputs"].items()}
        given |= {"python": sys.executable} | {name.replace("_", "-"): value for name, value in inputs.items()}
        *before, last = names
        for name in before:
            ended = self._script(STEPS[name], given)
            assert ended.returncode == 0, ended.stderr
        return self._script(STEPS[last], given)

    def _script(self, step: Mapping[str, Any], inputs: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        known = {f"${{{{ inputs.{name} }}}}": value for name, value in inputs.items()}
        known["${{ github.action_path }}"] = str(self.source)
        known |= {f"${{{{ github.event.pull_request.{name} }}}}": value for name, value in self.request.items()}
        variables = {name: known[value] for name, value in step["env"].items()}
        runner = {
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(self.temporary / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary.md"),
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env={**os.environ, **self.environment, **runner, **variables},
            cwd=self.workspace,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def give_environment(self) -> None:
        """An environment that is there already, for what the steps after its installation do."""
        python = self.temporary / "cfnroles" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        python.chmod(0o755)

    def give_pip(self) -> None:
        """An environment with this interpreter's pip alone, which is compiled already."""
        environment = self.temporary / "cfnroles"
        subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", environment], check=True)
        (target,) = environment.glob("lib/*/site-packages")
        (package,) = pip.__path__
        shutil.copytree(package, target / "pip")


def plant_everywhere(job: Job) -> Path:
    """Files in the workspace that Python would import or obey, and the file that lists which it did."""
    log = job.temporary / "ran"
    code = f"open({str(log)!r}, 'a').write(__name__ + '\\n')\n"
    for name in MODULES:
        job.plant(f"{name}.py", code)
        job.plant(f"{name}/__init__.py", code)
    job.plant("planted.pth", f"import sys; {code}")
    job.plant("setup.cfg", "[global]\nindex-url = http://127.0.0.1:1/\n[install]\nprefix = /nowhere\n")
    job.plant("pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = 'setuptools'\nbackend-path = ['.']\n")
    job.plant("pip.conf", "[global]\nindex-url = http://127.0.0.1:1/\nno-index = true\n")
    (job.temporary / "sitecustomize.py").write_text(code, encoding="utf-8")
    return log


@pytest.mark.long
def test_nothing_of_the_workspace_runs(tmp_path: Path) -> None:
    source = tmp_path / "action"
    for name in ("cfnroles", "lambda"):
        shutil.copytree(REPOSITORY / name, source / name)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "requirements.lock"):
        shutil.copy(REPOSITORY / name, source)
    job = Job(tmp_path, source, PIP_CONFIG_FILE="pip.conf")
    log = plant_everywhere(job)
    job.plant("a b/shop.yaml", ERROR)
    job.plant("a b/other.yaml", "x: 1")
    job.environment |= {"PYTHONPATH": str(job.workspace), "PYTHONSTARTUP": str(job.workspace / "pip.py")}
    subprocess.run([sys.executable, "-m", "pip", "--version"], cwd=job.workspace, capture_output=True, check=False)
    assert log.read_text(encoding="utf-8"), "what is planted runs where it is let"
    log.unlink()
    ended = job.run("Make an environment", "Install", "Lint", files="a b\n\n", format="sarif", output="report.sarif")
    assert (ended.returncode, log.exists()) == (1, False), (ended.stderr, log.exists() and log.read_text())
    results = json.loads((job.workspace / "report.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert "refused-value" in {result["ruleId"] for result in results}
    python = [str(job.temporary / "cfnroles/bin/python"), "-I"]
    subprocess.run([*python, "-m", "pip", "check"], check=True, capture_output=True)
    installed = subprocess.run(
        [*python, "-c", "import cfnroles; print(cfnroles.__file__)"], capture_output=True, text=True
    )
    assert installed.stdout.startswith(str(job.temporary / "cfnroles")), installed


class TestTheCache:
    """If anyone changes the workspace, the installed packages are those of the lock."""

    @pytest.fixture
    def job(self, tmp_path: Path) -> Job:
        """A job of an action that installs one package beside itself."""
        source = tmp_path / "action"
        source.mkdir()
        wanted = {"six", "setuptools"}
        text = "".join(entry.text for entry in entries() if entry.name in wanted)
        (source / "requirements.lock").write_text(text, encoding="utf-8")
        (source / "setup.py").write_text("import setuptools\nsetuptools.setup(name='tool', version='1')\n")
        return Job(tmp_path, source)

    @pytest.mark.long
    def test_it_is_installed_from_and_never_trusted(self, job: Job) -> None:
        def without_six() -> None:
            (found,) = (job.temporary / "cfnroles").glob("lib/*/site-packages")
            shutil.rmtree(next(found.glob("six-*.dist-info")))
            (found / "six.py").unlink()

        job.give_pip()
        assert job.run("Install").returncode == 0
        (wheel,) = (job.temporary / "cfnroles-wheels").glob("six-*.whl")
        good = wheel.read_bytes()
        without_six()
        job.environment = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_FIND_LINKS": ""}
        fetched_nothing = job.run("Install")
        assert fetched_nothing.returncode == 0, fetched_nothing.stderr
        without_six()
        wheel.write_bytes(good + b"\0")
        job.environment = {}
        poisoned = job.run("Install")
        assert (poisoned.returncode, "DO NOT MATCH THE HASHES" in poisoned.stderr) == (0, True), poisoned.stderr
        assert wheel.read_bytes() == good

    def test_it_is_kept_for_one_lock_and_one_python(self, job: Job, tmp_path: Path) -> None:
        job.give_environment()
        (tmp_path / "python").write_text("#!/bin/sh\n")
        (tmp_path / "python").chmod(0o755)
        told = []
        for text in ("a", "b"):
            (job.source / "requirements.lock").write_text(text)
            assert job.run("Make an environment", python=str(tmp_path / "python")).returncode == 0
            told.append((job.temporary / "output").read_text().splitlines()[-1])
        assert len(set(told)) == 2
        assert all(re.fullmatch(rf"packages={sys.implementation.cache_tag}-[0-9a-f]{{64}}", line) for line in told)

    def test_it_is_saved_before_a_file_of_the_workspace_is_read(self) -> None:
        names = list(STEPS)
        assert names.index("Save the packages") == names.index("Lint") - 1


class TestTheLintStep:
    """The report, and where it goes."""

    @pytest.fixture
    def job(self, tmp_path: Path) -> Job:
        job = Job(tmp_path)
        job.give_environment()
        return job

    def test_it_ends_as_the_command_does(self, job: Job) -> None:
        assert job.run("Lint", files="missing.yaml").returncode == 2
        job.plant("shop.yaml", ERROR)
        assert job.run("Lint").returncode == 1
        assert job.run("Lint", fail_on="never").returncode == 0

    def test_no_line_of_a_report_is_a_command_to_the_runner(self, job: Job) -> None:
        job.plant("::add-mask::shop.yaml", ERROR)
        _, *lines, last = job.run("Lint", files="::add-mask::shop.yaml").stdout.splitlines()
        assert any("add-mask::shop.yaml:2" in line for line in lines)
        stopped = job.run("Lint", files="::add-mask::shop.yaml").stdout.splitlines()
        assert stopped[0] == f"::stop-commands::{stopped[-1].strip(':')}"
        assert re.fullmatch(r"::[0-9a-f]{32}::", last)
        assert stopped[-1] != last

    def test_a_report_is_not_led_elsewhere_by_a_link(self, job: Job, tmp_path: Path) -> None:
        job.plant("shop.yaml", ERROR)
        target = tmp_path / "target"
        target.write_text("kept")
        (job.workspace / "report.json").symlink_to(target)
        assert job.run("Lint", files="shop.yaml", format="json", output="report.json").returncode == 1
        assert target.read_text() == "kept"
        assert json.loads((job.workspace / "report.json").read_text())["files"]

    @pytest.mark.parametrize("output", ["reports/report.json", "reports/deep/report.json", "a/../reports/report.json"])
    def test_nor_by_a_link_in_the_place_of_its_directory(self, job: Job, tmp_path: Path, output: str) -> None:
        job.plant("shop.yaml", ERROR)
        target = tmp_path / "target"
        (target / "deep").mkdir(parents=True)
        kept = [target / "report.json", target / "deep/report.json"]
        for each in kept:
            each.write_text("kept")
        (job.workspace / "reports").symlink_to(target)
        (job.workspace / "a").mkdir()
        ended = job.run("Lint", files="shop.yaml", format="json", output=output)
        assert (ended.returncode, [each.read_text() for each in kept]) == (1, ["kept", "kept"])
        assert "reports is a link" in ended.stderr

    def test_notes_are_commands_that_no_file_can_make_up(self, job: Job) -> None:
        job.plant("shop.yaml", ERROR)
        job.plant("::error::made up.yaml", ERROR)
        told = job.run("Lint", format="github").stdout.splitlines()
        notes = told[told.index(next(line for line in told[1:] if re.fullmatch(r"::[0-9a-f]{32}::", line))) + 1 :]
        assert [note.split(",")[0] for note in notes if note.startswith("::error")] == [
            "::error file=%3A%3Aerror%3A%3Amade up.yaml",
            "::error file=shop.yaml",
        ]

    def test_an_input_is_no_script(self, job: Job) -> None:
        job.plant("shop.yaml", ERROR)
        assert job.run("Lint", files="shop.yaml", output="$(touch ran);`touch ran`").returncode == 1
        assert not (job.workspace / "ran").exists()


class Comments(ThreadingHTTPServer):
    """The comments of one pull request, as GitHub keeps them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.kept: list[dict[str, Any]] = []
        self.refuses = 0
        self.tokens: set[str | None] = set()

    def add(self, body: str, kind: str = "Bot") -> None:
        self.kept.append({"id": 100 + len(self.kept), "body": body, "user": {"type": kind}})


class _Answers(BaseHTTPRequestHandler):
    server: Comments

    def do_GET(self) -> None:
        page = int(parse_qs(urlsplit(self.path).query)["page"][0])
        self._answer(self.server.kept[100 * (page - 1) : 100 * page])

    def do_POST(self) -> None:
        assert self.path == "/repos/o/r/issues/7/comments"
        self.server.add(self._body())
        self._answer({})

    def do_PATCH(self) -> None:
        number = int(self.path.removeprefix("/repos/o/r/issues/comments/"))
        (found,) = [each for each in self.server.kept if each["id"] == number]
        found["body"] = self._body()
        self._answer({})

    def _body(self) -> str:
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def _answer(self, value: Any) -> None:
        self.server.tokens.add(self.headers["Authorization"])
        self.send_response(self.server.refuses or 200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class TestTheCompareStep:
    """What a pull request does to the permissions: as a comment, in the summary, and as the end of the job."""

    @pytest.fixture
    def comments(self) -> Iterator[Comments]:
        with Comments() as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield server
            server.shutdown()
            thread.join()

    @pytest.fixture
    def job(self, tmp_path: Path, comments: Comments) -> Job:
        """A pull request that takes an image from a repository, and is not compared yet."""
        job = Job(tmp_path, GITHUB_API_URL=f"http://127.0.0.1:{comments.server_port}", GITHUB_REPOSITORY="o/r")
        job.give_environment()
        job.plant("web.yaml", self.task("nginx"))
        for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm base"):
            subprocess.run(["git", *command.split()], cwd=job.workspace, check=True)
        base = subprocess.run(["git", "rev-parse", "HEAD"], cwd=job.workspace, capture_output=True, check=True)
        job.request = {"base.sha": base.stdout.decode().strip(), "number": "7"}
        job.plant("web.yaml", self.task("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"))
        return job

    @staticmethod
    def task(image: str) -> str:
        return f"family: web\ncontainerDefinitions: [{{name: web, image: '{image}'}}]\n"

    def compare(self, job: Job, **inputs: str) -> subprocess.CompletedProcess[str]:
        return job.run("Compare", **{"comment": "true", "token": "t0ken", **inputs})

    def test_the_change_is_commented_once_and_then_kept_up_to_date(self, job: Job, comments: Comments) -> None:
        comments.add("LGTM", "User")
        assert self.compare(job).returncode == 0
        first = comments.kept[1]["body"]
        assert first.startswith("<!-- cfnroles: permissions -->\n## Permissions\n")
        assert "ecr:BatchGetImage" in first
        job.plant("web.yaml", self.task("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1"))
        assert self.compare(job).returncode == 0
        person, ours = (each["body"] for each in comments.kept)
        assert person == "LGTM"
        assert "repository/shop" in ours
        assert comments.tokens == {"Bearer t0ken"}

    def test_a_comment_of_a_person_with_our_marker_is_not_ours(self, job: Job, comments: Comments) -> None:
        comments.add("<!-- cfnroles: permissions -->\nmine", "User")
        self.compare(job)
        assert [each["body"].endswith("mine") for each in comments.kept] == [True, False]

    def test_ours_is_found_behind_a_hundred_others(self, job: Job, comments: Comments) -> None:
        for number in range(150):
            comments.add(f"comment {number}")
        comments.add("<!-- cfnroles: permissions -->\nold")
        self.compare(job)
        assert len(comments.kept) == 151
        assert "ecr:BatchGetImage" in comments.kept[-1]["body"]

    def test_nothing_is_said_where_nothing_changes_unless_something_was_said(
        self, job: Job, comments: Comments
    ) -> None:
        job.plant("web.yaml", self.task("nginx:1.27"))
        assert self.compare(job).returncode == 0
        assert comments.kept == []
        comments.add("<!-- cfnroles: permissions -->\nold")
        assert self.compare(job).returncode == 0
        assert "No permission changes" in comments.kept[0]["body"]

    def test_the_summary_has_it_too(self, job: Job) -> None:
        assert self.compare(job, comment="false").returncode == 0
        assert "ecr:BatchGetImage" in (job.temporary / "summary.md").read_text()

    def test_the_job_fails_where_it_is_asked_to(self, job: Job, comments: Comments) -> None:
        assert self.compare(job, fail_on_permissions="widen").returncode == 1
        assert len(comments.kept) == 1
        job.plant("web.yaml", self.task("nginx:1.27"))
        assert self.compare(job, fail_on_permissions="change").returncode == 0

    @pytest.mark.parametrize("code", [403, 404, 500])
    def test_what_github_refuses_is_told_and_fails_nothing(self, job: Job, comments: Comments, code: int) -> None:
        comments.refuses = code
        ended = self.compare(job)
        assert ended.returncode == 0
        warning = f"::warning title=cfnroles::Cannot write the comment: GitHub answers {code}."
        assert warning in ended.stdout
        assert ("pull-requests: write" in ended.stdout) is (code < 500)
        assert "t0ken" not in ended.stdout + ended.stderr

    def test_no_name_of_a_stranger_is_a_command_or_more_than_text(self, job: Job, comments: Comments) -> None:
        text = self.task("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1")
        job.plant("web.yaml", text.replace("name: web", r'name: "x\n::error::y <img src=z> @octocat [a](b)"'))
        ended = self.compare(job)
        assert not [line for line in ended.stdout.splitlines() if line.startswith("::error")]
        for body in (each["body"] for each in comments.kept):
            assert "<img" not in re.sub(r"`[^`]*`", "", body)

    def test_what_is_too_long_for_a_comment_is_cut_at_the_end_of_a_line(self) -> None:
        space = runpy.run_path(str(REPOSITORY / "action" / "comment.py"))
        cut = space["comment_of"]("a line\n" * 20_000)
        assert len(cut) <= space["MOST"]
        assert cut.endswith(f"a line{space['CUT']}")


def test_every_step_of_another_action_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in STEPS.values() if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/cache/(restore|save)@[0-9a-f]{40}", each) for each in used)


def test_an_expression_stands_in_no_script() -> None:
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


def test_the_hook_imports_nothing_from_the_repository_that_it_lints(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["language"] == "python"
    job = Job(tmp_path)
    log = plant_everywhere(job)
    job.plant("shop.yaml", ERROR)
    job.plant("other.yaml", "x: 1")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found = [
        subprocess.run(
            [*hook["entry"].split(), name],
            cwd=job.workspace,
            env={**os.environ, "PATH": path, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=False,
        ).returncode
        for name in ("other.yaml", "shop.yaml")
    ]
    assert (found, log.exists()) == ([0, 1], False)


class Entry:
    """One package of the lock."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.text = "".join(f"{line}\n" for line in lines)
        self.requirement = Requirement(lines[0].rstrip(" \\"))
        self.name = canonicalize_name(self.requirement.name)
        self.hashes = [line.strip(" \\") for line in lines[1:]]


def entries() -> Iterator[Entry]:
    lines: list[str] = []
    for line in (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if not line.startswith((" ", "#")) and lines:
            yield Entry(lines)
            lines = []
        lines += [] if line.startswith("#") else [line]
    yield Entry(lines)


def wanted() -> list[Requirement]:
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*setup["options"]["install_requires"].split("\n"), *project["build-system"]["requires"]]
    return [Requirement(line) for line in lines if line]


@pytest.mark.parametrize("requirement", wanted(), ids=lambda requirement: requirement.name)
def test_the_lock_has_what_the_package_asks_for(requirement: Requirement) -> None:
    pinned = [entry for entry in entries() if entry.name == canonicalize_name(requirement.name)]
    versions = [specifier.version for entry in pinned for specifier in entry.requirement.specifier]
    assert versions, "run `make lock`"
    assert all(requirement.specifier.contains(version) for version in versions), "run `make lock`"


def test_each_package_of_the_lock_is_one_version_with_hashes() -> None:
    for entry in entries():
        assert [specifier.operator for specifier in entry.requirement.specifier] == ["=="], entry.name
        assert entry.requirement.url is None
        assert entry.hashes, entry.name
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in entry.hashes), entry.name


def test_the_lock_names_no_place_to_download_from() -> None:
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|--(index|extra|find|trusted)", text)
