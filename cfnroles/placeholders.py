"""Placeholders that a later step was meant to fill: `<ACCOUNT_ID>`, `${TAG}`, `{{image}}`, `%TAG%`, `__TAG__`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.workload import Path

_BRACKETED = r"<[^<>\n]*>|\{\{[^{}]*\}\}|#\{[^{}]*\}|%[A-Za-z][A-Za-z0-9_]*%|__[A-Z][A-Z0-9_]*__"
#: CloudFormation's pseudo parameters are no placeholders.
_DOLLAR = r"\$\{(?!AWS::)[^{}]*\}|\$[A-Za-z_]\w*|\$\([^()]*\)"
_PLACEHOLDER = re.compile(f"{_BRACKETED}|{_DOLLAR}")
_NOT_OF_THE_ROUTER = re.compile(_BRACKETED)
_NAME = re.compile(r"[A-Za-z_][\w .-]*")

#: Members whose texts the container's own programs read: a dollar sign there is theirs as often as it is a template's.
_TEXTS_OF_THE_CONTAINER = frozenset(
    {"command", "entryPoint", "environment", "healthCheck", "dockerLabels", "labels", "driverOpts", "systemControls"}
)
#: Options of log drivers with a template language of their own, and expressions of cluster queries.
_TEXTS_OF_OTHERS = frozenset(
    {"awslogs-datetime-format", "awslogs-multiline-pattern", "tag", "env", "labels-regex", "env-regex", "expression"}
)


def placeholder(text: str) -> str:
    """The first placeholder that was left in ``text``, or an empty text."""
    match = _PLACEHOLDER.search(text)
    return match.group() if match else ""


def name_of(text: str) -> str:
    """The name inside a placeholder: ``TAG`` for ``<TAG>``, ``${TAG:-latest}`` and ``{{ must_env `TAG` }}``.

    The placeholder itself where it has none.
    """
    if quoted := re.search(r"[`'\"]([\w.-]+)[`'\"]", text):
        return quoted[1]
    inner = text.strip("<>{}$#%()").strip()
    match = _NAME.match(inner.strip("_") if text.startswith("__") else inner)
    return match.group().strip() if match else inner or text


def fill(tree: Any, values: Mapping[str, str]) -> tuple[Any, frozenset[str]]:
    """``tree`` with the placeholders of ``values`` filled, and the names that occurred.

    A name is what stands inside of the brackets or the whole placeholder. A name that no placeholder has may also be a
    word that stands for a value without any brackets, such as ``ACCOUNT_ID``.
    """
    used: set[str] = set()

    def bracketed(match: re.Match[str]) -> str:
        for name in (match.group(), name_of(match.group())):
            if name in values:
                used.add(name)
                return values[name]
        return match.group()

    filled = _map(tree, lambda text: _PLACEHOLDER.sub(bracketed, text))
    for name in sorted(set(values) - used):
        word = re.compile(rf"(?<![\w${{<]){re.escape(name)}(?![\w}}>])")

        def bare(text: str, word: re.Pattern[str] = word, name: str = name) -> str:
            replaced, count = word.subn(lambda match: values[name], text)
            if count:
                used.add(name)
            return replaced

        if re.search(r"[A-Z_-]", name):
            filled = _map(filled, bare)
    return filled, frozenset(used)


def unresolved(tree: Mapping[str, Any]) -> tuple[str, ...]:
    """The placeholders in texts that ECS itself reads, in the order in which they stand.

    Texts that are for the container's own programs may hold dollar signs for good reasons and are left out.
    """
    return tuple(dict.fromkeys(found for _, found in places(tree)))


def places(tree: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Path and placeholder of each occurrence that ``unresolved`` counts."""
    for path, text in _texts(tree, ()):
        names = [step for step in path if isinstance(step, str)]
        if _TEXTS_OF_THE_CONTAINER & set(names) or names[-1] in _TEXTS_OF_OTHERS:
            continue
        pattern = _NOT_OF_THE_ROUTER if _belongs_to_router(tree, path) else _PLACEHOLDER
        for match in pattern.finditer(text):
            yield path, match.group()


def _belongs_to_router(tree: Mapping[str, Any], path: Path) -> bool:
    # Fluent Bit and Fluentd expand `$X` and `${X}` themselves.
    # https://docs.fluentbit.io/manual/administration/configuring-fluent-bit/classic-mode/variables
    if "firelensConfiguration" in path:
        return True
    if path[0] != "containerDefinitions" or "options" not in path or "logConfiguration" not in path:
        return False
    container = tree["containerDefinitions"][path[1]]
    return bool(container["logConfiguration"].get("logDriver") == "awsfirelens")


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(member, (*path, str(key)))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _texts(element, (*path, index))
    elif isinstance(value, str):
        yield path, value


def _map(value: Any, change: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _map(member, change) for key, member in value.items()}
    if isinstance(value, list):
        return [_map(element, change) for element in value]
    return change(value) if isinstance(value, str) else value
