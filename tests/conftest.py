"""What every test can use: the repository's own files, golden files with one way to rewrite them, and an emulator."""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

from cfnroles.emulator import Emulator, emulator
from tests.commands import Commands
from tests.running_order import in_order
from tests.terraform.running import PROGRAM

# CI tests a change with the same examples each time. Elsewhere, each run tries new ones. A busy machine would exceed a
# limit of time for one example.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("new examples", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "new examples")

# Compiled once, no module is compiled again in each worker and in each process that a test starts. Images of containers
# often say that nothing is to be kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# pytest imports readline, which leaves the size of some terminal to every process that is started from here.
for _name in ("COLUMNS", "LINES"):
    os.unsetenv(_name)
    os.environ.pop(_name, None)

# What is collected stays: looking for garbage in it meanwhile takes a fifth of the time.
gc.disable()

REPOSITORY = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write the golden files again, to be reviewed as a diff"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the long tests: one that is begun last is waited for by workers that have nothing left to do."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = in_order(items, workers, lambda item: str(item.path) if item.get_closest_marker("long") else "")


def pytest_collection_finish() -> None:
    """Leave what was imported to itself: looking through it for garbage again and again takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Send one message for each test from a worker, and no more where nothing went wrong.

    That a test begins, is set up, is torn down and ends are five more, which take longer than most tests.
    """
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """If the machine lacks a program, say so where no one overlooks it: at the end of every run."""
    for tested, program in (("WITH TERRAFORM: no program terraform", PROGRAM), ("IN A BROWSER: no chromium", CHROMIUM)):
        if program is None:
            terminalreporter.section(f"NOT TESTED {tested} here", sep="!", red=True, bold=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers more than cores: a fifth of the time is waiting for emulators and other processes."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def examples() -> Path:
    """The inputs that the README uses."""
    return REPOSITORY / "examples"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)`: the text must be that of tests/golden/NAME, digests aside."""

    def compare(name: str, text: str) -> None:
        text = re.sub(r'"[0-9a-f]{64}"', '"(SHA-256)"', text)
        path = REPOSITORY / "tests" / "golden" / name
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run the tests with --rewrite-golden and review what it writes"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """A server of command lines: each runs in a process of its own."""
    with Commands() as serving:
        yield serving


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    """One emulator for all tests of a session: an account of their own, or being emptied, keeps them apart."""
    with emulator() as running:
        yield running


@pytest.fixture(scope="session")
def running_strict_emulator() -> Iterator[Emulator]:
    """One emulator for all tests of a session that verifies signatures and enforces IAM policies."""
    with emulator(enforce_iam=True) as running:
        yield running


def emptied(running: Emulator) -> Emulator:
    """The emulator with nothing in it."""
    reset = urllib.request.Request(f"{running.endpoint_url}/_ministack/reset", method="POST")
    urllib.request.urlopen(reset, timeout=10).close()
    return running


@pytest.fixture
def empty_emulator(running_emulator: Emulator) -> Emulator:
    """The session's emulator, with nothing in it."""
    return emptied(running_emulator)


@pytest.fixture
def strict_emulator(running_strict_emulator: Emulator) -> Emulator:
    """The session's emulator that enforces IAM policies, with nothing in it."""
    return emptied(running_strict_emulator)
