"""The command line that writes the same again, as one gives it where its file lies."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import click

from cfnroles.page import quoted

#: Options whose values are paths.
_PATHS = frozenset({"variable_files", "service_file", "run_task_file"})
#: What is about the root of a configuration, and about none of its modules.
_OF_ROOT = frozenset({"parameters", "variable_files", "resource"})
#: What is about one run alone, or about where its file goes.
_ONCE = frozenset({"directory", "force", "strict"})


def source_from(source: str, directory: str) -> str:
    """SOURCE as seen from a directory; empty for standard input, which nobody can give again."""
    return "" if source == "-" else _from(source, directory)


def options_again(
    context: click.Context, directory: str, *, hidden: frozenset[str] = frozenset(), of_root: bool = False
) -> str:
    """The options that were given, each behind a space; of the NAME=VALUE of ``hidden`` names, the names alone.

    ``of_root`` chooses those that mean something to the root of a configuration alone; else they are left out.
    """
    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        wanted = name not in _ONCE and name in context.params and (name in _OF_ROOT) is of_root
        if given and wanted and isinstance(parameter, click.Option):
            option = max(parameter.opts, key=lambda each: (each.startswith("--"), -len(each)))
            for value in _values(context.params[name], hidden):
                words += [option, *([quoted(_from(value, directory) if name in _PATHS else value)] if value else [])]
    return "".join(f" {word}" for word in words)


def _values(value: Any, hidden: frozenset[str]) -> Iterator[str]:
    if isinstance(value, bool):
        yield ""
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield f"{name}={'...' if name in hidden else each}" if name else str(each)
    elif isinstance(value, (list, tuple)):
        yield from map(str, value)
    else:
        yield str(value)


def _from(path: str, directory: str) -> str:
    return os.path.relpath(path, directory or ".")
