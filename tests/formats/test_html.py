"""A page of HTML: what a document says stays a text, and nothing is loaded or run but our own."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from cfnroles.formats.html import element, html_page, link

HOSTILE = ["</script><script>alert(1)</script>", '" onmouseover="alert(1)', "<img src=x>", "a\u202eb", "\x00", "&lt;"]


class Seen(HTMLParser):
    """The elements of a page, and its texts outside of style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag = self.elements[-1][0] if self.elements else ""
        self.texts[tag] = self.texts.get(tag, "") + data

    @property
    def policy(self) -> str:
        return next(str(at["content"]) for _, at in self.elements if at.get("http-equiv") == "Content-Security-Policy")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_a_document_stays_a_text_in_elements_attributes_and_title(text: str) -> None:
    seen = Seen(html_page(text, [element("p", text, title=text)], style="p {}", script="1"))
    assert [tag for tag, _ in seen.elements] == ["html", "head", *["meta"] * 3, "title", "style", "body", "p", "script"]
    shown = text.replace("\u202e", "\\u202e").replace("\x00", "\\x00")
    assert seen.texts["p"] == seen.texts["title"] == shown
    assert dict(seen.elements)["p"] == {"title": shown}


def test_texts_and_elements_keep_their_order() -> None:
    page = html_page("t", [element("p", "a", element("b", "c"), "d", "e", element("i", "f"), "g")], style="")
    assert "<p>a<b>c</b>de<i>f</i>g</p>" in page


def test_the_policy_admits_our_style_and_our_script_alone() -> None:
    seen = Seen(html_page("t", [], style="p > b {}", script="1 < 2 && 3"))

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert seen.policy == (
        f"default-src 'none'; style-src 'sha256-{digest('p > b {}')}';"
        f" script-src 'sha256-{digest('1 < 2 && 3')}'; base-uri 'none'"
    )
    assert (seen.texts["style"], seen.texts["script"]) == ("p > b {}", "1 < 2 && 3")


def test_a_page_without_a_script_runs_none() -> None:
    page = html_page("t", ["x"], style="")
    assert "script" not in page


def test_the_page_is_ascii_and_says_its_encoding() -> None:
    page = html_page("größe 試", ["é"], style="")
    assert page.isascii()
    assert re.match(r'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">', page)


@pytest.mark.parametrize(
    ("address", "linked"),
    [("https://docs.aws.amazon.com/a?b=c&d", True), ("javascript:alert(1)", False), ("http://x", False), ("", False)],
)
def test_only_an_address_is_a_link(address: str, linked: bool) -> None:
    made = link("page", address)
    assert (made == "page") is not linked
