"""The documentation as a site: it is built without a network, all of it is found in it, and no page asks elsewhere."""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make site` writes."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(repository / "docs", folder / "docs")
    shutil.copy(repository / "zensical.toml", folder)
    ended = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder / "build" / "site"


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def address_without_search(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same pages, with nothing to be searched: each page that is opened would read all of it first."""
    folder = tmp_path_factory.mktemp("without-search") / "site"
    shutil.copytree(site, folder)
    search = json.loads((folder / "search.json").read_text(encoding="utf-8"))
    (folder / "search.json").write_text(json.dumps({**search, "items": []}), encoding="utf-8")
    with served(folder) as address:
        yield address


def test_every_page_has_its_place_in_the_menu(repository: Path) -> None:
    project = tomllib.loads((repository / "zensical.toml").read_text(encoding="utf-8"))["project"]

    def named(entries: list[Any]) -> Iterator[str]:
        for entry in entries:
            for each in entry.values() if isinstance(entry, dict) else [entry]:
                yield from named(each) if isinstance(each, list) else [each]

    assert sorted(named(project["nav"])) == sorted(path.name for path in (repository / "docs").glob("*.md"))


@pytest.mark.long
def test_no_page_asks_elsewhere_nor_is_wider_than_a_phone(
    site: Path, address_without_search: str, browser: Browser
) -> None:
    address = address_without_search
    foreign: list[str] = []
    faults: list[str] = []
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.on("request", lambda request: request.url.startswith(address) or foreign.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    pages = sorted(path.name for path in site.glob("*.html"))
    assert len(pages) > 20
    wide = []
    for name in pages:
        page.goto(f"{address}/{name}")
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(name)
    page.close()
    assert (foreign, faults, wide) == ([], [], [])


#: How many lines each option of a page takes up: an option is a short code that begins with hyphens.
LINES = """() => [...document.querySelectorAll("article :not(pre) > code")]
    .filter(code => /^--[a-z-]+( [A-Z]+)?$/.test(code.textContent))
    .map(code => { const range = document.createRange(); range.selectNodeContents(code);
                   return new Set([...range.getClientRects()].map(each => each.top)).size })"""


@pytest.mark.long
@pytest.mark.parametrize("name", ["commands", "templates", "terraform"])
def test_an_option_is_not_broken_after_its_hyphens(address_without_search: str, browser: Browser, name: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address_without_search}/{name}.html")
    lines = page.evaluate(LINES)
    page.close()
    assert set(lines) == {1}


@pytest.mark.long
def test_what_is_searched_for_is_found(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("ResourceInitializationError")
    page.locator("dialog a[href*='messages.html']").first.wait_for(timeout=10_000)
    page.close()
