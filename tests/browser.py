"""A page in a headless browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser, Page


SCREENSHOTS = Path(__file__).parents[1] / "artefacts" / "screenshots"


def opened(chromium: Browser, file: Path, **how: Any) -> tuple[Page, list[str]]:
    """The page, and everything that went wrong in it or that it asked for elsewhere."""
    looks: dict[str, Any] = {"viewport": {"width": 1240, "height": 900}, **how}
    tab = chromium.new_context(**looks).new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on(
        "request", lambda request: wrong.append(request.url) if not request.url.startswith(("file:", "data:")) else None
    )
    tab.on("dialog", lambda dialog: wrong.append(dialog.message))
    tab.goto(file.as_uri())
    return tab, wrong


LOOKS = (("light", 1240), ("dark", 1240), ("light", 390))
"""Colour schemes and widths, of a desk and of a telephone, that a page is looked at in."""


def assert_opens_cleanly(chromium: Browser, file: Path, name: str, scheme: str, width: int) -> None:
    """Opens at a width without an error and without being wider than that; leaves a screenshot called after `name`."""
    tab, wrong = opened(chromium, file, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert tab.evaluate("document.documentElement.dataset.theme") == scheme
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png", full_page=True)
    assert wrong == []
