"""The accelerator in the report: drawn from the result alone, beside the loops of a layer; cores of a system too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onnx2zz.cli.main import run
from onnx2zz.report.page import page
from onnx2zz.report.saved_run import read_run
from tests.browser import LOOKS, SCREENSHOTS, opened

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser


def evaluated(arch: str, folder: Path) -> Any:
    asked = ["evaluate", "lenet5", "--arch", arch, "--lpf-limit", "2", "-o", str(folder)]
    assert run([*asked, "--html", str(folder / "r.html")]) == 0
    return json.loads((folder / "result.json").read_text())


@pytest.fixture(scope="module")
def seneca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seneca")
    evaluated("seneca", folder)
    return folder


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_it_is_drawn_at_any_width_and_leaves_a_screenshot(
    chromium: Browser, seneca: Path, scheme: str, width: int
) -> None:
    viewport = {"width": width, "height": 900}
    tab, wrong = opened(chromium, seneca / "r.html", viewport=viewport, color_scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.locator("#hardware").screenshot(path=SCREENSHOTS / f"hardware-{scheme}-{width}.png")
    assert wrong == []


def test_every_memory_is_drawn_and_a_layer_lies_beside(chromium: Browser, seneca: Path) -> None:
    result = json.loads((seneca / "result.json").read_text())
    tab, wrong = opened(chromium, seneca / "r.html")
    assert tab.locator("#hardware svg .memory").count() == len(result["hardware"]["memories"])
    titles = tab.locator("#hardware svg .memory title").all_text_contents()
    assert {title.split(":")[0] for title in titles} == set(result["hardware"]["memories"])
    costliest = max(result["layers"], key=lambda layer: layer["latency_cycles"])
    assert tab.locator("#hardware-layer").input_value() == costliest["name"]
    other = result["layers"][-1]
    tab.select_option("#hardware-layer", other["name"])
    loops = sum(len(level["loops"]) for level in other["breakdown"]["temporal_mapping"]["O"])
    assert tab.locator("#hardware-nest").inner_text().count("for ") == loops
    assert wrong == []


def test_a_saved_result_tells_it_and_an_older_one_goes_without(chromium: Browser, seneca: Path, tmp_path: Path) -> None:
    (tmp_path / "again.html").write_text(page([read_run(seneca / "result.json")]))
    tab, wrong = opened(chromium, tmp_path / "again.html")
    assert tab.locator("#hardware svg .memory").count() > 0
    older = json.loads((seneca / "result.json").read_text())
    del older["hardware"]["accelerator"], older["hardware"]["sources"]
    (tmp_path / "result.json").write_text(json.dumps(older))
    (tmp_path / "older.html").write_text(page([read_run(tmp_path / "result.json")]))
    tab, wrong_of_older = opened(chromium, tmp_path / "older.html")
    assert tab.locator("#hardware *").count() == 0
    assert wrong == wrong_of_older == []


def test_a_system_has_its_kinds_of_cores(chromium: Browser, tmp_path: Path) -> None:
    result = evaluated("seneca_2x2", tmp_path)
    assert [kind["name"] for kind in result["system"]["core_kinds"]] == ["seneca_core"]
    tab, wrong = opened(chromium, tmp_path / "r.html")
    assert tab.locator("#hardware svg").count() == 1 and "A core" in tab.locator("#hardware").inner_text()
    assert wrong == []
