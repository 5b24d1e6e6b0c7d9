"""What a terminal and the page say of a system: 80 and 140 columns, few cores and many."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

import onnx2zz
from onnx2zz.pricing.result import Evaluation, LayerResult, Total, as_json, document
from onnx2zz.pricing.system_result import CoreCount, CoreUse, KindTried, LayerUse, LinkUse, PipelineUse, SystemResult
from onnx2zz.report.page import PageRun, page
from onnx2zz.report.placed import cores_told
from onnx2zz.report.saved_run import read_run
from onnx2zz.report.system import print_system
from onnx2zz.report.table import print_table
from tests.browser import LOOKS, assert_opens_cleanly, opened
from tests.present import present

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser

LATENCY = 4000.0


def system(cores: int, links: int) -> SystemResult:
    """Core n is busy for 30 n cycles, link n for 20 n; every third link carries nothing."""
    return SystemResult(
        schedule="layers",
        latency_cycles=LATENCY,
        bound_cycles=3200.0,
        bound_by="the off-chip port",
        gap=1.25,
        clock_mhz=500.0,
        energy={"cores_pj": 1500.0, "links_pj": 20.0, "offchip_pj": 7e6, "static_pj": 3e3},
        offchip_bits=9e4,
        noc_bit_hops=8e4,
        tiles=6,
        transfers=9,
        tried=3,
        hulls=((0, 1),),
        cores=tuple(CoreUse(n, f"core[{n % 2}]", 8000, 40.0 * n, 30.0 * n, 100.0 * n) for n in range(cores)),
        links=tuple(
            LinkUse(f"{n}>{n + 1}", (n, n + 1), True, 32, n % 3 * 1000, 20.0 * n, 0.5 * n) for n in range(links)
        ),
        layers=(
            LayerUse(0, (0, 1, 2, 5), 4, {"OY": 2, "OX": 2}, {"K": 3}, 10.0, 2500.0),
            LayerUse(1, (1,), 1, {}, {}, 2400.0, LATENCY),
        ),
    )


def run_on(cores: int, links: int) -> Evaluation:
    layers = (
        LayerResult(0, "L0_features_denseblock4_denselayer16_conv2", "Conv", 1e3, 2490.0, 1_814_073_344, 0.5, {}),
        LayerResult(1, "L1_pool", "Pooling", 500.0, 1600.0, 0, 1.0, {}),
    )
    total = Total(7e6 + 1520, LATENCY, 1_814_073_344, False)
    return Evaluation("a[b].onnx", "mesh", "3.9.1", "0.2.0", "EDP", total, layers, 5, 5, 0, system=system(cores, links))


def printed(evaluation: Evaluation, width: int) -> list[str]:
    text = io.StringIO()
    console = Console(file=text, width=width)
    print_table(evaluation, evaluation.mapping or "", console)
    print_system(evaluation, console)
    return [line.rstrip() for line in text.getvalue().splitlines() if line.strip()]


@pytest.mark.parametrize("width", [80, 140])
def test_the_caption_says_the_system_and_no_line_is_too_long(width: int) -> None:
    lines = printed(run_on(4, 9), width)
    assert lines[0] == "a[b].onnx on mesh, 4 cores, best EDP (ZigZag 3.9.1)"
    assert all(len(line) <= width for line in lines)
    assert "Latency 4,000 cycles (8.000 µs), bound 3,200 (the off-chip port), 1.250x" in lines
    assert "Energy: cores 1.500 nJ, links 20.00 pJ, off chip 7.000 µJ; beside it static 3.000 nJ" in " ".join(lines)
    assert "denselayer16_conv2" in " ".join(lines) and "L1_pool" in " ".join(lines)


def test_the_caption_names_a_mapping_that_was_asked_for() -> None:
    assert "4 cores, mapping mine, best" in printed(replace(run_on(4, 9), mapping="mine"), 100)[0]


def test_a_wide_screen_says_where_layers_run() -> None:
    wide = printed(run_on(6, 9), 140)
    assert wide[1].split()[-2:] == ["Cores", "Split"]
    assert wide[3].endswith("0-2, 5  OY 2, OX 2; K 3 in turn")
    assert "Cores" not in printed(run_on(6, 9), 60)[1]


def test_cores_are_told_as_ranges() -> None:
    assert cores_told((0, 1, 2, 5, 7, 8)) == "0-2, 5, 7-8"


def test_few_cores_are_all_shown_in_their_order() -> None:
    lines = printed(run_on(16, 3), 100)
    shown = [line.split() for line in lines if "core[" in line]
    assert [cells[0] for cells in shown] == [str(n) for n in range(16)]
    assert shown[8][1:] == ["core[0]", "6.0%", "4.0%", "800.0", "pJ"]  # 240 of 4,000 cycles, 320 of 8,000 bit


def test_of_many_cores_the_busiest_the_idlest_and_all_together_are_shown() -> None:
    lines = printed(run_on(17, 3), 100)
    shown = [line.split()[0] for line in lines if "core[" in line]
    assert shown == ["16", "15", "14", "13", "12", "11", "1", "0"]
    # 30 x (0 + ... + 16) / 17 = 240 cycles; core 16 holds 640 of 8,000 bit; 100 x 136 pJ
    assert "all 17: busy for 6.0% on average, 1 never; memory 8.0% full at most; 13.60 nJ" in lines


def links_in(lines: list[str]) -> Iterator[str]:
    return (line.split()[0] for line in lines if ">" in line.split()[0])


def test_links_that_carry_nothing_are_left_out_and_twelve_shown_at_most() -> None:
    assert list(links_in(printed(run_on(2, 5), 100))) == ["4>5", "2>3", "1>2"]
    lines = printed(run_on(2, 30), 100)
    assert len(list(links_in(lines))) == 12
    assert "and 8 more, busy for 5.5% at most" in lines  # of 20 that carry something; link 11 for 220 of 4,000
    assert "14.5%  0.002" in " ".join(next(line for line in lines if line.startswith("29>30")).split()).replace(
        " ", "  "
    )


def test_what_is_taken_as_a_box_is_said() -> None:
    said = "Taken as the box around what is read, so as no less than that: L1_pool of"
    assert any(line.startswith(said) for line in printed(run_on(2, 2), 140))


PIPELINE = PipelineUse(50, 2000.0, 1600.0, "the cores", 1.25, 2, 9000.0, 288_000, 5e6, 111_000.0, 4e8)
COUNTS = (
    CoreCount(1, 7000.0, 7100.0, 5e5, 200_000, False, True),
    CoreCount(3, 2500.0, 4100.0, 6e5, 288_000, True, True),
    CoreCount(4, 2500.0, 4000.0, 7e5, 288_000, True, False),
)


def running() -> Evaluation:
    """A pipeline: core n is busy for 30 n of 2,000 cycles."""
    of = replace(system(4, 3), schedule="pipeline", pipeline=PIPELINE, core_counts=COUNTS)
    return replace(run_on(4, 3), system=of)


def test_a_pipeline_says_interval_setup_and_what_all_frames_come_to() -> None:
    lines = printed(running(), 200)
    assert "A frame every 2,000 cycles (250,000 frames a second), bound 1,600 (the cores), 1.250x; 2 in flight" in lines
    assert (
        "Before the first, 0.288 Mbit that stay: 9,000 cycles, 5.000 µJ; with them 50 frames take 111,000 cycles and "
        "400.0 µJ" in lines
    )
    third = next(line.split() for line in lines if line.startswith("3 ") and "core[" in line)
    assert third[2] == "4.5%"  # 90 of an interval's 2,000 cycles, not of a frame's 4,000


def test_frames_that_go_through_the_layers_together_are_said() -> None:
    of = replace(system(4, 3), schedule="pipeline", pipeline=replace(PIPELINE, batch=8))
    said = next(line for line in printed(replace(run_on(4, 3), system=of), 200) if line.startswith("A frame every"))
    assert said.endswith("1.250x; 2 in flight, 8 at a time through each layer")


def test_numbers_of_cores_have_a_row_each_and_the_fewest_for_all_weights_is_said() -> None:
    lines = [" ".join(line.split()) for line in printed(running(), 120)]
    assert "1 front 7,000 7,100 500.0 nJ 0.200 *" in lines
    assert "4 2,500 4,000 700.0 nJ 0.288" in lines
    assert "all weights stay on 3 cores; *: others come with every frame" in lines


def test_what_auto_tried_is_said() -> None:
    tried = (KindTried("layers", 4000.0, "taken"), KindTried("pipeline", None, "not made"))
    said = printed(replace(run_on(2, 2), system=replace(system(2, 2), auto=tried)), 120)
    assert [line for line in said if line.startswith("Schedule")] == [
        "Schedule layers: taken",
        "Schedule pipeline: not made",
    ]


def test_a_result_has_no_word_of_pipelines_where_there_is_none() -> None:
    of_system = json.loads(as_json(run_on(2, 2)))["system"]
    assert "layers" in of_system
    assert not {"pipeline", "auto", "core_counts"} & set(of_system)


def test_the_page_says_the_same_of_a_pipeline(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "pipeline.html"
    file.write_text(page([PageRun(document(running()))]), encoding="utf-8")
    tab, wrong = opened(chromium, file)
    said = tab.locator("#system").inner_text()
    assert "A frame every 2,000 cycles (250,000 frames a second), 2 in flight." in said
    assert "50 frames take 111,000 cycles" in said
    assert tab.locator("#system table").first.locator("tbody tr").count() == len(COUNTS)
    assert wrong == []


def test_one_accelerator_prints_nothing_of_a_system() -> None:
    text = io.StringIO()
    print_system(replace(run_on(2, 2), system=None), Console(file=text))
    assert text.getvalue() == ""


@pytest.fixture(scope="module")
def real() -> Evaluation:
    return onnx2zz.evaluate("lenet5", "seneca_2x2", lpf_limit=2)


@pytest.fixture(scope="module")
def report(real: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "system.html"
    file.write_text(page([PageRun(document(real))]), encoding="utf-8")
    return file


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_page_opens_without_an_error(chromium: Browser, report: Path, scheme: str, width: int) -> None:
    assert_opens_cleanly(chromium, report, "system", scheme, width)


def test_the_page_has_the_same_figures(chromium: Browser, report: Path, real: Evaluation) -> None:
    tab, wrong = opened(chromium, report)
    told = present(real.system)
    said = tab.locator("#system").inner_text()
    busy = sorted((core.busy_cycles / told.latency_cycles for core in told.cores), reverse=True)
    first = tab.locator("#system table").first.locator("tbody tr").first.inner_text().split("\t")
    assert float(first[2].removesuffix("\u00a0%")) == pytest.approx(100 * busy[0], abs=0.5)
    assert "port" in said and tab.locator("#system table").last.locator("tbody tr").count() == sum(
        link.bits > 0 for link in told.links
    )
    assert f"fewer than {told.bound_cycles:,.0f} cycles (the off-chip port)" in tab.locator("#bounds").inner_text()
    assert tab.locator("#roofline svg").count() == 0
    tab.get_by_role("button", name="L2_conv2").click()
    assert f"from cycle {told.layers[2].start:,.0f} to {told.layers[2].end:,.0f}" in tab.locator(".detail").inner_text()
    assert wrong == []


def test_a_saved_result_of_a_system_is_compared_with_one_of_an_accelerator(
    chromium: Browser, real: Evaluation, tmp_path: Path
) -> None:
    one = onnx2zz.evaluate("lenet5", "seneca", lpf_limit=2)
    runs: list[PageRun] = []
    for name, found in (("a", real), ("b", one)):
        (tmp_path / f"{name}.json").write_text(as_json(found))
        runs.append(read_run(tmp_path / f"{name}.json"))
    file = tmp_path / "compared.html"
    file.write_text(page(runs), encoding="utf-8")
    tab, wrong = opened(chromium, file)
    assert "A: Cores and links" in tab.locator("#system").inner_text()
    assert tab.locator("#table tbody tr").count() == 8
    assert wrong == []
