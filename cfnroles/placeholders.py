"""Placeholders for a later step: `<ACCOUNT_ID>`, `${TAG}`, `{{image}}`, `{image}`, `%TAG%` and others.

In a task definition, placeholders without a value become symbols: the usual names of account, Region and partition
become pseudo parameters, all others become parameters of every stack whose text contains them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.symbols import Placeholder, PseudoParameter, Symbol
from cfnroles.text import PSEUDO_PARAMETERS, Part, Text
from cfnroles.workload import EXPRESS, Path

#: A name in single braces. In JSON and in templates of other tools, braces never contain only a name.
_SINGLE = r"(?<![{$#%])\{[A-Za-z][\w .-]*\}(?!\})"
_BRACKETED = rf"<[^<>\n]*>|\{{\{{[^{{}}]*\}}\}}|#\{{[^{{}}]*\}}|{_SINGLE}|%[A-Za-z][A-Za-z0-9_]*%|__[A-Z][A-Z0-9_]*__"
#: The spelling of CloudFormation's pseudo parameters is not a placeholder.
_DOLLAR = r"\$\{(?!AWS::)[^{}]*\}|\$[A-Za-z_]\w*|\$\([^()]*\)"
_PLACEHOLDER = re.compile(f"{_BRACKETED}|{_DOLLAR}")
#: Characters that every placeholder contains, and every text in which a word without brackets may be one.
_SIGNS = re.compile(r"[<{%$]|__|arn:|\.dkr[.-]ecr")
_NOT_OF_THE_ROUTER = re.compile(_BRACKETED)
#: A colon before a letter is part of the name, as in `env:STAGE`. Otherwise a default value follows it.
_NAME = re.compile(r"[A-Za-z_][\w .-]*(?:(?::(?=[A-Za-z_])|[\[/])[\w .\]-]*)*")
_PSEUDO_PARAMETER = rf"\$\{{(?:{'|'.join(PSEUDO_PARAMETERS)})\}}"
_OF_AWS = r"\$\{AWS::[^{}]*\}"
#: What may have colons of its own, which separate nothing.
_WITH_COLONS = re.compile(f"{_OF_AWS}|{_PLACEHOLDER.pattern}")
#: Words without brackets in place of a Region or account: in an ARN, or in the host of an ECR registry.
_WORDS = re.compile(
    r"\barn:[^:\s]*:[^:\s]*:(?P<region>[^:\s]*):(?P<account>[^:\s]*):"
    r"|^(?P<owner>[A-Za-z][\w-]*)\.dkr[.-]ecr(?:-fips)?\.(?P<home>[^.\s]*)\."
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_BETWEEN = re.compile(rf"(?<![^:.])({_WORD.pattern})(?=[:.])")

_BRACES = re.compile(r"\$\{(\w+)\}")
#: Parameters that the stacks already have.
OF_THE_STACKS = frozenset(
    {
        *("ProjectName", "KmsKeyArns", "PermissionsBoundaryArn", "RolePath", "TrustConditions", "DeploymentId"),
        *(f"{kind.name}{option}" for kind in ROLE_KINDS for option in ("Name", "Path", "BoundaryArn")),
        *("ExecutionRoleSourceArn", "CheckJsonKeys", "CheckKeys", "Architecture", "MemorySize", "Timeout"),
        *("LogRetentionInDays", "LogKmsKeyArn"),
    }
)

#: Identifies the parameter of the keys, also if its name was taken.
KEYS_DESCRIPTION = (
    "ARNs of the customer managed KMS keys that encrypt the secrets and parameters, comma-separated; empty if AWS"
    " managed keys encrypt them."
)

#: Common names of account, Region and partition, without punctuation and in lowercase.
_PSEUDO_PARAMETERS = {
    **dict.fromkeys(("account", "accountid", "accountnumber", "awsaccount", "awsaccountid"), "AWS::AccountId"),
    **dict.fromkeys(("awsaccountnumber", "youraccountid", "yourawsaccountid"), "AWS::AccountId"),
    **dict.fromkeys(("region", "regionid", "regionname", "awsregion", "awsdefaultregion"), "AWS::Region"),
    **dict.fromkeys(("awsregionname", "yourregion", "yourawsregion"), "AWS::Region"),
    **dict.fromkeys(("partition", "awspartition"), "AWS::Partition"),
}

#: Members that programs in the container read: a dollar sign may be theirs or that of a template.
_TEXTS_OF_THE_CONTAINER = frozenset(
    {"command", "entryPoint", "environment", "healthCheck", "dockerLabels", "labels", "driverOpts", "systemControls"}
)
#: Options of log drivers with their own template language, and expressions of cluster queries.
_TEXTS_OF_OTHERS = frozenset(
    {"awslogs-datetime-format", "awslogs-multiline-pattern", "tag", "env", "labels-regex", "env-regex", "expression"}
)
#: Members that the stacks replace or that only ECS returns, by their path.
_REPLACED = frozenset(
    {
        *(("taskRoleArn",), ("executionRoleArn",), ("taskDefinitionArn",), ("registeredBy",), ("family",)),
        *((EXPRESS, "infrastructureRoleArn"), (EXPRESS, "serviceArn")),
    }
)


def placeholder(text: str) -> str:
    """Return the first placeholder in ``text``, or an empty string."""
    match = _PLACEHOLDER.search(text)
    return match.group() if match else ""


def name_of(text: str) -> str:
    """Return the name in a placeholder: ``TAG`` for ``<TAG>``, ``${TAG:-latest}`` and ``{{ must_env `TAG` }}``.

    Return the placeholder itself if it has no name.
    """
    if quoted := re.search(r"[`'\"]([\w.-]+)[`'\"]", text):
        return quoted[1]
    inner = text.strip("<>{}$#%()").strip()
    match = _NAME.match(inner.strip("_") if text.startswith("__") else inner)
    return match.group().strip() if match else inner or text


def fill(tree: Any, values: Mapping[str, str]) -> tuple[Any, frozenset[str]]:
    """Return ``tree`` with the placeholders of ``values`` filled, and the names that occurred.

    A name is the text in the brackets, or the whole placeholder. It may also be a bare word that represents a value,
    such as ``ACCOUNT_ID``.
    """
    if not values:
        return tree, frozenset()
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
    """Return the placeholders in texts that ECS itself reads, in their order.

    Texts for programs in the container are left out: they may contain dollar signs of their own.
    """
    return tuple(dict.fromkeys(found for _, found in _places(tree, texts_in(tree))))


def other_pseudo_parameter(text: str) -> str:
    """Return the first ``${AWS::...}`` in ``text`` whose value differs between stacks of a service, or ""."""
    match = re.search(_OF_AWS, _literal(text)) if "${" in text else None
    return match.group() if match else ""


def read_by_ecs(tree: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield path and text of each text that ECS reads and that no stack replaces."""
    return _read_by_ecs(texts_in(tree))


def _read_by_ecs(said: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    for path, text in said:
        name = next(step for step in reversed(path) if isinstance(step, str))
        if _TEXTS_OF_THE_CONTAINER.isdisjoint(path) and name not in _TEXTS_OF_OTHERS and not _is_replaced(path):
            yield path, text


def _is_replaced(path: Path) -> bool:
    return path[:1] in _REPLACED or path[:2] in _REPLACED


def as_symbols(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``tree`` with symbols for the placeholders in texts that ECS reads, and for their other occurrences.

    Placeholders with one name are one parameter.
    """
    said = list(texts_in(tree))
    symbols = _symbols(tree, said)
    if not symbols and not any("${AWS::" in _literal(text) for _, text in said):
        return dict(tree)
    words = {written: symbol for written, symbol in symbols.items() if _WORD.fullmatch(written)}
    brackets = {written: symbol for written, symbol in symbols.items() if written not in words}
    longest_first = sorted(brackets, key=len, reverse=True)
    split = re.compile(f"({'|'.join([_PSEUDO_PARAMETER, *map(re.escape, longest_first)])})")

    def symbolic(text: str) -> str:
        if not symbols and "${AWS::" not in _literal(text):
            return text
        result = Text(
            *(
                _part(piece, brackets) if isinstance(piece, str) else piece
                for part in (text.parts if isinstance(text, Text) else (text,))
                for piece in (split.split(part) if isinstance(part, str) else (part,))
            )
        )
        if words:
            matches = _WORDS.finditer(_masked(_literal(text)))
            there = {word: words[word] for match in matches for word in match.groups() if word in words}
            result = _with_words(result, there) if there else result
        return result if result.symbols else text

    made: dict[str, Any] = _map(tree, symbolic)
    return made


def _symbols(tree: Mapping[str, Any], said: Iterable[tuple[Path, str]]) -> dict[str, Symbol]:
    """Return the symbol of each placeholder as written. ``said`` are the strings of the tree with their paths."""
    found = dict.fromkeys(found for _, found in _places(tree, said))
    # A text `${Name}` that stays must not look like a parameter that was forgotten in an Fn::Sub.
    literals = (_literal(text) for _, text in said if "$" in text)
    left = {name for text in literals for name in _BRACES.findall(text) if f"${{{name}}}" not in found}
    symbols: dict[str, Symbol] = {}
    # An existing symbol keeps its name, also if another document has the same placeholder.
    names = {each.called: each.name for each in placeholders_in(text for _, text in said).values()}
    taken = {*OF_THE_STACKS, *left}
    for written in found:
        called = name_of(written)
        if pseudo := _PSEUDO_PARAMETERS.get(re.sub(r"[^a-z0-9]", "", called.lower())):
            symbols[written] = PseudoParameter(pseudo, written=written)
            continue
        if called not in names:
            names[called] = _free(parameter_name(called) or "Placeholder", taken)
            taken.add(names[called])
        symbols[written] = Placeholder(names[called], written=written, called=called)
    return symbols


def placeholders_in(texts: Iterable[str]) -> dict[str, Placeholder]:
    """Return the placeholders in texts by the name of their parameter, in order of occurrence."""
    return {
        symbol.name: symbol
        for text in texts
        if isinstance(text, Text)
        for symbol in _with_those_behind(text.symbols)
        if isinstance(symbol, Placeholder)
    }


def texts_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield path and text of each text in a tree."""
    found: list[tuple[Path, str]] = []
    _add_texts(found, value, path)
    return iter(found)


# A recursive closure would keep its results alive until garbage collection.
def _add_texts(found: list[tuple[Path, str]], value: Any, path: Path) -> None:
    if isinstance(value, str):
        found.append((path, value))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            _add_texts(found, element, (*path, index))
    elif isinstance(value, (dict, Mapping)):
        for key, member in value.items():
            if isinstance(member, str):
                found.append(((*path, str(key)), member))
            else:
                _add_texts(found, member, (*path, str(key)))


def parameter_name(text: str) -> str:
    """Return a name in the form of a template parameter: ``ImageTag`` for ``IMAGE_TAG``; empty if it has no letter."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    name = "".join(word[:1].upper() + (word[1:].lower() if word.isupper() else word[1:]) for word in words)
    return name[:200].lstrip("0123456789")


def _with_those_behind(symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    for symbol in symbols:
        yield getattr(symbol, "of", symbol)


def _literal(text: str) -> str:
    """Return the literal parts, without symbols."""
    return text.shape(" ") if isinstance(text, Text) else text


def _masked(literal: str) -> str:
    """Return the text with placeholders and pseudo parameters masked."""
    return _WITH_COLONS.sub("~", literal)


def _part(written: str, symbols: Mapping[str, Symbol]) -> Part:
    if written in symbols:
        return symbols[written]
    return PseudoParameter(written[2:-1]) if re.fullmatch(_PSEUDO_PARAMETER, written) else written


def _with_words(text: Text, words: Mapping[str, Symbol]) -> Text:
    """Return the text with symbols in place of words between colons or before a dot."""
    parts: list[Part] = []
    for part in text.parts:
        pieces = _BETWEEN.split(part) if isinstance(part, str) else [part]
        parts += [words.get(piece, piece) if isinstance(piece, str) else piece for piece in pieces]
    return Text(*parts)


def _places(tree: Mapping[str, Any], said: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    """Yield path and placeholder of each occurrence in a text that ECS reads, for the placeholders of a tree."""
    for path, text in _read_by_ecs((path, text) for path, text in said if _SIGNS.search(_literal(text))):
        pattern = _NOT_OF_THE_ROUTER if _belongs_to_router(tree, path) else _PLACEHOLDER
        literal = _literal(text)
        for match in pattern.finditer(literal):
            yield path, match.group()
        for match in _WORDS.finditer(_masked(literal)):
            for kind, word in match.groupdict().items():
                if word and _is_placeholder(word, kind):
                    yield path, word


def _is_placeholder(word: str, kind: str) -> bool:
    """Return whether a word in place of an account or Region is a placeholder."""
    if not _WORD.fullmatch(word) or word == "aws":
        return False
    # A Region consists of words, too: only the spelling of a variable is a placeholder.
    return kind in ("account", "owner") or word.isupper() or word.lower() in _PSEUDO_PARAMETERS


def _belongs_to_router(tree: Mapping[str, Any], path: Path) -> bool:
    # Fluent Bit and Fluentd expand `$X` and `${X}` themselves.
    # https://docs.fluentbit.io/manual/administration/configuring-fluent-bit/classic-mode/variables
    if "firelensConfiguration" in path:
        return True
    if path[0] != "containerDefinitions" or "options" not in path or "logConfiguration" not in path:
        return False
    logging: Any = tree
    for step in path[: path.index("options")]:
        logging = logging[step]
    return isinstance(logging, Mapping) and logging.get("logDriver") == "awsfirelens"


def _free(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name}{number}" for number in range(2, len(taken) + 3))
    return next(candidate for candidate in itertools.chain([name], numbered) if candidate not in taken)


def _map(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, (dict, Mapping)):
        return {key: _map(member, change) for key, member in value.items()}
    return [_map(element, change) for element in value] if isinstance(value, list) else value
