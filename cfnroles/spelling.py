"""Which of the known names a person meant who wrote another."""

from __future__ import annotations

import re
from collections.abc import Iterable


def meant(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that is nearest, whatever its case and its hyphens; ``None`` where none is near.

    ``cutoff`` is how much of it must be the same, from 0 to 1.
    """
    import difflib  # for wrong input alone, and slow to load

    folded = {_folded(other): other for other in known}
    matches = difflib.get_close_matches(_folded(name), folded, n=1, cutoff=cutoff)
    return folded[matches[0]] if matches else None


def hint(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A remedy for a name that is none of the known ones: the one that was meant, ``otherwise`` where none is near."""
    near = meant(name, known) if name else None
    return f"Did you mean {near!r}?" if near else otherwise


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
