"""The zoo's report in a browser: no error, sorting and filtering, foreign text as text, a phone's width."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onnx2zz.cli.main import run
from onnx2zz.proof.result import NotExecuted, Verification
from onnx2zz.report.zoo_page import zoo_page
from onnx2zz.zoo.difference import differences
from onnx2zz.zoo.golden import SHIPPED, read_golden
from onnx2zz.zoo.models import chosen_models
from onnx2zz.zoo.run import ModelRun
from tests.browser import LOOKS, assert_opens_cleanly, opened
from tests.present import present

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser, Page

EVIL = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>"


def zoo() -> list[ModelRun]:
    """One whose first layer became dearer by a quarter on SENECA, one that is green, one that is not to be read."""
    runs: list[ModelRun] = []
    for model in chosen_models(["lenet5", "resnet18", "bert_layer"]):
        golden = read_golden(SHIPPED, model.name)
        assert golden is not None
        proof = Verification(model.name, 9, 9, 9, 9, 700, 0.0, host=(NotExecuted(EVIL, "TopK", "a partial sort"),))
        runs.append(ModelRun(model, golden, proof, golden))
    dear = zoo_of(runs, "lenet5")
    found, was = present(dear.found), present(dear.golden)
    first = found.layers[0]
    prices = {**first.prices, "seneca": (present(first.prices["seneca"][0]) * 1.25, first.prices["seneca"][1])}
    found = replace(found, layers=(replace(first, name=f"L0_{EVIL}", prices=prices), *found.layers[1:]))
    was = replace(was, layers=(replace(first, name=f"L0_{EVIL}"), *was.layers[1:]))
    dear = replace(dear, found=found, moved=differences(was, found))
    lost = ModelRun(zoo_of(runs, "bert_layer").model, faults=(f"{EVIL} cannot be read",))
    return [dear, zoo_of(runs, "resnet18"), lost]


def zoo_of(runs: list[ModelRun], name: str) -> ModelRun:
    return next(one for one in runs if one.model.name == name)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("zoo") / "zoo.html"
    file.write_text(zoo_page(zoo(), ["seneca", "tpu_like"], "Compiled, verified and priced"), encoding="utf-8")
    return file


def names(tab: Page) -> list[str]:
    return tab.locator("#table tbody tr td:first-child").all_inner_texts()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_opens_without_an_error_at_any_width_and_leaves_a_screenshot(
    chromium: Browser, report: Path, scheme: str, width: int
) -> None:
    assert_opens_cleanly(chromium, report, "zoo", scheme, width)


def test_says_what_is_green_what_moved_and_what_is_at_fault(chromium: Browser, report: Path) -> None:
    tab, wrong = opened(chromium, report)
    assert tab.title() == "1 of 3 models green"
    said = tab.locator("#notices").inner_text()
    assert f"bert_layer: {EVIL} cannot be read" in said
    assert f"lenet5 leaves to the host: TopK {EVIL} (a partial sort)" in said
    moved = tab.locator("#moves tbody tr").all_inner_texts()
    assert [row.split("\t")[2] for row in moved] == ["energy on seneca"] * 2
    assert EVIL in moved[1] and moved[1].endswith("+25.000 %")
    assert tab.locator("img").count() == 0 and tab.locator("script").count() == 2
    assert wrong == []


def test_sorts_and_filters(chromium: Browser, report: Path) -> None:
    """By MACs: ResNet-18, LeNet-5, and the one without any last but for its zero."""
    tab, _ = opened(chromium, report)
    assert names(tab) == ["lenet5", "resnet18", "bert_layer"]
    tab.get_by_role("button", name="MACs").click()
    assert names(tab) == ["resnet18", "lenet5", "bert_layer"]
    tab.get_by_role("button", name="MACs").click()
    assert names(tab) == ["bert_layer", "lenet5", "resnet18"]
    assert tab.locator("#prices svg circle").count() == 4
    tab.fill("#filter", "GREEN zig")
    assert names(tab) == ["resnet18"] and tab.locator("#prices svg circle").count() == 2
    assert tab.locator("#moves tbody tr").count() == 0


def test_hovering_tells_a_point(chromium: Browser, report: Path) -> None:
    tab, _ = opened(chromium, report)
    tab.fill("#filter", "resnet18")
    tab.locator("#prices svg circle").first.hover()
    assert tab.locator("#tooltip").inner_text().startswith("resnet18 on seneca\n227,502,189 cycles")


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "zoo.html"
    assert run(["zoo", "run", "--quick", "--model", "lenet5", "--html", str(file)]) == 0
    text = file.read_text()
    assert '"lenet5"' in text and "1 of 1 models green" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
