"""A page in a headless browser."""

from pathlib import Path
from typing import Any

SCREENSHOTS = Path(__file__).parents[1] / "artefacts" / "screenshots"


def opened(chromium: Any, file: Path, **how: Any) -> tuple[Any, list[str]]:
    """The page, and everything that went wrong in it or that it asked for elsewhere."""
    tab = chromium.new_context(**{"viewport": {"width": 1240, "height": 900}, **how}).new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on(
        "request", lambda request: wrong.append(request.url) if not request.url.startswith(("file:", "data:")) else None
    )
    tab.on("dialog", lambda dialog: wrong.append(dialog.message))
    tab.goto(file.as_uri())
    return tab, wrong
