"""The graph of a run in the report: what feeds what, blocks once, colours and numbers of the run, a thousand layers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import onnx2zz
from onnx2zz.cli.main import run
from onnx2zz.pricing.result import document
from onnx2zz.report.model_graph import model_graph, workload_feeds
from onnx2zz.report.page import PageRun, page
from tests.browser import LOOKS, SCREENSHOTS, opened
from tests.small_workloads import conv, gemm, pool

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser, Page

EVIL = "<img src=x onerror=alert(1)>"


def repeated() -> dict[str, Any]:
    """Five layers: a stem, two layers that come twice, each fed by the one before and the second by the first too."""
    feeds = [
        {"I": ["input:x"], "W": ["const"]},
        {"I": [0], "W": ["const"]},
        {"I": [1], "W": [0]},
        {"I": [2], "W": ["const"]},
        {"I": [3], "W": [2, "host:best"]},
    ]
    return model_graph(feeds, [{"first": 1, "layers": 2, "times": 2}])


def test_a_repeated_block_is_drawn_once_with_how_often_it_comes() -> None:
    drawn: Any = repeated()["once"]
    assert [(place, times) for place, _, _, times in drawn["layers"]] == [(0, 1), (1, 2), (2, 2)]
    assert [frame[4] for frame in drawn["frames"]] == [2]
    assert drawn["again"] == [[2, 1], [2, 2]]
    assert [name for name, *_ in drawn["outer"]] == ["input:x", "host:best"]
    whole: Any = repeated()["whole"]
    assert [(place, times) for place, _, _, times in whole["layers"]] == [(place, 1) for place in range(5)]
    assert whole["again"] == whole["frames"] == []


def test_what_feeds_a_hand_written_workload_is_its_operand_source() -> None:
    layers = [
        conv(7, None, "first", k=6, c=3, oy=1, ox=28, fy=1, fx=5),
        pool(3, 7, "second", g=6, oy=1, ox=14, fy=1, fx=2, stride=(1, 2)),
        gemm(5, 3, "third", k=20, c=84),
    ]
    feeds = workload_feeds(layers)
    assert [next(iter(one["I"]), None) for one in feeds] == ["const", 0, 1]
    assert all(one.get("W", ["const"]) == ["const"] for one in feeds)


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer whose blocks come six times. The folder, with report.html."""
    folder = tmp_path_factory.mktemp("vit")
    asked = ["evaluate", "vit_small", "--arch", "seneca", "--lpf-limit", "2", "-o", str(folder)]
    assert run([*asked, "--html", str(folder / "report.html")]) == 0
    return folder


@pytest.fixture
def report(vit: Path) -> Path:
    return vit / "report.html"


def result(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "result.json").read_text())


def boxes(tab: Page) -> Any:
    return tab.locator("#graph g.layer")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_graph_is_drawn_at_any_width_and_leaves_a_screenshot(
    chromium: Browser, report: Path, scheme: str, width: int
) -> None:
    tab, wrong = opened(chromium, report, viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab.locator("#graph-costliest").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator("#graph .canvas").evaluate("one => one.clientHeight") <= 650
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.locator("#graph").screenshot(path=SCREENSHOTS / f"graph-{scheme}-{width}.png")
    assert wrong == []


def test_what_each_block_comes_to_is_beside_it(chromium: Browser, report: Path, vit: Path) -> None:
    found = result(vit)
    tab, wrong = opened(chromium, report)
    rows = [row.split("\t") for row in tab.locator("#scale tbody tr").all_inner_texts()]
    macs = [int(row[1].replace(",", "")) for row in rows]
    assert macs == [
        *(one["footprint"]["macs"] for one in found["blocks"]),
        found["outside_blocks"]["macs"],
        sum(macs[:-1]),
    ]
    assert macs[-1] == found["total"]["macs"]
    assert rows[0][0].startswith(f"{found['blocks'][0]['times']} × ")
    assert wrong == []


def test_blocks_are_shown_once_and_every_layer_when_asked(chromium: Browser, report: Path, vit: Path) -> None:
    found = result(vit)
    spared = sum(block["layers"] * (block["times"] - 1) for block in found["blocks"])
    tab, wrong = opened(chromium, report)
    assert spared > 0 and boxes(tab).count() == len(found["layers"]) - spared
    times = [f"{block['times']} times" for block in found["blocks"]]
    assert tab.locator("#graph .frame text").all_text_contents() == times
    tab.select_option("#graph-blocks", "whole")
    assert boxes(tab).count() == len(found["layers"]) and tab.locator("#graph .frame").count() == 0
    assert wrong == []


def table_names(tab: Page) -> list[str]:
    return tab.locator("#table td.name button").all_inner_texts()


def test_the_table_has_a_block_once_with_how_often_it_comes(chromium: Browser, report: Path, vit: Path) -> None:
    found = result(vit)
    hidden = {
        place
        for block in found["blocks"]
        for place in range(block["first"] + block["layers"], block["first"] + block["layers"] * block["times"])
    }
    names = [layer["name"] for layer in found["layers"]]
    tab, wrong = opened(chromium, report)
    assert table_names(tab) == [name for place, name in enumerate(names) if place not in hidden]
    assert tab.locator("#latency .row").count() == len(names) - len(hidden)
    first = found["blocks"][0]
    row = tab.locator("#table tr", has_text=names[first["first"]]).first
    assert f"{first['times']} times" in row.inner_text()
    # What the graph opens is shown, whichever layer stands for it.
    tab.select_option("#graph-blocks", "whole")
    boxes(tab).nth(max(hidden)).dispatch_event("click")
    tab.locator("#graph-listed").click()
    assert table_names(tab) == names and tab.locator("#table tr.detail").count() == 1
    tab.select_option("#layers-once", "once")
    assert len(table_names(tab)) == len(names) - len(hidden)
    assert wrong == []


def test_runs_that_repeat_otherwise_hide_no_layer_of_each_other(chromium: Browser, vit: Path, tmp_path: Path) -> None:
    found = result(vit)
    file = tmp_path / "both.html"
    file.write_text(page([PageRun(found), PageRun({**found, "blocks": []})]), encoding="utf-8")
    tab, wrong = opened(chromium, file)
    assert table_names(tab) == [layer["name"] for layer in found["layers"]]
    assert tab.locator("#layers-once").count() == 0 and wrong == []


def test_the_costliest_box_has_the_strongest_colour_and_opens_on_its_layer(
    chromium: Browser, report: Path, vit: Path
) -> None:
    found = result(vit)
    tab, wrong = opened(chromium, report)
    tab.select_option("#graph-blocks", "whole")
    for cost in ("latency_cycles", "energy_pj"):
        tab.select_option("#graph-cost", cost)
        costliest = max(found["layers"], key=lambda layer: layer[cost])
        of_all = costliest[cost] / found["total"][cost]
        tab.locator("#graph-costliest").click()
        box = tab.locator("#graph g.layer.chosen")
        assert "s5" in (box.get_attribute("class") or "")
        assert int(box.get_attribute("data-place") or -1) == found["layers"].index(costliest)
        share = (box.locator("text.cost").text_content() or "").split(", ")[1].removesuffix("\u00a0%")
        assert float(share) == pytest.approx(100 * of_all, abs=0.5)
        detail = tab.locator("#graph .chosen").last.inner_text()
        assert detail.startswith(costliest["name"]) and "loops, outermost first" in detail
        box.click()  # closed again: the next cost begins anew
    weak = {
        number for number, layer in enumerate(found["layers"]) if layer["energy_pj"] <= 0.01 * costliest["energy_pj"]
    }
    assert {int(one.get_attribute("data-place") or -1) for one in tab.locator("#graph g.layer.s0").all()} == weak
    assert wrong == []


def test_a_box_names_the_nodes_that_are_fused_into_its_layer(chromium: Browser, tmp_path: Path) -> None:
    """And what feeds it, and opens the row among the layers."""
    file = tmp_path / "r.html"
    asked = ["evaluate", "lenet5", "--arch", "seneca", "--lpf-limit", "2", "-o", str(tmp_path)]
    assert run([*asked, "--html", str(file)]) == 0
    nodes = json.loads((tmp_path / "coverage.json").read_text())["nodes"]
    first = [node["op"] for node in nodes if 0 in node["layers"]]
    assert len(first) > 1
    tab, wrong = opened(chromium, file)
    assert boxes(tab).first.locator("text").nth(1).text_content() == " · ".join(first)
    boxes(tab).nth(1).click()
    said = tab.locator("#graph .chosen").last.inner_text()
    assert f"I from {result(tmp_path)['layers'][0]['name']}" in said
    tab.locator("#graph-listed").click()
    assert tab.locator("#table tr.detail").count() == 1
    assert wrong == []


def test_names_that_are_markup_are_names_in_the_graph(chromium: Browser, tmp_path: Path) -> None:
    layers = [conv(0, None, EVIL, k=6, c=3, oy=1, ox=28, fy=1, fx=5), gemm(1, 0, "L1_last", k=20, c=84)]
    (tmp_path / "net.yaml").write_text(json.dumps(layers))
    found = onnx2zz.evaluate(tmp_path / "net.yaml", "seneca", lpf_limit=2, html=tmp_path / "r.html")
    assert len(found.layers) == 2
    tab, wrong = opened(chromium, tmp_path / "r.html")
    assert boxes(tab).count() == 2
    boxes(tab).first.hover()
    assert EVIL in tab.locator("#tooltip").inner_text()
    assert tab.locator("img").count() == 0 and wrong == []


def test_a_thousand_layers_are_drawn_once_and_move_at_once(chromium: Browser, tmp_path: Path) -> None:
    """1,500 layers with skips: open within seconds; zooming draws nothing anew, and its layout takes
    less than 50 ms."""
    one = onnx2zz.evaluate("lenet5", "seneca", lpf_limit=2)
    found = document(one)
    kinds: Any = found["layers"]
    found["layers"] = [{**kinds[n % len(kinds)], "id": n, "name": f"L{n}_of_many"} for n in range(1500)]
    found["blocks"] = []
    feeds = [
        {"I": [n - 1] if n else ["input:x"], "W": [n - 7] if n % 7 == 6 and n > 7 else ["const"]} for n in range(1500)
    ]
    begun = time.process_time()
    file = tmp_path / "many.html"
    file.write_text(page([PageRun(found, feeds=feeds)]))
    assert time.process_time() - begun < 10
    tab, wrong = opened(chromium, file)
    assert boxes(tab).count() == 1500 and tab.locator("#graph path.edges").count() == 2
    zooming = """() => { const button = document.querySelector('#graph [aria-label="zoom out"]'), times = [];
      const boxes = [...document.querySelectorAll('#graph g.layer')];
      for (let n = 0; n < 11; n++) {
        const begun = performance.now();
        button.click();
        boxes[0].getBoundingClientRect();  // layout, too
        times.push(performance.now() - begun);
      }
      const same = [...document.querySelectorAll('#graph g.layer')].every((box, at) => box === boxes[at]);
      return [same, times.sort((one, other) => one - other)[5]]; }"""
    same, median = tab.evaluate(zooming)
    assert same and median < 50
    assert wrong == []
