"""The texts of a build: the same in memory and in a file."""

from __future__ import annotations

import pytest

from cfnroles.manifest import digest
from cfnroles.targets.cloudformation.spooled import SpooledTexts


@pytest.mark.parametrize("room", [1000, 4, 0], ids=["in memory", "from the second on in a file", "in a file"])
def test_texts_are_what_was_put_in_any_order_and_the_last_of_a_name(room: int) -> None:
    texts = SpooledTexts(room)
    for name, text in (("b", "été"), ("a", ""), ("b", "two\nlines\n"), ("c", "x" * 50)):
        texts.put(name, text)
    texts.in_order(["a", "b", "c"])
    assert list(texts.items()) == [("a", ""), ("b", "two\nlines\n"), ("c", "x" * 50)]
    assert texts.digests == {name: digest(text.encode()) for name, text in texts.items()}
    assert ("b" in texts, "d" in texts, len(texts)) == (True, False, 3)
    with pytest.raises(KeyError):
        texts["d"]


@pytest.mark.parametrize("room", [1000, 4, 0], ids=["in memory", "from the second on in a file", "in a file"])
def test_a_text_that_is_put_after_another_was_read_replaces_none(room: int) -> None:
    texts = SpooledTexts(room)
    for name, text in (("a", "one"), ("b", "two"), ("c", "three")):
        texts.put(name, text)
        assert texts["a"] == "one"
    assert dict(texts) == {"a": "one", "b": "two", "c": "three"}


def test_a_text_that_replaces_another_takes_its_room() -> None:
    texts = SpooledTexts(4)
    for _ in range(3):
        texts.put("a", "one")
    assert texts._file is None
