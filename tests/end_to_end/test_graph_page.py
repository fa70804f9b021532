"""The page that `cfnroles graph` writes, in a real browser: at desk and in a hand, in light and in dark."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# One document in which everything is: two containers, two roles, a gap, names that are long, and a change.
BEFORE = """
family: shop
containerDefinitions:
  - name: web
    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1
    secrets:
      - {name: OLD, valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/old'}
      - {name: KEPT, valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/kept'}
"""
AFTER = """
family: shop
containerDefinitions:
  - name: web
    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1
    secrets:
      - {name: KEPT, valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/kept'}
      - {name: NEW, valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:NAME'}
  - name: sidecar
    image: <REGISTRY>/side:1
volumes:
  - name: data
    efsVolumeConfiguration:
      fileSystemId: fs-01234567
      transitEncryption: ENABLED
      authorizationConfig: {iam: ENABLED}
""".replace("NAME", "a" * 90)

OVERFLOWING = """() => [...document.querySelectorAll('h1, h2, p, td, .node, .node *, label')]
  .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1 && each.clientWidth)
  .map((each) => each.outerHTML.slice(0, 80))"""
OVERLAPPING = """() => {
  const boxes = [...document.querySelectorAll('.node, h1, h2, h3, .filters')].filter((each) => each.checkVisibility())
    .map((each) => each.getBoundingClientRect());
  return boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length;
}"""
# The contrast of two colours: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
FAINT = """() => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, n) => sum + each * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (each) => { const own = getComputedStyle(each).backgroundColor;
    return own === 'rgba(0, 0, 0, 0)' ? behind(each.parentElement) : own; };
  return [...document.querySelectorAll('h1, h3, p, label, legend, summary, .node b, .node span, a')]
    .filter((each) => each.checkVisibility()).filter((each) => {
      const [a, b] = [light(getComputedStyle(each).color), light(behind(each))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5; }).map((each) => each.outerHTML.slice(0, 80));
}"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from cfnroles import Document, Told, explain, read
    from cfnroles.answers.graph import compared, graph
    from cfnroles.formats.graph_page import graph_page

    readings = [read(Document("web.yaml", text), Told()) for text in (BEFORE, AFTER)]
    graphs = compared(*(graph(explain(each), each.texts) for each in readings))
    written = tmp_path_factory.mktemp("page") / "permissions.html"
    written.write_text(graph_page("web.yaml", graphs))
    return written


@pytest.fixture
def opened(browser: Browser, path: Path) -> Iterator[Any]:
    """`opened(width=390)`: the page; at the end there was no fault in it and no request but for itself."""
    faults: list[str] = []
    pages: list[Page] = []

    def open_page(width: int = 1280, scheme: Any = "light") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: request.url == path.as_uri() or faults.append(request.url))
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 800, 1280])
def test_nothing_is_cut_or_covered_or_faint(opened: Any, width: int, scheme: str) -> None:
    page = opened(width, scheme)
    if width > 800:
        page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(OVERLAPPING) == 0
    assert page.evaluate(FAINT) == []
    if pictures := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(pictures, f"graph-{width}-{scheme}.png"), full_page=True)


def test_the_edges_are_drawn_where_there_is_room_and_only_there(opened: Any) -> None:
    drawn = "[...document.querySelectorAll('.graph path')].filter((each) => each.checkVisibility()).length"
    assert opened(1280).evaluate(drawn) > 15
    assert opened(390).evaluate(drawn) == 0


def test_where_lines_have_no_room_the_table_is_open_in_place_of_the_columns(opened: Any) -> None:
    page = opened(390)
    row = page.locator("tbody tr", has_text="secret KEPT").first
    assert row.is_visible()
    assert "DecryptSecrets" in row.inner_text()
    assert not page.locator(".node").first.is_visible()
    page.get_by_label("sidecar").uncheck()
    assert page.locator("tbody tr", has_text="sidecar").first.is_hidden()
    page.set_viewport_size({"width": 1280, "height": 844})
    assert page.locator(".node").first.is_visible()
    assert not row.is_visible()


def test_a_box_explains_itself_by_mouse_and_by_keyboard(opened: Any) -> None:
    page = opened()
    why, secret = page.locator(".why"), page.locator(".node", has_text="secret KEPT")
    assert not why.is_visible()
    secret.hover()
    assert "ECS reads the secret and sets it as an environment variable" in why.inner_text()
    assert why.locator("a").get_attribute("href").startswith("https://docs.aws.amazon.com/")
    page.mouse.move(0, 0)
    assert not why.is_visible()
    secret.focus()
    page.keyboard.press("Enter")
    assert secret.get_attribute("aria-pressed") == "true"
    lit = page.locator(".node.on b").all_inner_texts()
    assert "secret KEPT" in lit
    assert not {"+ secret NEW", "- secret OLD"} & set(lit)
    page.keyboard.press("Escape")
    assert not why.is_visible() or secret.get_attribute("aria-pressed") == "false"
    assert page.locator(".node.on").count() == 0 or secret.evaluate("each => each === document.activeElement")


def test_containers_and_roles_are_filtered(opened: Any) -> None:
    page = opened()
    page.get_by_label("sidecar").uncheck()
    assert page.locator(".node", has_text="container sidecar").is_hidden()
    assert page.locator(".node", has_text="no statement").is_hidden()
    page.get_by_label("task role").uncheck()
    assert page.locator(".node span", has_text="task role").first.is_hidden()
    page.get_by_label("sidecar").check()
    assert page.locator(".node", has_text="container sidecar").is_visible()


def test_on_paper_stands_the_picture_and_the_table(opened: Any) -> None:
    page = opened()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("tbody tr").first.is_visible()
    assert page.locator(".filters").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")


LEVEL = """() => [...document.querySelectorAll('.column')[0].querySelectorAll('.node')].map((each) => {
  const box = each.getBoundingClientRect(), middle = (box.top + box.bottom) / 2;
  const traces = new Set(each.dataset.traces.split(' '));
  const fields = [...document.querySelectorAll('.column')[1].querySelectorAll('.node')]
    .filter((field) => field.dataset.traces.split(' ').some((trace) => traces.has(trace)))
    .map((field) => field.getBoundingClientRect());
  return Math.min(...fields.map((field) => field.top)) <= middle
    && middle <= Math.max(...fields.map((field) => field.bottom));
})"""


def test_each_of_twelve_containers_is_level_with_its_fields(tmp_path: Path, browser: Browser) -> None:
    from cfnroles import Document, explain, read
    from cfnroles.answers.graph import graph
    from cfnroles.formats.graph_page import graph_page

    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1"
    containers = "".join(
        f"  - {{name: c{n}, image: '{image}', secrets: [{{name: A, valueFrom: '{secret}/{n}'}}]}}\n" for n in range(12)
    )
    reading = read(Document("web.yaml", f"family: shop\ncontainerDefinitions:\n{containers}"))
    (tmp_path / "page.html").write_text(graph_page("web.yaml", graph(explain(reading), reading.texts)))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "page.html").as_uri())
    level = page.evaluate(LEVEL)
    assert (len(level), level.count(True)) == (12, 12)
    assert page.locator(".graph.dense").count() == 1
    page.close()
