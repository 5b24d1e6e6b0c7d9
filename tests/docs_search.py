"""The search of the built site, in a headless browser: what it lists for words that are typed."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import TimeoutError

if TYPE_CHECKING:
    from collections.abc import Generator

    from playwright.sync_api import Browser, Page

RESULT = ".md-search-result__item > a.md-search-result__link"
WAIT_MS = 5_000


class Search:
    """The search field of one page that is open; `wrong` is what the page complains about, or fetches elsewhere."""

    def __init__(self, tab: Page, wrong: list[str]) -> None:
        self.tab, self.wrong = tab, wrong

    def first(self, words: str) -> str:
        """The file name of the page that is listed first, "" if none is."""
        self._type("")
        self.tab.wait_for_function("!document.querySelector('.md-search-result__item')", timeout=WAIT_MS)
        self._type(words)
        try:
            link = self.tab.wait_for_selector(RESULT, state="attached", timeout=WAIT_MS)
        except TimeoutError:
            return ""
        where = link.get_attribute("href") if link else None
        return (where or "").split("?")[0].split("#")[0].rsplit("/", 1)[-1]

    def _type(self, words: str) -> None:
        self.tab.fill(".md-search__input", words)
        self.tab.press(".md-search__input", "End")  # the search listens to keys


@contextmanager
def opened_search(chromium: Browser, address: str) -> Generator[Search]:
    """The search of the page at an address, whether that is a file's or a server's."""
    tab = chromium.new_context(viewport={"width": 1240, "height": 900}).new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    home = address.rsplit("/", 1)[0]
    tab.on(
        "request",
        lambda asked: wrong.append(asked.url) if not asked.url.startswith((home, "data:", "about:", "blob:")) else None,
    )
    tab.goto(address)
    tab.focus(".md-search__input")
    try:
        yield Search(tab, wrong)
    finally:
        tab.close()


def page_address(site: Path, page: str) -> str:
    """A page of a built site as a file."""
    return (site / page).as_uri()
