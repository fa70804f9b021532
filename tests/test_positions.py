"""Positions: JSON and YAML tell the same of one text, and a part is looked for when it is asked for."""

from __future__ import annotations

import json

import pytest

from cfnroles.document import composed, positions
from cfnroles.positions import of_json, of_yaml

TEXTS = [
    pytest.param("{}", id="nothing"),
    pytest.param("[[], {}, [ ], { }]", id="empty"),
    pytest.param('\n  {"a":1 ,"b" : [ true,null, -1.5e3 ]\n}\n', id="any-space"),
    pytest.param('{\t"a":\t{"b":\t"c"}}', id="tabs"),
    pytest.param('{"a":\r\n  {"b": 1},\r\n "c": 2}', id="line-ends-of-windows"),
    pytest.param('{"a": "x\u2028y",\n "b": {"c": "\u0085"}, "d": 1}', id="line-ends-of-yaml-in-a-text"),
    pytest.param('{"a}]": "{[", "b,:\\"": ["]", "\\\\"], "\\u0063": {"\\n": 1}}', id="brackets-and-escapes-in-texts"),
    pytest.param('{"\U0001f600": {"a": "\U0001f600"}, "b": 1}', id="beyond-the-first-plane"),
    pytest.param(json.dumps({"a": [{"b": [{"c": {"d": [1, [2, [3]]]}}]}]}, indent=1), id="nested"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_json_has_the_positions_that_yaml_tells(text: str) -> None:
    assert dict(of_json(text)) == dict(of_yaml(composed(text, "")))


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        pytest.param('{"a": [1,\n{"b": 2}]}', ("a", 1, "b"), (2, 2), id="json"),
        pytest.param("{a: [1,\n{b: 2}]}", ("a", 1, "b"), (2, 2), id="yaml-that-opens-like-json"),
        pytest.param("a:\n- 1\n- b: 2\n", ("a", 1, "b"), (3, 3), id="yaml"),
        pytest.param('{"a": "\x7f",\n "b": 2}', ("b",), (2, 2), id="json-that-yaml-does-not-take"),
        pytest.param('{"a": {"b": 1}}', ("a", "c", "d"), None, id="no-such-part"),
        pytest.param('{"a": {"b": 1}}', ("a", "b", 0), None, id="nothing-inside"),
        pytest.param("", ("a",), None, id="no-text"),
    ],
)
def test_a_part_is_found_without_the_others(text: str, path: tuple[str | int, ...], expected: object) -> None:
    assert positions(text).get(path) == expected


def test_the_paths_are_those_of_the_document_in_its_order() -> None:
    paths = [(), ("b",), ("b", 0), ("b", 1), ("a",), ("a", "c")]
    assert list(positions('{"b": [1, 2], "a": {"c": 3}}')) == paths
    assert len(positions('{"b": [1, 2], "a": {"c": 3}}')) == len(paths)
