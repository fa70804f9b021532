"""The known name that a misspelled one means."""

from __future__ import annotations

import re
from collections.abc import Iterable


def meant(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the nearest known name, ignoring case and hyphens, or ``None``.

    ``cutoff`` is the minimum similarity, from 0 to 1.
    """
    import difflib  # only for wrong input, and slow to import

    folded = {_folded(other): other for other in known}
    matches = difflib.get_close_matches(_folded(name), folded, n=1, cutoff=cutoff)
    return folded[matches[0]] if matches else None


def hint(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a remedy for an unknown name: the likely intended name, or ``otherwise``."""
    near = meant(name, known) if name else None
    return f"Did you mean {near!r}?" if near else otherwise


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
