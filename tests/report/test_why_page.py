"""The page of a comparison says which is better and why, as the terminal does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import onnx2zz
from onnx2zz.cli.main import run
from tests.browser import LOOKS, assert_opens_cleanly, opened

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs and the page of both."""
    folder = tmp_path_factory.mktemp("both")
    for chip in ("seneca", "tpu_like"):
        onnx2zz.evaluate("lenet5", chip, output=folder / chip, json=folder / f"{chip}.json", lpf_limit=2)
    files = [str(folder / f"{chip}.json") for chip in ("seneca", "tpu_like")]
    assert run(["compare", *files, "--html", str(folder / "both.html")]) == 0
    return folder


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_page_opens_on_a_desk_and_on_a_telephone(chromium: Browser, both: Path, scheme: str, width: int) -> None:
    assert_opens_cleanly(chromium, both / "both.html", "why", scheme, width)


def test_the_page_says_why(chromium: Browser, both: Path) -> None:
    tab, wrong = opened(chromium, both / "both.html")
    shown = tab.inner_text("#why")
    (pair,) = onnx2zz.compare(both / "seneca.json", both / "tpu_like.json").pairs
    assert all(line.strip() in shown for line in pair.sentences) and not wrong
