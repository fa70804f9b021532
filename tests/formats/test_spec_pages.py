"""The documentation of specs is printed from their definition, and every example in it is a good one."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cfnroles import build, read
from cfnroles.answers.template_lint import template_problems
from cfnroles.document import parse
from cfnroles.formats.recipes_page import recipes_page
from cfnroles.formats.spec_page import spec_page
from cfnroles.sources.service_spec.definition import SPEC
from cfnroles.sources.service_spec.schema import schema, schema_text
from cfnroles.sources.service_spec.types import Either, Key, Many, Named, Structure, Type

RECIPES = sorted((Path(__file__).parent.parent.parent / "examples" / "recipes").glob("*.yaml"))
SPECS = [*RECIPES, RECIPES[0].parent.parent / "shop-project" / "cfnroles.yaml"]


def keys(type_: Type, path: str = "", seen: frozenset[int] = frozenset()) -> Iterator[tuple[str, Key]]:
    if isinstance(type_, Structure) and id(type_) not in seen:
        for key in type_.keys:
            yield f"{path}{key.name}", key
            yield from keys(key.type, f"{path}{key.name}.", seen | {id(type_)})
    elif isinstance(type_, Either):
        yield from keys(type_.plain, path, seen)
        yield from keys(type_.mapping, path, seen)
    elif isinstance(type_, Many | Named):
        yield from keys(type_.of, path, seen)


KEYS = dict(keys(SPEC))

#: Environments and recipes share many a template.
problems_of = functools.cache(template_problems)


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema.Draft7Validator.check_schema(schema())
    return jsonschema.Draft7Validator(schema())


@pytest.fixture(scope="module")
def definitions() -> Any:
    return schema()["definitions"]


def test_the_pages_are_fresh(repository: Path) -> None:
    def kept(name: str) -> str:
        return (repository / "docs" / name).read_text(encoding="utf-8")

    assert kept("spec.md") == spec_page(), "run `python -m cfnroles.formats.spec_page docs/spec.md`"
    recipes = recipes_page(repository / "examples" / "recipes")
    assert kept("recipes.md") == recipes, (
        "run `python -m cfnroles.formats.recipes_page examples/recipes docs/recipes.md`"
    )
    assert kept("cfnroles.schema.json") == schema_text(), "run `cfnroles schema > docs/cfnroles.schema.json`"


def test_every_key_is_documented(repository: Path) -> None:
    page = (repository / "docs" / "spec.md").read_text(encoding="utf-8")
    for path, key in KEYS.items():
        assert f"`{key.name}" in page or f"{{{key.name}:" in page, path
        assert key.doc.endswith("."), path


@pytest.mark.parametrize("path", KEYS)
def test_every_keys_example_is_a_value_of_it(path: str, definitions: Any) -> None:
    key = KEYS[path]
    assert list(key.type.problems(key.example, ())) == []
    jsonschema.Draft7Validator({**key.type.schema(), "definitions": definitions}).validate(key.example)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_example_is_good_by_the_schema_and_builds_clean(path: Path, validator: Any) -> None:
    validator.validate(json.loads(json.dumps(parse(path.read_text(), path.name))))
    reading = read(path)
    assert reading.project is not None
    for environment in ("", *(reading.project.get("environments") or ())):
        for name, text in build(reading, environment=environment).files.items():
            # The validator's template is large, always the same, and checked in the other tests.
            if name.endswith(".yaml") and name != "secret-validator.yaml":
                assert problems_of(text) == (), name


def test_the_schema_is_printed(cfnroles_schema: Callable[[], str]) -> None:
    assert json.loads(cfnroles_schema())["title"] == "cfnroles.yaml"


@pytest.fixture
def cfnroles_schema(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    from cfnroles.cli import main

    def run() -> str:
        with pytest.raises(SystemExit):
            main(["schema"])
        return capsys.readouterr().out

    return run
