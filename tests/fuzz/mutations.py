"""Documents written wrongly, or to do harm: mutations that a seeded source draws."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import yaml

Place = tuple[Any, Any]  # what holds a value, and the key or index of it there

#: Texts that mean something to IAM, to CloudFormation, to a shell, a terminal, a browser, or nothing at all.
TEXTS = (
    *("", " ", "*", "?", "-", "--help", ".", "..", "/", ":", "::", ":::::", "=", "~", "null", "true", "1e999", "0x10"),
    *(
        "${",
        "${}",
        "${!x}",
        "${AWS::Nope}",
        "${AWS::AccountId}",
        "${aws:username}",
        "$",
        "$(id)",
        "`id`",
        "%s%n",
        "%7B",
    ),
    *("<X>", "<<X>>", "{{x}}", "{{resolve:ssm:/a:1}}", "{{", "<", "@@", "arn:", "arn:aws", "arn:::::", "arn:*:*:*:*:*"),
    *(
        "arn:aws:iam::123456789012:role/x",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf:a",
        "s3://a/b",
    ),
    *("arn:aws:ssm:us-east-1:123456789012:parameter//x", "arn:aws:s3:::*/*", "arn:aws:kms:us-east-1:1:alias/x"),
    *("/dev/zero", "/dev/stdin", "/", "../../etc/passwd", "a\0b", "n" * 300, "/".join(["d"] * 3000), "task.json"),
    *(
        "a\nb",
        "a\r\nb",
        "a\tb",
        "\x1b[31mred",
        "\x9b31m",
        "\x07",
        "\u202egnihton",
        "\u2028",
        "\ufeff",
        "é",
        "🔑",
        "\ud800",
    ),
    *(
        "![x](https://example.com/x.png)",
        "[x](javascript:x)",
        "@everyone",
        "| a | b |",
        "# head",
        "</td>",
        "&amp;",
        "]]>",
    ),
    *("::add-mask::x", "AWS::NoValue", "AWS::ECS::TaskDefinition", "Fn::If", "Ref", "password=hunter2", "x" * 20_000),
)

#: Values for places where something else belongs.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 5, 1.5, 10**30, -(10**400), 1e308, 0.1, [], {}, [[]], [None], {"": None}, [[[[]]]]),
    *({"a": 1}, [1, "a"], {"Ref": "X"}, {"Ref": 5}, {"Ref": []}, {"Ref": {"Ref": "X"}}, {"Ref": "AWS::NoValue"}),
    *({"Fn::GetAtt": "X"}, {"Fn::GetAtt": []}, {"Fn::GetAtt": ["X", 5]}, {"Fn::Sub": 5}, {"Fn::Sub": []}),
    *({"Fn::Sub": ["${a}", {"a": []}]}, {"Fn::Sub": "${a.b.c}${!d}${"}, {"Fn::Sub": [{}, {}]}, {"Fn::Sub": ["${A}"]}),
    *({"Fn::If": []}, {"Fn::If": ["C"]}, {"Fn::If": ["C", 1, 2, 3]}, {"Fn::If": [{}, 1, 2]}, {"Fn::If": "C"}),
    *({"Fn::Join": ["", "a"]}, {"Fn::Join": [1, [1]]}, {"Fn::Join": [",", {"Ref": "X"}]}, {"Fn::Join": []}),
    *({"Fn::Select": [9, []]}, {"Fn::Select": ["x", ["a"]]}, {"Fn::Select": [-1, ["a"]]}, {"Fn::Select": 1}),
    *({"Fn::Split": [1, 2]}, {"Fn::Split": ["", "a"]}, {"Fn::FindInMap": [1, 2, 3]}, {"Fn::FindInMap": []}),
    *({"Fn::ImportValue": []}, {"Fn::ImportValue": {"Fn::Sub": "${X}-y"}}, {"Fn::Base64": {}}, {"Fn::Cidr": []}),
    *(
        {"Fn::Transform": {"Name": "x"}},
        {"Fn::ForEach::a": ["x", [1], {}]},
        {"Fn::Length": 3},
        {"Fn::ToJsonString": {}},
    ),
    *({"Fn::And": []}, {"Fn::Or": 1}, {"Fn::Not": []}, {"Fn::Equals": [1]}, {"Fn::Equals": 2}, {"Condition": "C"}),
    *({"Ref": "X", "Fn::Sub": "y"}, {"Fn::Nope": 1}, {"AWS": "*"}, {"Service": 5}, {"Statement": 1.5}),
)


def mutated(text: str, donors: list[Any], random: Random) -> bytes:
    """The document after a few mutations of its tree and perhaps of its text; ``donors`` are trees to swap in."""
    for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        try:
            tree = _loaded(text)
        except (ValueError, yaml.YAMLError, RecursionError):
            break
        root = [tree]
        random.choice(TREE_MUTATIONS)(root, donors, random)
        text = _written(root[0], random)
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        text = random.choice(TEXT_MUTATIONS)(text, random)
    encoding = "utf-8"
    if random.random() < 0.02:
        encoding = random.choice(("utf-16", "utf-8-sig", "latin-1", "utf-32"))
    data = text.encode(encoding, "surrogatepass" if encoding != "latin-1" else "replace")
    return _flipped(data, random) if random.random() < 0.03 else data


def _loaded(text: str) -> Any:
    # Short forms such as !Sub are mutated as texts.
    return json.loads(text) if text.lstrip()[:1] in ("{", "[") else yaml.load(text, _Plain)


class _Plain(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads any tag as the function that it is short for."""


def _function(loader: Any, tag: str, node: Any) -> Any:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Plain.add_multi_constructor("!", _function)


def _written(tree: Any, random: Random) -> str:
    try:
        if random.random() < 0.6:
            return json.dumps(tree, indent=random.choice((None, 2)), ensure_ascii=random.random() < 0.5, default=str)
        return str(yaml.dump(tree, Dumper=_Dumper, allow_unicode=random.random() < 0.5, sort_keys=False))
    except (ValueError, TypeError, RecursionError, yaml.YAMLError):
        return json.dumps(str(tree))


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes the same object twice as an anchor and an alias of it, as PyYAML does."""


def _places(tree: Any) -> Iterator[Place]:
    pending = [tree]
    while pending:
        holder = pending.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            if isinstance(holder[key], dict | list):
                pending.append(holder[key])


def _place(root: list[Any], random: Random, fits: Callable[[Any], bool] = lambda value: True) -> Place:
    found = [(holder, key) for holder, key in _places(root) if fits(holder[key])]
    return random.choice(found) if found else (root, 0)


def replace_value(root: list[Any], donors: list[Any], random: Random) -> None:
    """Put another value in the place of a value."""
    holder, key = _place(root, random)
    holder[key] = random.choice(VALUES)


def replace_text(root: list[Any], donors: list[Any], random: Random) -> None:
    """Another text, or one more at an end or in the middle of it."""
    holder, key = _place(root, random, lambda value: isinstance(value, str))
    hostile, text = random.choice(TEXTS), holder[key] if isinstance(holder[key], str) else ""
    at = random.randint(0, len(text))
    holder[key] = random.choice((hostile, hostile + text, text + hostile, text[:at] + hostile + text[at:]))


def wrap(root: list[Any], donors: list[Any], random: Random) -> None:
    """A list or an object around a value, a function of CloudFormation, or many of them."""
    holder, key = _place(root, random)
    value = holder[key]
    name = random.choice(("Fn::If", "Fn::Sub", "Fn::Join", "Ref", "Fn::GetAtt", "Fn::Select", "Fn::Split", "a", ""))
    function = {"Fn::If": ["C", value, value], "Fn::Join": ["", [value]], "Fn::Select": ["0", [value]]}.get(name, value)
    value = random.choice(([value], {name: function}, [[value]], {"Fn::If": ["C", value, {"Ref": "AWS::NoValue"}]}))
    for _ in range(random.choice((0, 0, 0, 0, 20, 95, 400))):
        value = [value]
    holder[key] = value


def unwrap(root: list[Any], donors: list[Any], random: Random) -> None:
    """What a list or an object holds, in its place."""
    holder, key = _place(root, random, lambda value: bool(value) and isinstance(value, dict | list))
    value = holder[key]
    if value and isinstance(value, dict | list):
        holder[key] = random.choice(list(value.values()) if isinstance(value, dict) else value)


def drop(root: list[Any], donors: list[Any], random: Random) -> None:
    """A member or an element is gone."""
    holder, key = _place(root, random)
    if holder is not root:
        del holder[key]


def duplicate(root: list[Any], donors: list[Any], random: Random) -> None:
    """An element is there twice, or a thousand times; the value of one member is also that of another."""
    holder, key = _place(root, random)
    if isinstance(holder, list):
        holder[key:key] = [holder[key]] * random.choice((1, 1, 1, 30))
    else:
        holder[random.choice(list(holder))] = holder[key]


def rename(root: list[Any], donors: list[Any], random: Random) -> None:
    """A member has another name: a mistyped one, a hostile one, or that of a member elsewhere."""
    holder, key = _place(root, random, lambda value: True)
    if isinstance(holder, dict):
        names = [name for other, name in _places(root) if isinstance(other, dict)]
        name = random.choice((str(key)[1:], str(key).swapcase(), random.choice(TEXTS), random.choice(names)))
        holder[name] = holder.pop(key)


def swap(root: list[Any], donors: list[Any], random: Random) -> None:
    """A part of another document, or of another place in this one."""
    holder, key = _place(root, random)
    other, name = _place([random.choice(donors)] if donors and random.random() < 0.6 else root, random)
    holder[key] = json.loads(json.dumps(other[name], default=str))


def extend(root: list[Any], donors: list[Any], random: Random) -> None:
    """One more member or element."""
    holder, key = _place(root, random, lambda value: isinstance(value, dict | list))
    inner = holder[key]
    value = random.choice((*VALUES, *TEXTS))
    if isinstance(inner, dict):
        names = [name for other, name in _places(root) if isinstance(other, dict)]
        inner[random.choice((*names, *TEXTS))] = value
    elif isinstance(inner, list):
        inner.insert(random.randint(0, len(inner)), value)


TREE_MUTATIONS = (replace_value, replace_value, replace_text, replace_text, wrap, unwrap, drop, duplicate, rename)
TREE_MUTATIONS += (swap, extend)


def truncate(text: str, random: Random) -> str:
    """The text up to somewhere."""
    return text[: random.randint(0, len(text))]


def insert(text: str, random: Random) -> str:
    """A few signs of JSON, YAML or neither, somewhere."""
    signs = (
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        ":",
        ",",
        "\n",
        "\t",
        " ",
        "- ",
        "&a ",
        "*a",
        "!x ",
        "!!binary ",
        "!!set {}",
        "|",
    )
    signs += (
        "<<: *a\n",
        "!!python/object:os.system ",
        "%YAML 9\n",
        "---\n",
        "...\n",
        "? ",
        "#",
        "\0",
        "\x1b",
        "\ud800",
        "\\u0000",
    )
    signs += (*TEXTS,)
    at = random.randint(0, len(text))
    return text[:at] + random.choice(signs) + text[at:]


def repeat_line(text: str, random: Random) -> str:
    """A line is there twice, so that a key may."""
    lines = text.splitlines(keepends=True) or [""]
    at = random.randrange(len(lines))
    return "".join([*lines[:at], lines[at] * random.choice((2, 2, 50)), *lines[at:]])


def remove_line(text: str, random: Random) -> str:
    """A line is gone."""
    lines = text.splitlines(keepends=True) or [""]
    del lines[random.randrange(len(lines))]
    return "".join(lines)


def share(text: str, random: Random) -> str:
    """Anchors and aliases of YAML: of values, of keys, of themselves, and of what doubles each time."""
    bomb = "".join(
        f"b{n}: &b{n} [{'*b' + str(n - 1) if n else 'x'}, {'*b' + str(n - 1) if n else 'x'}]\n" for n in range(25)
    )
    return (
        random.choice(("x: &x [*x]\n", bomb, "<<: {family: x}\n", "? [a]\n: b\n", "x: &x {a: *x}\n", "&k x: *k\n"))
        + text
    )


def nest(text: str, random: Random) -> str:
    """Deeper than any document is."""
    depth = random.choice((50, 99, 101, 2_000, 100_000))
    opened, closed = random.choice((("[", "]"), ('{"a":', "}"), ("- ", "")))
    return random.choice((opened * depth + "1" + closed * depth, opened * depth, opened * depth + text))


def numbers(text: str, random: Random) -> str:
    """Numbers that are too long for something."""
    number = random.choice(
        ("9" * 5_000, "-1e999", "NaN", "Infinity", "1" * 400, "0777", "1_000", "1:30", "0b1", ".inf")
    )
    digits = [index for index, sign in enumerate(text) if sign.isdigit()]
    at = random.choice(digits) if digits else len(text)
    return text[:at] + number + text[at + 1 :]


TEXT_MUTATIONS = (truncate, insert, insert, insert, repeat_line, remove_line, share, nest, numbers)


def _flipped(data: bytes, random: Random) -> bytes:
    changed = bytearray(data or b" ")
    for _ in range(random.choice((1, 1, 5, 100))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)
