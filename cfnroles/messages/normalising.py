"""Normalization of pasted texts to AWS's original messages: one line each, in plain characters.

Everything here takes linear time: expressions repeat at most a class of characters, and never two that overlap.
"""

from __future__ import annotations

import html
import re
from functools import cache
from itertools import pairwise

from cfnroles.credentials import concealed
from cfnroles.table.messages import STAGES, SYMPTOMS

#: Terminal widths at which a word may be broken, if only one line shows it.
_WIDTHS = frozenset({70, 72, 79, 80, 100, 120, 132, 160, 200})

_ANSI = re.compile(r"\x1b\[[0-9;?]{0,32}[A-Za-z]|\x1b\][^\x07\x1b]{0,512}\x07")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")
#: JSON in JSON escapes the escape characters.
_NESTED = re.compile(r"\\+")
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([ntr])(?![a-z]{3})|([\"'/]))")
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("‘’‚`´", "'"),
        "…": "...",
        **dict.fromkeys("\u00a0\u2007\u202f\t", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad"),
    }
)
#: Prefixes of lines in consoles, quotes and boxes of a terminal.
_MARGIN = re.compile(r"^[ \t]{0,40}[│┃|>╷╵╰╭║]+ ?")
_TIME = re.compile(r"[ \t]{0,8}(?:time=|level=|ts=|\[?\d{4}[-/]\d\d[-/]\d\d[T ]|\{\"(?:time|level|msg|ts|message)\")")
#: The minimum length of a log entry that begins with a time.
_LEAST = 10
_MARKED = re.compile(r"[ \t]*(\*\*|__|`{1,2})(.*)\1[ \t]*")
#: A build's own message after that of the failed command; not an exit code of a container.
_BUILD = re.compile(
    r"(?:(?:##\[error\]|error:) *)?(?:process completed with exit code|script returned exit code|exited with code exit"
    r" status|(?:error: )?job failed: exit code|make: \*\*\* .{0,80} error|npm err! (?:errno|code)|command failed with"
    r" exit code) *\d{0,3}\.?",
    re.IGNORECASE,
)
#: Characters after the end of a name.
_ENDS = frozenset(".,;)]\"'")
_SIGNS = ".,:;'\"()"
#: Continuations of IAM's messages.
_NEXT = ("is not authorized to perform", "on resource", "because no ", "with an explicit deny")
_SPACES = re.compile(r"\s+")
#: Characters that continue a name, so that a name at the end of a line before them is incomplete.
_GOES_ON = frozenset(
    {"because", "with", "status", "on", "is", "and", "in", "that", "caused", "the", "was", "to", "from"}
)


def normalised(text: str) -> str:
    """Return one message on one line, without escapes, entities, typographic quotes and terminal line breaks.

    A presigned URL is cut off: it is a credential.
    """
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), _ANSI.sub("", text))
    lines = [_MARGIN.sub("", line) for line in text.translate(_PLAIN).replace("\r\n", "\n").split("\n")]
    lines = [found[2] if (found := _MARKED.fullmatch(line)) else line for line in lines]
    lines = [line for line in lines if not _BUILD.fullmatch(line.strip())] or [""]
    return concealed(_SPACES.sub(" ", _ESCAPED.sub(_unescaped, _NESTED.sub(r"\\", _unwrapped(lines)))).strip())


def split(text: str) -> tuple[str, ...]:
    """Split a text into messages with their own line breaks: paragraphs, and log entries that begin with a time."""
    found: list[list[str]] = [[]]
    parted, before = False, ""
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line or line.isspace():
            parted = True
            continue
        entry = len(line) > _LEAST and _TIME.match(line)
        # A message continues after an empty line that follows a colon, or with IAM's own next words.
        if entry or (parted and before[-1:] != ":" and not line.startswith(_NEXT)):
            found.append([])
        found[-1].append(line)
        parted, before = False, line
    return tuple("\n".join(lines) for lines in found if lines)


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        sign = chr(int(found[1], 16)).translate(_PLAIN)
        return sign if sign.isprintable() else " "
    return " " if found[2] else found[3]


def _unwrapped(lines: list[str]) -> str:
    """Join the lines. Blocks with a common margin are joined separately, because tools indent wrapped lines."""
    blocks: list[list[str]] = []
    margin = -1
    for line in lines:
        # A break before a space leaves it at the beginning of the next line.
        if margin < 0 or _indent(line) - margin not in (0, 1):
            margin = _indent(line)
            blocks.append([])
        blocks[-1].append(line[margin:].rstrip() if margin else line)
    return "".join(
        _joined(block, after) for block, after in zip(blocks, [*(b[0] for b in blocks[1:]), ""], strict=True)
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _joined(lines: list[str], after: str) -> str:
    """Join lines that a terminal broke at its last column within words."""
    widest = max(map(len, lines))
    full = sum(len(line) == widest for line in lines[:-1])
    # A space at the last column is often lost.
    alike = all(len(line) >= widest - 1 for line in lines[:-1])
    hard = widest >= 40 and alike and (full > 1 or (widest in _WIDTHS and not _between_words(lines, widest)))
    parts: list[str] = []
    for line, following in zip(lines, [*lines[1:], after], strict=True):
        parts.append(line)
        last = following is after
        at_edge = len(line) == widest >= 40 and (full > 1 or widest in _WIDTHS)
        if (hard and not last and len(line) == widest) or _is_cut(line, following, full=at_edge):
            continue
        parts.append(" ")
    return "".join(parts)


def _between_words(lines: list[str], widest: int) -> bool:
    """Return whether whole words surround the break after a full line: one word may be broken either way."""
    for line, following in pairwise(lines):
        if len(line) == widest:
            sides = line.rpartition(" ")[2], following.partition(" ")[0]
            return all(side.lower().strip(_SIGNS) in _words() for side in sides)
    return False


@cache
def _words() -> frozenset[str]:
    """Return the words of messages, from the table's examples."""
    examples = (*(row.example for row in STAGES), *(row.example for row in SYMPTOMS))
    return frozenset(word.strip(_SIGNS) for example in examples for word in example.lower().split())


def _is_cut(line: str, following: str, *, full: bool) -> bool:
    """Return whether a line was broken within a name: at its last column, or after a hyphen, colon or slash."""
    last = line.rpartition(" ")[2]
    first = following.lstrip().partition(" ")[0]
    if not first or len(last) < 6 or last[-1] in _ENDS or first.rstrip(":").lower() in _GOES_ON:
        return False
    long = "arn:" in last or "://" in last
    return last[-1] == "-" or (long and (full or last[-1] in ":/"))
