"""An emulator of AWS on loopback for each test, and the command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from cfnroles.emulator import Emulator, emulator, environment_for


@dataclass(frozen=True)
class Account:
    """An empty account in an emulator: clients for it, and the command line against it."""

    running: Emulator

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.running.endpoint_url,
            region_name=self.running.region,
            aws_access_key_id=self.running.account,
            aws_secret_access_key="local",
        )

    def cfnroles(
        self, *arguments: object, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cfnroles", *map(str, arguments)],
            env={**environment_for(self.running, os.environ), **(environment or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def account() -> Iterator[Account]:
    with emulator() as running:
        yield Account(running)


@pytest.fixture
def guarded_account() -> Iterator[Account]:
    """An account in an emulator that verifies signatures and enforces IAM policies."""
    with emulator(enforce_iam=True) as running:
        yield Account(running)


@pytest.fixture
def built(examples: Path, tmp_path: Path) -> Callable[..., Path]:
    """`built("shop.json", "--kms-key-arn", ...)`: the directory that a build of an example wrote."""

    def build(example: str, *options: object) -> Path:
        directory = tmp_path / "built"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "cfnroles",
                "build",
                str(examples / example),
                "-o",
                str(directory),
                *map(str, options),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        return directory

    return build
