"""Real task definitions: each builds without a finding or is refused in words, and nothing in them is missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import missed, outcome

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "taskdefs"
FILES = sorted(CORPUS.glob("*.json")) if CORPUS.is_dir() else []

#: Files that ECS itself would refuse, with the words that tell why.
REFUSED = {
    "0078.json": "no network mode 'default'",
    "0118.json": "portMappings",
    "0129.json": "secretOptions",
    "0132.json": "'myApp' cannot be a repository's name",
    "0170.json": "Fargate requires cpu",
    "0171.json": "Fargate requires cpu",
    "0174.json": "the container has no name",
    "0486.json": "not offer 128 CPU units",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_task_definition_builds_or_is_refused_for_a_reason(path: Path) -> None:
    # cfn-lint takes nine tenths of the time: here it reads every third file, in `make corpus` each.
    found = outcome(path, lint=FILES.index(path) % 3 == 0)
    if path.name in REFUSED:
        assert found.result == "refused"
        assert REFUSED[path.name] in found.reason
    else:
        assert found.result in ("built", "built with --family"), found.reason
        assert found.missed == ()


def test_what_nobody_accounts_for_is_noticed(tmp_path: Path) -> None:
    from msgspec.structs import replace

    from cfnroles import read

    path = tmp_path / "task.json"
    path.write_text('{"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx"}]}')
    source = read(path).task()
    assert list(missed(source.workload, source.facts, source.discovery)) == []
    tree = {**source.workload.tree, "volumes": [{"name": "x", "configuredAtLaunch": True}]}
    assert list(missed(replace(source.workload, tree=tree), source.facts, source.discovery)) == [
        "volume volumes[0].configuredAtLaunch"
    ]
