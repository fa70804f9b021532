"""Self-contained HTML pages in which text from outside stays text.

https://html.spec.whatwg.org/multipage/
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from cfnroles.page import Page, visible, xml_page

#: A child of an element: a text, or an element.
Child = str | Xml.Element


def element(tag: str, *children: Child, **attributes: str) -> Xml.Element:
    """Return an element with its children. ``data_paths`` is the attribute ``data-paths``, and ``class_`` is
    ``class``.
    """
    made = Xml.Element(tag, {_attribute(name): visible(value) for name, value in attributes.items()})
    last: Xml.Element | None = None
    for child in children:
        if isinstance(child, Xml.Element):
            made.append(child)
            last = child
        elif last is None:
            made.text = (made.text or "") + visible(child)
        else:
            last.tail = (last.tail or "") + visible(child)
    return made


def link(label: str, address: str) -> Child:
    """Return a link to a page of AWS or a tool, or only the label if it is not an address."""
    return element("a", label, href=address, rel="noreferrer") if address.startswith("https://") else label


def html_page(title: str, body: Iterable[Child], *, style: str, script: str = "") -> Page:
    """Return the whole document, with its style and script.

    Its policy forbids loading anything, and running any other script.

    https://www.w3.org/TR/CSP3/
    """
    allowed = {"style-src": style, **({"script-src": script} if script else {})}
    policy = "; ".join(["default-src 'none'", *(f"{name} '{_digest(text)}'" for name, text in allowed.items())])
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy", "content": f"{policy}; base-uri 'none'"}),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        _verbatim("style", style),
    )
    scripts = [_verbatim("script", script)] if script else []
    root = element("html", head, element("body", *body, *scripts), lang="en")
    text = Xml.tostring(root, encoding="us-ascii", method="html").decode("ascii")
    return xml_page(f"<!DOCTYPE html>\n{text}")


def _verbatim(tag: str, text: str) -> Xml.Element:
    """Return a style or script of our own, which HTML does not escape."""
    made = Xml.Element(tag)
    made.text = text
    return made


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _attribute(name: str) -> str:
    return name.removesuffix("_").replace("_", "-")
