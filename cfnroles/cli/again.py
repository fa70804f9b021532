"""The command line that writes a file again, relative to the file's directory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import click

from cfnroles.page import quoted

#: Options whose values are paths.
_PATHS = frozenset({"variable_files", "service_file", "run_task_file"})
#: Options about the root of a configuration, which have no meaning in a module.
_OF_ROOT = frozenset({"parameters", "variable_files", "resource"})
#: Options about a single run, or about the output path.
_ONCE = frozenset({"directory", "force", "strict"})


def source_from(source: str, directory: str) -> str:
    """Return SOURCE relative to a directory; empty for standard input, which cannot be read again."""
    return "" if source == "-" else _from(source, directory)


def options_again(
    context: click.Context, directory: str, *, hidden: frozenset[str] = frozenset(), of_root: bool = False
) -> str:
    """Return the given options, each after a space. For NAME=VALUE options in ``hidden``, only the names.

    Options that only the root of a configuration has are included with ``of_root``.
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
