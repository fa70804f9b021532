"""Numbers with their nouns."""

from __future__ import annotations


def counted(number: int, noun: str, several: str = "") -> str:
    """Return a number with its noun: ``1 secret``, ``2 secrets``. ``several`` is an irregular plural."""
    return f"{number} {noun if number == 1 else several or f'{noun}s'}"


def secrets_or_parameters(number: int) -> str:
    """Return a number of references with the noun "secret or parameter"."""
    return counted(number, "secret or parameter", "secrets or parameters")


def by_number(number: int, one: str, several: str) -> str:
    """Return the words for one thing, or for any other number of things."""
    return one if number == 1 else several
