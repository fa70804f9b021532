"""Markdown as a reader of GitHub's sees it: CommonMark with tables, parsed by markdown-it."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

#: What GitHub finds in a text that is no code: addresses, mentions, issues, commits, emoji, formulas.
_FOUND_IN_TEXT = re.compile(r"@|#\d|://|www\.|GH-\d|\b[0-9a-f]{7,40}\b|:\w+:|\$|&\w+;")


def structure(markdown: str) -> Counter[str]:
    """How many of each block and of each mark there are: headings, tables, rows, cells, links, HTML, ..."""
    return Counter(_label(token) for token in _tokens(markdown) if token.nesting >= 0 and token.type not in _TEXTS)


def found_in_texts(markdown: str) -> list[str]:
    """What GitHub would make something of in the texts that are no code."""
    texts = (token.content for token in _tokens(markdown) if token.type == "text")
    return [text for text in texts if _FOUND_IN_TEXT.search(text)]


def links(markdown: str) -> list[str]:
    """Where the links lead."""
    return [str(token.attrs["href"]) for token in _tokens(markdown) if token.type == "link_open"]


def codes(markdown: str) -> list[str]:
    """What is shown as code within a line."""
    return [token.content for token in _tokens(markdown) if token.type == "code_inline"]


_TEXTS = ("text", "inline", "code_inline")


def _label(token: Token) -> str:
    # Of HTML, only the line breaks within cells are ours.
    return token.content if token.type == "html_inline" else token.type


@lru_cache(1)  # what is asked about is asked several questions in a row
def _tokens(markdown: str) -> tuple[Token, ...]:
    return tuple(each for token in _PARSER.parse(markdown) for each in (token, *(token.children or ())))
