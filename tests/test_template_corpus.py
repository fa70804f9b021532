"""Real templates: nothing in their task definitions is missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfnroles import InvalidInput, explain, read
from cfnroles.formats.explanation import human
from tests.template_corpus import outcomes

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "templates"
#: What ECS itself would refuse, with the words that tell why.
REFUSED = {
    "0012.yaml": "expected a list, found a string",
    **{f"{name}.yaml": "'CFSec scan' is not a valid family" for name in ("0009", "0010", "0011", "0013")},
}
FILES = sorted(CORPUS.iterdir()) if CORPUS.is_dir() else []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_template_is_explained_and_nothing_is_missed(path: Path) -> None:
    reading = read(path)
    if path.name in REFUSED:
        with pytest.raises(InvalidInput, match="misread") as refused:
            explain(reading)
        assert REFUSED[path.name] in refused.value.why
        return
    assert human(explain(reading), reading.texts)
    assert [thing for thing, outcome in outcomes(reading.template).items() if outcome == "missed"] == []


def test_what_nobody_accounts_for_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "Resources: {Task: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a, Image: b}]}}}"
    )
    assert set(outcomes(read(path).template).values()) == {"covered"}
    monkeypatch.setattr("tests.template_corpus.missed", lambda *_: ["image containerDefinitions[0].image"])
    assert set(outcomes(read(path).template).values()) == {"missed"}
