"""How many real messages are diagnosed rightly: figures for both halves of the corpus, texts of the seen one only.

Usage: python -m tests.diagnosed_corpus [FILE] [--misses]

The halves are split by the messages' ids with a fixed seed. Rows are written from the grammar. The unseen half was
never read, so its figures show how well new messages are diagnosed.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cfnroles.messages.understanding import Understood, understand

#: What the corpus calls categories that have other names here.
_NAMES = {"throttled": "rate-limit", "resource limit": "resource-limits", "runtime": "other"}


def seen(ids: Sequence[str]) -> frozenset[str]:
    """The ids of the half that may be looked at."""
    shuffled = sorted(ids)
    random.Random(15).shuffle(shuffled)
    return frozenset(shuffled[: (len(shuffled) + 1) // 2])


def category(found: Understood | None) -> str:
    """The category in the corpus's words."""
    return _worded(str(found.category) if found else "undetermined")


def _worded(name: str) -> str:
    return _NAMES.get(name, name.replace(" ", "-"))


def among(found: Understood | None, truth: str) -> bool:
    """Whether the true category is that of one of the ranked causes: all that a text that cannot decide can tell."""
    return found is not None and truth in {_worded(str(cause.category)) for cause in found.causes}


def lacks_statement(truth: Mapping[str, Any]) -> bool:
    """Whether what was missing is a statement of an identity policy."""
    remedy = str(truth["remedy"])
    return truth["category"] == "permission" and "allow" in remedy and "does not help" not in remedy


def figures(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Right, undetermined and wrong categories at high confidence; right actions; patches that should not be."""
    high = [(row, understand(row["text"])) for row in rows if row["confidence"] == "high"]
    found = [(category(one), row["truth"]["category"]) for row, one in high]
    right = sum(told == truth for told, truth in found)
    open_ = sum(told != truth and told == "undetermined" for told, truth in found)
    ranked = sum(told == truth or among(one, truth) for (told, truth), (_, one) in zip(found, high, strict=True))
    yield f"category right {right}/{len(high)}, undetermined {open_}, wrong {len(high) - right - open_}"
    yield f"category right, or among the ranked causes {ranked}/{len(high)}"
    called = [(row, one) for row, one in high if row["truth"]["action"]]
    # The case of an action plays no part for IAM.
    acted = sum(one is not None and one.action.lower() == row["truth"]["action"].lower() for row, one in called)
    yield f"action right {acted}/{len(called)}"
    every = [(row, understand(row["text"])) for row in rows]
    bad = [row for row, one in every if one and one.patchable and not lacks_statement(row["truth"])]
    offered = sum(one is not None and one.patchable for _, one in every)
    yield f"patches {offered}, of those without a missing statement {len(bad)}"


def misses(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each row with a wrong diagnosis, with that diagnosis."""
    for row in rows:
        one, truth = understand(row["text"]), row["truth"]
        wrong = category(one) != truth["category"] or (
            truth["action"] and (not one or one.action.lower() != truth["action"].lower())
        )
        patched = one is not None and one.patchable and not lacks_statement(truth)
        if wrong or patched:
            told = f"{one.category} {one.action} {one.name}" if one else "not known"
            true = f"{truth['category']} {truth['action']}"
            yield f"{row['id']} {row['confidence']} told {told}; true {true}\n    {row['text'][:300]}"


def main() -> int:
    """Print the figures."""
    files = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    path = Path(files[0] if files else "../shared/corpus/diagnose/dev.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    half = seen([row["id"] for row in rows])
    looked_at = [row for row in rows if row["id"] in half]
    for name, part in (("seen", looked_at), ("unseen", [row for row in rows if row["id"] not in half])):
        for line in figures(part):
            sys.stdout.write(f"{name}: {line}\n")
    if "--misses" in sys.argv:
        sys.stdout.writelines(f"{line}\n" for line in misses(looked_at))
    return 0


if __name__ == "__main__":
    sys.exit(main())
