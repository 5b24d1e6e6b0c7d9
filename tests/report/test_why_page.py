"""The page of a comparison says which is better and why, as the terminal does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

import onnx2zz
from onnx2zz.cli.main import run
from tests.browser import LOOKS, assert_opens_cleanly, opened
from tests.small_workloads import gemm

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser


CHIPS = ("seneca", "tpu_like", "eyeriss_like")


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


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs and the page of all."""
    folder = tmp_path_factory.mktemp("three")
    for chip in CHIPS:
        assert run(["evaluate", "lenet5", "--arch", chip, "-o", str(folder / chip), "--lpf-limit", "2"]) == 0
    files = [str(folder / chip) for chip in CHIPS]
    assert run(["compare", *files, "--html", str(folder / "three.html"), "--json", str(folder / "three.json")]) == 0
    return folder


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_three_runs_are_one_page_on_a_desk_and_on_a_telephone(
    chromium: Browser, three: Path, scheme: str, width: int
) -> None:
    assert_opens_cleanly(chromium, three / "three.html", "three", scheme, width)


def test_the_page_of_three_has_each_ratio_and_each_pair(chromium: Browser, three: Path) -> None:
    tab, wrong = opened(chromium, three / "three.html")
    results = [json.loads((three / chip / "result.json").read_text()) for chip in CHIPS]
    cycles, picojoules = ([one["total"][key] for one in results] for key in ("latency_cycles", "energy_pj"))
    tile = tab.locator("#headline .tile").first.inner_text().replace("\u00a0", " ")
    foot = tab.locator("#table tr.total").inner_text()
    for number, label in ((1, "B"), (2, "C")):
        assert f"{label} {cycles[number] / cycles[0]:.2f}×" in tile
        for total in (cycles, picojoules):
            assert f"{total[number] / total[0]:.2f}×" in foot
    assert tab.locator("#latency .row").first.locator(".bar").count() == 3
    layers = [one["layers"] for one in results]
    heads = [head.rstrip(" ↑↓") for head in tab.locator("#table thead th").all_inner_texts()]
    row = tab.locator("#table tbody tr").first.locator("td").all_inner_texts()
    assert row[heads.index("Cycles C")] == f"{round(layers[2][0]['latency_cycles']):,}"
    shown = tab.inner_text("#why")
    compared = onnx2zz.compare(*(three / chip for chip in CHIPS))
    assert [pair.labels for pair in compared.pairs] == [("A", "B"), ("A", "C")]
    for pair in compared.pairs:
        assert f"{pair.labels[1]} beside A" in shown and all(line.strip() in shown for line in pair.sentences)
    assert len(json.loads((three / "three.json").read_text())["runs"]) == 3
    tab.select_option("#graph-run", "2")
    assert tab.locator("#graph g.layer").count() == len(layers[2])
    tab.select_option("#hardware-run", "1")
    assert tab.locator("#hardware svg .memory").count() == len(results[1]["hardware"]["memories"])
    assert wrong == []


def test_layers_that_are_called_alike_have_a_row_each(chromium: Browser, tmp_path: Path) -> None:
    """As a workload of one's own may call them: all are there, none takes another's place."""
    alike = [gemm(0, None, "same", k=3, c=64), gemm(1, 0, "same", k=40, c=3), gemm(2, 1, "same (2)", k=5, c=40)]
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(alike))
    found = onnx2zz.evaluate(tmp_path / "net.yaml", "seneca", lpf_limit=2, html=tmp_path / "alike.html")
    tab, wrong = opened(chromium, tmp_path / "alike.html")
    shown = tab.locator("#table tbody tr:not(.total)").all_inner_texts()
    assert [line.split("\t")[0] for line in shown] == ["same", "same (2)", "same (2) (2)"]
    cycles = [f"{layer.latency_cycles:,.0f}" for layer in found.layers]
    assert len(set(cycles)) == 3 and all(each in line for each, line in zip(cycles, shown, strict=True))
    assert wrong == []
