"""Numbers with their nouns, as a person says them."""

from __future__ import annotations


def counted(number: int, noun: str, several: str = "") -> str:
    """A number with its noun: ``1 secret``, ``2 secrets``; ``several`` is the plural of what takes more than an s."""
    return f"{number} {noun if number == 1 else several or f'{noun}s'}"


def secrets_or_parameters(number: int) -> str:
    """A number of what a task definition refers to."""
    return counted(number, "secret or parameter", "secrets or parameters")


def by_number(number: int, one: str, several: str) -> str:
    """What is said of one thing, or of any other number of them."""
    return one if number == 1 else several
