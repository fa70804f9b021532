"""A real template with its roles in an emulator: refused while a parameter is missing, then there, and complete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.deployed_corpus import outcome, trial
from tests.test_injected_corpus import CORPUS

if TYPE_CHECKING:
    from cfnroles.emulator import Emulator

SAMPLE = [path for name in ("0009.yaml",) if (path := CORPUS / name).is_file()]


@pytest.fixture
def in_emulator(empty_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator, as what reads roles of the account finds it."""
    for name, value in empty_emulator.environment().items():
        monkeypatch.setenv(name, value)
    return empty_emulator


def fixed(path: Path, directory: Path) -> Path:
    """A copy of a template whose family ECS would refuse, with another one."""
    copy = directory / path.name
    copy.write_text(path.read_text(encoding="utf-8").replace("CFSec scan", "cfsec-scan"))
    return copy


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.name)
def test_a_real_template(path: Path, tmp_path: Path, in_emulator: Emulator) -> None:
    assert list(trial(fixed(path, tmp_path), in_emulator)) == ["refused", "created", "complete"]


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.name)
def test_a_role_that_lacks_something_is_noticed(
    path: Path, tmp_path: Path, in_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_reading(injected: str, *rest: object) -> object:
        return outcome(injected.replace("ssm:GetParameters", "ssm:ListTagsForResource"), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("tests.deployed_corpus.outcome", without_reading)
    *steps, last = trial(fixed(path, tmp_path), in_emulator)
    assert (steps, last.partition(":")[0]) == (["refused", "created"], "wrong roles")
