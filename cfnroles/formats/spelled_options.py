"""Options in the form of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.page import quoted


def spelled(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each option, or each parameter, as on the command line."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            for each, text in value.items():
                yield f"--{name} {each}", f"--{name} {quoted(f'{each}={text}')}"
        elif value is True:
            yield f"--{name}", f"--{name}"
        else:
            several = value if isinstance(value, list) else [value]
            yield f"--{name}", " ".join(f"--{name} {quoted(each)}" for each in several)
