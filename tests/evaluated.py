"""Terraform from texts: files in memory, what an expression comes to there, and that as a text."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.json_texts import decode
from cfnroles.hcl.module import Module
from cfnroles.hcl.project import Project
from cfnroles.hcl.session import Budget, Session
from cfnroles.hcl.values import Encoded, Lazy, Value, chunks_of
from cfnroles.hcl.worlds import explored
from cfnroles.symbols import Expression
from cfnroles.text import Text


class Written:
    """Files without a directory. Their paths are relative to the root."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {posixpath.normpath(path): text for path, text in files.items()}

    def names(self, directory: str) -> tuple[str, ...]:
        here = [path for path in self._files if (posixpath.dirname(path) or ".") == directory]
        return tuple(sorted(map(posixpath.basename, here)))

    def text(self, path: str) -> str | None:
        return self._files.get(posixpath.normpath(path))

    def called(self, path: str) -> str:
        return posixpath.normpath(path)

    def in_own_tree(self, path: str) -> bool:
        return self.in_repository(path)

    def in_repository(self, path: str) -> bool:
        return False

    def inside(self, path: str, directory: str) -> bool:
        return (directory == "." and not path.startswith("..")) or path.startswith(f"{directory}/")


_NAMED = re.compile(r'(?<![\w.-])(data\.)?((?:aws|random)_[a-z0-9_]+)\.([\w-]+)(?:\["(\w+)"\])?')


def declared(text: str) -> str:
    """A configuration with a block for each resource and data source that it names and does not declare."""
    more = ""
    for data, kind, name, key in dict.fromkeys(_NAMED.findall(text)):
        head = f'{"data" if data else "resource"} "{kind}" "{name}"'
        if head not in text + more:
            each = f' for_each = toset(["{key}"]) ' if key else ""
            more += f"{head} {{{each}}}\n"
    return f"{text.rstrip()}\n{more}"


def complete(files: str | Mapping[str, str]) -> Written:
    """These files, or `main.tf` alone, with all that they name declared."""
    whole = {"main.tf": files} if isinstance(files, str) else files
    return Written({name: declared(text) if name.endswith(".tf") else text for name, text in whole.items()})


def project(files: str | Mapping[str, str], parameters: Mapping[str, str] | None = None) -> Project:
    """The configuration of these files, or of `main.tf` alone."""
    return Project(Written({"main.tf": files} if isinstance(files, str) else files), parameters)


def output(files: str | Mapping[str, str], decided: Mapping[str, bool] | None = None, **parameters: str) -> Value:
    """What the output `it` comes to."""
    module = Module(project(files, parameters), Session(Budget(30_000), decided))
    node = module.configuration.outputs["it"].body.arguments["value"]
    return evaluate(node, module.scope)


def value(expression: str, beside: str = "", **parameters: str) -> Any:
    """What an expression comes to, as JSON; `<...>` for what is not known."""
    return shown(output(f'output "it" {{\n value = {expression}\n}}\n{beside}', **parameters))


def shown(given: Value) -> Any:
    """A value as JSON, with `<...>` for what is not known."""
    match given.data:
        case Expression(name=name):
            return f"<{name}>"
        case Text() as text:
            return "".join(part if isinstance(part, str) else f"<{part.name}>" for part in text.parts)
        case Encoded(value=inner):
            return {"json": shown(inner)}
        case list() as elements:
            return [shown(each) for each in elements]
        case dict() as members:
            return {name: shown(each) for name, each in members.items()}
        case Lazy() as lazy:
            return shown(lazy.all(given.place))
    return given.data


def decoded(given: Value) -> Any:
    """What a text in JSON holds."""
    return shown(decode(tuple(chunks_of(given))))


def worlds(files: str, **parameters: str) -> list[tuple[Mapping[str, bool], str]]:
    """What the output `it` comes to for each combination of conditions."""
    whole = project(files, parameters)
    node = whole.root.outputs["it"].body.arguments["value"]
    found, _ = explored(lambda session: evaluate(node, Module(whole, session).scope), whole.budget)
    return [(dict(asked), json.dumps(shown(each))) for asked, each in found]
