"""Every wrong spec is refused with its position and its remedy, by the command and, where one can, by the schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cfnroles.document import parse
from cfnroles.sources.service_spec.schema import schema
from tests.cli.wrong_specs import GOOD, WRONG, Wrong

TASK = """{"family": "web", "containerDefinitions": [{"name": "web", "image": "public.ecr.aws/x/y:1"}]}"""


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft7Validator(schema())


def written(directory: Path, spec: str) -> Path:
    for name in ("web.json", "worker.json"):
        (directory / name).write_text(TASK)
    path = directory / "cfnroles.yaml"
    path.write_text(spec)
    return path


def test_there_are_sixty_different_wrong_specs() -> None:
    assert len(WRONG) >= 60
    assert len({wrong.name for wrong in WRONG}) == len(WRONG)


def test_the_good_spec_builds(tmp_path: Path, cfnroles: Callable[..., Any], validator: Any) -> None:
    result = cfnroles("build", written(tmp_path, GOOD), "-o", tmp_path / "out")
    assert result.code == 0, result.err
    validator.validate(parse(GOOD, ""))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_each_wrong_spec_is_refused_with_place_and_remedy(
    wrong: Wrong, tmp_path: Path, cfnroles: Callable[..., Any], validator: Any
) -> None:
    assert GOOD.count(wrong.old) == 1, "the row changes one place"
    spec = GOOD.replace(wrong.old, wrong.new)
    result = cfnroles("build", written(tmp_path, spec), "-o", tmp_path / "out")
    assert result.code == 2
    assert not (tmp_path / "out").exists()
    assert result.out == ""
    assert "Traceback" not in result.err
    assert wrong.says in result.err, result.err
    assert re.search(rf"cfnroles\.yaml:{wrong.place}\b", result.err), result.err
    if wrong.schema:
        assert list(validator.iter_errors(parse(spec, ""))), "the schema takes it"


@pytest.mark.parametrize(
    "arguments",
    [("build", "--environment", "prod"), ("build", "--live"), ("verify", "--service", "web")],
    ids=" ".join,
)
def test_its_errors_come_before_those_of_an_option(
    arguments: tuple[str, ...], tmp_path: Path, cfnroles: Callable[..., Any]
) -> None:
    command, *options = arguments
    spec = written(tmp_path, GOOD.replace("region:", "regoin:"))
    result = cfnroles(command, spec, *options)
    assert (result.code, result.out) == (2, "")
    assert "Did you mean 'region'?" in result.err
    assert "requires a service spec" not in result.err
