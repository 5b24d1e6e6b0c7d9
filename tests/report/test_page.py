"""The report in a browser: no error, no network, sorting and filtering, foreign text as text, a phone's width."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.result import document
from onnx2zz.pricing.run import evaluate
from onnx2zz.pricing.supplement import NOTHING, Supplement
from onnx2zz.report.page import PageRun, page
from onnx2zz.sidecar.figures import Sidecar
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.browser import LOOKS, SCREENSHOTS, opened
from tests.json_values import Document
from tests.small_workloads import conv, gemm, name_of, pool

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser

EVIL = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>"


def network() -> list[WorkloadEntry]:
    """Three layers; the second's name is a script."""
    return [
        conv(0, None, "L0_stem", k=6, c=3, oy=1, ox=28, fy=1, fx=5),
        pool(1, 0, EVIL, g=6, oy=1, ox=14, fy=1, fx=2, stride=(1, 2)),
        gemm(2, 1, "L2_classify", k=20, c=84),
    ]


def coverage() -> dict[str, Any]:
    nodes = [
        {
            "node": name_of(layer),
            "op": "Conv",
            "outputs": ["y"],
            "status": "lowered",
            "layers": [layer["id"]],
            "why": "",
        }
        for layer in network()
    ]
    host = {"node": "nms", "op": "NonMaxSuppression", "outputs": ["z"], "status": "host", "layers": [], "why": EVIL}
    kinds = ("exact", "movement", "approximate")
    layers: list[Document] = [
        {"id": layer["id"], "name": name_of(layer), "kind": kind, "sources": {}}
        for layer, kind in zip(network(), kinds, strict=True)
    ]
    return {"nodes": [*nodes, host], "layers": layers}


def priced(arch: str, folder: Path, supplement: Supplement = NOTHING) -> PageRun:
    accelerator = find_accelerator(arch)
    workload = PricedWorkload(EVIL, "net.yaml", tuple(network()))
    options = PriceOptions(lpf_limit=2)
    found = evaluate(
        EvaluationRequest(workload, accelerator, choose_mapping(None, accelerator), options, supplement=supplement),
        folder / "zigzag.log",
    )
    return PageRun(document(found), coverage())


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[PageRun]:
    return [priced(arch, tmp_path_factory.mktemp("runs")) for arch in ("seneca", "tpu_like")]


@pytest.fixture
def report(runs: list[PageRun], tmp_path: Path) -> Path:
    file = tmp_path / "report.html"
    file.write_text(page(runs[:1]), encoding="utf-8")
    return file


def names(tab: Any) -> list[str]:
    return tab.locator("#table td.name button").all_inner_texts()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_opens_without_an_error_at_any_width_and_leaves_a_screenshot(
    chromium: Browser, report: Path, scheme: str, width: int
) -> None:
    viewport = {"width": width, "height": 900}
    tab, wrong = opened(chromium, report, viewport=viewport, color_scheme=scheme)
    assert tab.evaluate("document.documentElement.dataset.theme") == scheme
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("document.querySelector('#roofline svg').getBoundingClientRect().height") < 450
    tab.locator("#table td.name button").first.click()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"report-{scheme}-{width}.png", full_page=True)
    assert wrong == []


def test_a_name_that_is_a_script_is_a_name(chromium: Browser, report: Path) -> None:
    tab, wrong = opened(chromium, report)
    assert names(tab)[1] == EVIL
    assert tab.title().startswith(EVIL) and tab.locator("#title").inner_text().startswith(EVIL)
    assert tab.locator("img").count() == 0 and tab.locator("script").count() == 2
    assert wrong == []


def test_sorts_by_a_column_both_ways_and_the_charts_follow(
    chromium: Browser, report: Path, runs: list[PageRun]
) -> None:
    by_energy = sorted(runs[0].evaluation["layers"], key=lambda layer: layer["energy_pj"])
    expected = [layer["name"] for layer in by_energy]
    tab, _ = opened(chromium, report)
    tab.get_by_role("button", name="Energy").click()
    assert names(tab) == expected[::-1]
    assert tab.locator("#energy .row .name").all_text_contents() == expected[::-1]
    tab.get_by_role("button", name="Energy").click()
    assert names(tab) == expected
    tab.select_option("#sort", "order")
    assert names(tab) == [name_of(layer) for layer in network()]


def test_filters_by_words_of_the_name_and_by_operator(chromium: Browser, report: Path) -> None:
    tab, _ = opened(chromium, report)
    tab.fill("#filter", "CLASS l2")
    assert names(tab) == ["L2_classify"]
    tab.fill("#filter", "nothing like it")
    assert names(tab) == [] and "No layer matches" in tab.locator("#latency").inner_text()
    tab.fill("#filter", "")
    tab.select_option("#type", "Pooling")
    assert names(tab) == [EVIL]


def test_a_layer_opens_on_its_loops(chromium: Browser, report: Path, runs: list[PageRun]) -> None:
    """As many loops as its temporal mapping has, in the memories that hold them, and what runs in parallel."""
    tab, _ = opened(chromium, report)
    tab.get_by_role("button", name="L2_classify").click()
    nest = tab.locator(".detail").inner_text()
    mapping = runs[0].evaluation["layers"][2]["breakdown"]["temporal_mapping"]
    assert nest.count("for ") == sum(len(level["loops"]) for level in mapping["O"])
    assert all(level["memory"] in nest for operand in mapping.values() for level in operand if level["loops"])
    assert "in parallel" in nest


def test_a_layer_opens_on_what_passes_each_memory(chromium: Browser, report: Path, runs: list[PageRun]) -> None:
    """A row for each memory and operand that something passes, and one for the operations."""
    tab, _ = opened(chromium, report)
    tab.get_by_role("button", name="L2_classify").click()
    rows = tab.locator(".detail tbody tr").all_inner_texts()
    found = runs[0].evaluation["layers"][2]["breakdown"]
    passed = [level for level in found["memory_energy"] if any(way["elements"] for way in level["traffic"])]
    assert sorted(row.split("\t")[0] for row in rows) == sorted([level["memory"] for level in passed] + ["the array"])
    shares = [float(row.split("\t")[-1].removesuffix("\u00a0%")) for row in rows]
    assert sum(shares) == pytest.approx(100, abs=0.5 * len(rows))
    assert "1.68\u00a0k op." in rows[-1]  # 20 x 84


def test_says_where_the_energy_of_the_whole_run_goes(chromium: Browser, report: Path, runs: list[PageRun]) -> None:
    tab, _ = opened(chromium, report)
    legend = tab.locator("#bounds .legend").last.inner_text()
    layers = [layer["breakdown"] for layer in runs[0].evaluation["layers"]]
    share = sum(one["operation_energy_pj"] for one in layers) / runs[0].evaluation["total"]["energy_pj"]
    said = re.search(r"operations ([\d.]+)", legend)
    assert said and float(said[1]) == pytest.approx(100 * share, abs=0.5)
    assert all(memory in legend for memory in runs[0].evaluation["hardware"]["memories"])


def test_a_name_that_has_no_room_keeps_its_number_and_its_end(
    chromium: Browser, tmp_path: Path, runs: list[PageRun]
) -> None:
    """The columns of the charts are narrow; a thousand layers of one network begin with the same words."""
    long = {**runs[0].evaluation, "layers": [dict(layer) for layer in runs[0].evaluation["layers"]]}
    long["layers"][0]["name"] = "L10__backbone_stage1_stage1.0_branch_conv7_Conv"
    file = tmp_path / "long.html"
    file.write_text(page([PageRun(long)]), encoding="utf-8")
    tab, _ = opened(chromium, file)
    parts = tab.locator("#latency .row .name").first.locator("span")
    room = [part.evaluate("one => one.clientWidth >= one.scrollWidth") for part in parts.all()]
    assert parts.all_text_contents() == ["L10_", "_backbone_stage1_stage1.0_branch_", "conv7_Conv"]
    assert room == [True, False, True]


def test_what_is_not_priced_stands_in_plain_view(chromium: Browser, report: Path) -> None:
    tab, _ = opened(chromium, report)
    said = tab.locator("#notices").inner_text()
    assert "1 node is left to the host and in no number: NonMaxSuppression nms" in said
    assert "1 layer approximates its node: L2_classify" in said
    tab.select_option("#status", "host")
    assert tab.locator("#nodes tbody tr").count() == 1


def test_hovering_tells_a_part_of_a_bar(chromium: Browser, report: Path, runs: list[PageRun]) -> None:
    tab, _ = opened(chromium, report)
    tab.locator("#energy .row .bar span").first.hover()
    said = tab.locator("#tooltip").inner_text()
    assert said.startswith("L0_stem\noperations: ")


def test_two_runs_stand_side_by_side(chromium: Browser, runs: list[PageRun], tmp_path: Path) -> None:
    file = tmp_path / "both.html"
    file.write_text(page(runs), encoding="utf-8")
    tab, wrong = opened(chromium, file)
    first, second = (run.evaluation["total"]["latency_cycles"] for run in runs)
    assert f"{second / first:.2f}×" in tab.locator("#table tr.total").inner_text()
    assert tab.locator("#latency .row .bar").count() == 2 * len(network())
    assert wrong == []


def test_a_run_that_lacks_something_says_so_and_is_compared_with_nothing(
    chromium: Browser, runs: list[PageRun], tmp_path: Path
) -> None:
    """B's first layer has no price, and a node of the host has MACs; then B has no price at all."""
    first, rest = runs[1].evaluation["layers"][0], runs[1].evaluation["layers"][1:]
    lost = {"node": "gate", "op": "my.Gate", "why": EVIL, "macs": None}
    total = {**runs[1].evaluation["total"], "incomplete": True}
    for layers, value in (
        ([{**first, "error": "no"}, *rest], "incomplete"),
        ([{**first, "error": "no"}], "not priced"),
    ):
        partial = PageRun({**runs[1].evaluation, "layers": layers, "total": total, "host": [lost]})
        file = tmp_path / "both.html"
        file.write_text(page([runs[0], partial]), encoding="utf-8")
        tab, wrong = opened(chromium, file)
        latency = tab.locator("#headline .tile").first.inner_text()
        assert value in latency.splitlines()[2] and "incomplete: not to be compared" in latency and "×" not in latency
        assert value not in latency.splitlines()[1]
        foot = tab.locator("#table tr.total").inner_text()
        assert foot.startswith("Incomplete") and "×" not in foot
        notices = tab.locator("#notices").inner_text()
        assert "B: 1 node is left to the host with MACs that the totals lack: my.Gate gate, unknown MACs" in notices
        assert wrong == []


def test_what_silicon_makes_of_the_run_has_tiles_of_its_own(chromium: Browser, tmp_path: Path) -> None:
    """Only where rules of the sidecar change anything, and where every run has them."""
    sidecar = Sidecar("x", pass_overhead_cycles=7.0, clock_mhz=100.0, idle_mw=1.0)
    ruled = priced("seneca", tmp_path, Supplement(sidecar))
    for shown, told in (([ruled], True), ([ruled, priced("seneca", tmp_path)], False)):
        file = tmp_path / "report.html"
        file.write_text(page(shown), encoding="utf-8")
        tab, wrong = opened(chromium, file)
        tiles = tab.locator("#headline").inner_text()
        assert ("Latency on silicon" in tiles, "Energy on silicon" in tiles) == (told, told)
        lost = ruled.evaluation["total"]["physical"]["cycles_lost"]["between_passes"]
        assert (f"between passes +{lost:,.0f}" in tiles, "idle +" in tiles) == (told, told)
        assert wrong == []
    cycles = ruled.evaluation["total"]["physical"]["latency_cycles"]
    assert cycles > ruled.evaluation["total"]["latency_cycles"]


def test_the_commands_write_reports_and_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["evaluate", "lenet5", "--lpf-limit", "2", "--html", "r.html", "--plot", "figures"]
    assert run([*arguments, "--arch", "seneca", "-o", "one"]) == 0
    assert run(["evaluate", "one/workload.yaml", "--arch", "tpu_like", "--lpf-limit", "2", "-o", "two"]) == 0
    assert run(["compare", "one/result.json", "two/result.json", "--html", "both.html"]) == 0
    assert "L0_conv1" in (tmp_path / "r.html").read_text() and "http" not in _without_svg(
        (tmp_path / "r.html").read_text()
    )
    written = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert written == [
        f"{name}.{kind}" for name in ("energy", "latency", "roofline", "utilization") for kind in ("png", "svg")
    ]
    assert (tmp_path / "figures/energy.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize(("model", "arch"), [("resnet18", "tpu_like"), ("tiny_yolov2", "seneca_events")])
def test_the_report_of_a_real_network_is_kept_as_screenshots(
    chromium: Browser, model: str, arch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For people to look at: what CI leaves in artefacts/."""
    monkeypatch.chdir(tmp_path)
    assert run(["evaluate", model, "--arch", arch, "--lpf-limit", "3", "--html", "r.html"]) == 0
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for scheme, width in (("light", 1240), ("dark", 1240), ("light", 390)):
        viewport = {"width": width, "height": 900}
        tab, wrong = opened(chromium, tmp_path / "r.html", viewport=viewport, color_scheme=scheme)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width and wrong == []
        tab.screenshot(path=SCREENSHOTS / f"{model}-{scheme}-{width}.png", full_page=True)


def _without_svg(html: str) -> str:
    return html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_what_is_no_result_is_refused_both_files_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text("{}")
    old: Document = {"model": "m", "accelerator": "a", "total": {}, "layers": [{"name": "x", "error": None}]}
    (tmp_path / "b.json").write_text(json.dumps(old))
    assert run(["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--html", str(tmp_path / "c.html")]) == 1
    said = capsys.readouterr().err
    assert "a.json: no result of an evaluation" in said and "b.json: keeps no breakdown" in said
    assert not (tmp_path / "c.html").exists()
