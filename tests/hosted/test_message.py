"""Messages that fit, by whole lines."""

from __future__ import annotations

from cfnroles.hosted.message import fitting


def test_a_long_message_ends_with_how_much_more_there_is() -> None:
    lines = [f"{number}: {'x' * 90}" for number in range(100)]
    shown = fitting("\n".join(lines), 4_000, "the hook").split("\n")
    assert len("\n".join(shown)) <= 4_000
    assert shown[:-1] == lines[: len(shown) - 1]
    assert shown[-1] == f"... and {100 - len(shown) + 1} more lines: see the log of the hook's function."
    assert len(shown) > 30


def test_what_fits_stays_and_one_line_is_cut() -> None:
    assert fitting("short", 4_000, "the hook") == "short"
    assert len(fitting("x" * 9_000, 4_000, "the hook")) == 4_000
