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
