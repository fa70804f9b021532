"""An empty emulator of AWS on loopback for each test, and the command line as a process of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cfnroles.emulator import Emulator, environment_for
from cfnroles.manifest import FILE, digest
from tests.answers_in_json import check_form
from tests.commands import Commands, Ended
from tests.conftest import CHROMIUM
from tests.terraform.running import PROGRAM, Terraform, running_terraform

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@dataclass(frozen=True)
class Account:
    """An empty account in an emulator: clients for it, and the command line against it."""

    running: Emulator
    commands: Commands

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.running.endpoint_url,
            region_name=self.running.region,
            aws_access_key_id=self.running.account,
            aws_secret_access_key="local",
        )

    def cfnroles(self, *arguments: object, environment: Mapping[str, str] | None = None) -> Ended:
        ended = self.commands.run(arguments, {**environment_for(self.running, os.environ), **(environment or {})})
        check_form([str(argument) for argument in arguments], ended.stdout)
        return ended


@pytest.fixture
def account(empty_emulator: Emulator, commands: Commands) -> Account:
    return Account(empty_emulator, commands)


@pytest.fixture
def guarded_account(strict_emulator: Emulator, commands: Commands) -> Account:
    """An account in an emulator that verifies signatures and enforces IAM policies."""
    return Account(strict_emulator, commands)


def made_impatient(directory: Path) -> Path:
    """A directory that a build wrote, with a gate that asks for what is missing again at once."""
    (path,) = directory.glob("*secret-validator.yaml")
    before, pauses, after = path.read_text().partition("PAUSES, PATIENCE = (0.5, 1.5), ")
    assert pauses
    path.write_text(f"{before}PAUSES, PATIENCE = (0, 0), {after}")
    # As if the build had written it: what it had not, nothing deploys unasked.
    tree = json.loads((directory / FILE).read_text())
    tree["files"][path.name] = digest(path.read_bytes())
    (directory / FILE).write_text(json.dumps(tree))
    return directory


@pytest.fixture
def built(examples: Path, tmp_path: Path, commands: Commands) -> Callable[..., Path]:
    """`built("shop.json", "--kms-key-arn", ...)`: the directory that a build of an example wrote, gate impatient."""

    def build(example: str, *options: object, patient: bool = False) -> Path:
        directory = tmp_path / "built"
        ended = commands.run(["build", examples / example, "-o", directory, *options], os.environ)
        assert ended.returncode == 0, ended.stderr
        return directory if patient else made_impatient(directory)

    return build


@pytest.fixture(scope="session")
def terraform(running_emulator: Emulator) -> Iterator[Terraform]:
    """Terraform itself, with a stand-in for its provider, before the session's emulator."""
    if PROGRAM is None:
        pytest.skip("no program terraform here: the end of the run says so")
    with running_terraform(running_emulator) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    if CHROMIUM is None:
        pytest.skip("no program chromium here: the end of the run says so")
    from playwright.sync_api import sync_playwright

    # Only our own pages are opened: one process for all of them, which none is kept for to come back to, is enough.
    shared = ("--renderer-process-limit=1", "--disable-features=SitePerProcess,BackForwardCache,RenderDocument")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *shared])
        yield browser
        browser.close()
