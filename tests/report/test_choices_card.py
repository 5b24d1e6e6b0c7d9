"""How mappings were chosen, in the report: what is proven, what undeclared wires would save, and a layer's choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from onnx2zz.cli.main import run
from tests.browser import LOOKS, SCREENSHOTS, opened
from tests.small_workloads import gemm

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser

LAYERS = [gemm(0, None, "L0_few", k=3, c=64), gemm(1, 0, "L1_many", k=40, c=3), gemm(2, 1, "L2_few", k=5, c=40)]


def evaluated(mapping: str, folder: Path) -> None:
    (folder / "net.yaml").write_text(yaml.safe_dump(LAYERS))
    asked = ["evaluate", str(folder / "net.yaml"), "--arch", "seneca", "--mapping", mapping, "-o", str(folder)]
    assert run([*asked, "--html", str(folder / "r.html")]) == 0


@pytest.fixture(scope="module")
def optimal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("optimal")
    evaluated("optimal", folder)
    return folder


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_it_fits_any_width_and_leaves_a_screenshot(chromium: Browser, optimal: Path, scheme: str, width: int) -> None:
    viewport = {"width": width, "height": 900}
    tab, wrong = opened(chromium, optimal / "r.html", viewport=viewport, color_scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.locator("#choices").screenshot(path=SCREENSHOTS / f"choices-{scheme}-{width}.png")
    assert wrong == []


def test_the_page_says_what_the_terminal_says(
    chromium: Browser, optimal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluated("optimal", optimal)
    said = " ".join(capsys.readouterr().out.split())
    tab, wrong = opened(chromium, optimal / "r.html")
    told = [" ".join(line.split()) for line in tab.locator("#choices li").all_text_contents()]
    assert len(told) == 2 and all(line in said for line in told)
    assert "no mapping of the space takes less than" in told[0]
    assert "interconnect: {adder_trees: [D1]}" in told[1]
    assert wrong == []


def test_a_layer_tells_its_own_choice(chromium: Browser, optimal: Path) -> None:
    layer = json.loads((optimal / "result.json").read_text())["layers"][1]
    tab, wrong = opened(chromium, optimal / "r.html")
    tab.locator("#layers button", has_text=layer["name"]).click()
    detail = tab.locator("#layers tr.detail").inner_text()
    assert f"Mapping chosen: {layer['choice']['origin']}, {layer['choice']['priced']} priced" in detail
    assert wrong == []


def test_a_mapping_that_was_given_was_not_chosen(chromium: Browser, tmp_path: Path) -> None:
    evaluated("seneca", tmp_path)
    tab, wrong = opened(chromium, tmp_path / "r.html")
    assert tab.locator("#choices").inner_text() == ""
    assert wrong == []


def test_each_of_three_runs_is_called_by_its_letter(chromium: Browser, optimal: Path, tmp_path: Path) -> None:
    result = str(optimal / "result.json")
    assert run(["compare", result, result, result, "--html", str(tmp_path / "three.html")]) == 0
    tab, wrong = opened(chromium, tmp_path / "three.html")
    told = tab.locator("#choices li").all_text_contents()
    assert [line[:3] for line in told[::2]] == ["A: ", "B: ", "C: "]
    assert wrong == []
