"""A page of HTML that stands by itself, and in which a text never becomes more than a text.

https://html.spec.whatwg.org/multipage/
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from cfnroles.page import Page, visible, xml_page

#: What may stand within an element: a text, or another element.
Child = str | Xml.Element


def element(tag: str, *children: Child, **attributes: str) -> Xml.Element:
    """An element with its children; ``data_paths`` is the attribute ``data-paths``, and ``class_`` is ``class``."""
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
    """A link to a page of AWS's or a tool's; the label alone for what is no address."""
    return element("a", label, href=address, rel="noreferrer") if address.startswith("https://") else label


def html_page(title: str, body: Iterable[Child], *, style: str, script: str = "") -> Page:
    """The whole document, with its style and its script in it.

    Its policy lets no browser load anything, nor run any script but this one.

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
    """A style or a script of our own, which HTML reads as it is."""
    made = Xml.Element(tag)
    made.text = text
    return made


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _attribute(name: str) -> str:
    return name.removesuffix("_").replace("_", "-")
