"""The positions of parts of a text: as YAML composed it, or event by event if it may hold aliases."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.spans import Mapping, Node, Scalar, spans

#: What looks like an alias, so that nothing is taken from what YAML composed.
ALIAS = "\n# *alias\n"

TEXTS = {
    "block": "a: 1\nb:\n  c: 'x'   # why\n  d:\n  - e\n  - f: g\n\n\nh:\n",
    "flow": "{a: [1, 2], b: {c: !Ref d}}\n",
    "block scalars": "a: |\n  x\n  y\n\n\nb: >-\n  z\n\nc: |2\n    w\n",
    "short forms": "a: !Sub\n- x\n- {y: !GetAtt z.w}\nb: !If [A, b, c]\n",
    "JSON": '{\n\t"a": {"b": [1, null, "\\ud83d\\ude00"]}\n}',
    "line ends of Windows": "a:\r\n  b: c\r\n  d: |\r\n    e\r\n",
    "not of ASCII": "ä: ö\n\U0001f600: [ü]\n",
    "nothing": "a: {}\nb: []\nc: ~\nd: ''\n",
}


def told(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.start, node.end, node.value
    parts = [(told(key), told(each)) for key, each in node.members] if isinstance(node, Mapping) else []
    parts += [] if isinstance(node, Mapping) else [told(each) for each in node.elements]
    return node.start, node.end, node.flow, parts


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_both_ways_find_the_same_places(text: str) -> None:
    assert told(spans(text, "t.yaml")) == told(spans(text + ALIAS, "t.yaml"))


def test_an_alias_stands_where_it_is_written() -> None:
    root = spans("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n", "t.yaml")
    assert isinstance(root, Mapping)
    found = root.member("c")
    assert found is not None
    assert (found[1].start, found[1].end, isinstance(found[1], Scalar) and found[1].is_alias) == (16, 18, True)
    merged = root.member("d")
    assert merged is not None
    assert isinstance(merged[1], Mapping)
    assert [key.value for key, _ in merged[1].members] == ["<<"]
