"""A sweep's report in a browser: the front, sorting and filtering, foreign text as text, a phone's width."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.design_space.columns import MINIMISED
from tests.browser import LOOKS, assert_opens_cleanly, opened

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser, Page

EVIL = "<img src=x onerror=alert(1)>"
CORE = {
    "template": "seneca_core",
    "name": "core",
    "parameters": {"npes": [4, 12], "node": {"a": {"energy": 1}, EVIL: {"energy": 0.4}}},
    "set": {"operational_array.sizes.D1": "npes", "memories.*.r_cost": "old * node.energy"},
}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LeNet-5 under two names on four cores: the same prices, and their sums. The folder, with report.html."""
    folder = tmp_path_factory.mktemp("sweep")
    spec = {
        "models": ["lenet5", {"model": "lenet5", "name": EVIL}],
        "accelerators": [CORE],
        "options": {"lpf_limit": 2},
    }
    (folder / "sweep.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    where = ["-o", str(folder), "--cache", str(folder / "cache"), "--html", str(folder / "report.html")]
    where += ["--json", str(folder / "sweep.json")]
    assert run(["sweep", str(folder / "sweep.yaml"), "--jobs", "1", *where]) == 0
    return folder


@pytest.fixture
def report(swept: Path) -> Path:
    return swept / "report.html"


def rows(folder: Path, table: str = "runs") -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open() as file:
        return list(csv.DictReader(file))


def data_of(html: str) -> tuple[str, dict[str, Any], str]:
    """The data of a page, and the page before and after it."""
    start = html.index('id="data">') + len('id="data">')
    end = html.index("</script>", start)
    return html[:start], json.loads(html[start:end]), html[end:]


def column(tab: Page, number: int) -> list[str]:
    return tab.locator(f"#table tbody tr td:nth-child({number})").all_inner_texts()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_opens_without_an_error_at_any_width_and_leaves_a_screenshot(
    chromium: Browser, report: Path, scheme: str, width: int
) -> None:
    assert_opens_cleanly(chromium, report, "sweep", scheme, width)


def test_names_that_are_markup_are_names(chromium: Browser, report: Path) -> None:
    tab, wrong = opened(chromium, report)
    tab.select_option("#model", EVIL)
    tab.select_option("#colour", "node")
    assert set(column(tab, 1)) == {EVIL} and EVIL in column(tab, 5)
    assert EVIL in tab.locator("#front .legend").inner_text()
    assert tab.locator("img").count() == 0 and tab.locator("script").count() == 2
    assert wrong == []


def test_the_front_is_pareto_csv_s(chromium: Browser, report: Path, swept: Path) -> None:
    tab, _ = opened(chromium, report)
    tab.select_option("#only", "front")
    for model in ("lenet5", "all models"):
        tab.select_option("#model", model)
        best = [row["accelerator"] for row in rows(swept, "pareto") if row["model"] == model]
        assert sorted(column(tab, 3)) == sorted(best)
        assert tab.locator("#front svg circle.ring").count() == tab.locator("#front svg circle").count() == len(best)


def test_sorts_and_filters_and_the_points_follow(chromium: Browser, report: Path, swept: Path) -> None:
    tab, _ = opened(chromium, report)
    tab.select_option("#model", "lenet5")
    mine = [row for row in rows(swept) if row["model"] == "lenet5"]
    by_latency = sorted(mine, key=lambda row: (-float(row["latency_cycles"]), mine.index(row)))
    tab.get_by_role("button", name="Latency (cycles)").click()
    assert column(tab, 3) == [row["accelerator"] for row in by_latency]
    tab.fill("#filter", "npes12 nodea")
    assert column(tab, 3) == ["core_npes12_nodea"] and tab.locator("#front svg circle").count() == 1
    tab.fill("#filter", "nothing like it")
    assert "Nothing matches" in tab.locator("#runs").inner_text()
    assert "Nothing to draw" in tab.locator("#front").inner_text()


def test_hovering_tells_a_run_and_axes_can_be_changed(chromium: Browser, report: Path, swept: Path) -> None:
    tab, wrong = opened(chromium, report)
    tab.select_option("#model", "lenet5")
    tab.fill("#filter", "npes4 nodea")
    tab.select_option("#across", "area")
    tab.locator("#front svg circle").hover()
    said = tab.locator("#tooltip").inner_text()
    row = next(row for row in rows(swept) if (row["accelerator"], row["model"]) == ("core_npes4_nodea", "lenet5"))
    assert said.startswith("lenet5 on core_npes4_nodea\nnpes: 4\n")
    assert f"{round(float(row['latency_cycles'])):,}" in said
    assert wrong == []


def test_a_point_leads_to_its_runs_report(chromium: Browser, report: Path, swept: Path) -> None:
    """The report has the run's layers and its total, and is a page without an error."""
    tab, wrong = opened(chromium, report)
    tab.select_option("#model", "lenet5")
    tab.fill("#filter", "npes4 nodea")
    tab.locator("#front svg circle.point").click()
    row = next(row for row in rows(swept) if (row["accelerator"], row["model"]) == ("core_npes4_nodea", "lenet5"))
    layers = [one["name"] for one in rows(swept, "layers") if one["run"] == row["run"]]
    tab.locator("#chosen a").click()
    assert tab.locator("#table td.name button").all_inner_texts() == layers
    assert f"{round(float(row['latency_cycles'])):,}" in tab.locator("#table tr.total").inner_text()
    assert tab.locator("#hardware svg .memory").count() > 0 and tab.locator("#graph g.layer").count() > 0
    assert wrong == []


def test_two_points_are_compared_in_the_words_of_compare(
    chromium: Browser, report: Path, swept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tab, wrong = opened(chromium, report)
    tab.select_option("#model", "lenet5")
    strands = tab.locator("#parallel path.strand")
    assert strands.count() == 4
    strands.nth(0).dispatch_event("click")
    tab.locator("#parallel path.strand").nth(3).dispatch_event("click")
    said = tab.locator("#chosen ul.why").inner_text()
    links = [str(one.get_attribute("href")) for one in tab.locator("#chosen a").all()]
    assert run(["compare", *(str(swept / link.replace(".html", ".json")) for link in links)]) == 0
    told = capsys.readouterr().out.splitlines()[3:]
    assert len(told) > 4 and all(line.strip() in said for line in told)
    tab.locator("#forget").click()
    assert tab.locator("#chosen *").count() == 0
    assert wrong == []


def test_axes_begin_at_zero_unless_asked(chromium: Browser, report: Path) -> None:
    tab, _ = opened(chromium, report)
    ticks = "[...document.querySelectorAll('#front svg text')].filter((one) => one.textContent === '0').length"
    assert tab.evaluate(ticks) == 2
    tab.select_option("#axes", "fitted")
    assert tab.evaluate(ticks) == 0


def test_what_all_models_means_what_moves_what_and_what_it_buys_are_said(
    chromium: Browser, report: Path, swept: Path
) -> None:
    """As in the JSON, whose numbers are those of runs.csv."""
    tab, wrong = opened(chromium, report)
    tab.select_option("#model", "all models")
    assert "the sum over the models" in tab.locator("#front").inner_text()
    tab.select_option("#model", "lenet5")
    said = tab.locator("#decisions").inner_text()
    told = json.loads((swept / "sweep.json").read_text())["decisions"]["lenet5"]
    assert all(sentence in said for sentence in [*told["trade_offs"], *told["moves"]]) and told["moves"]
    mine = {(row["npes"], row["node"]): float(row["latency_cycles"]) for row in rows(swept) if row["model"] == "lenet5"}
    by_npes = [mine["12", node] / mine["4", node] for node in ("a", EVIL)]
    (effect,) = [one for one in told["effects"] if (one["parameter"], one["total"]) == ("npes", "latency_cycles")]
    assert effect["times"][-1] == pytest.approx((by_npes[0] * by_npes[1]) ** 0.5)
    assert (effect["least"], effect["most"], effect["pairs"]) == (
        pytest.approx(min(by_npes)),
        pytest.approx(max(by_npes)),
        2,
    )
    assert wrong == []


def test_what_the_host_does_and_what_is_missing_stand_in_plain_view(
    chromium: Browser, swept: Path, tmp_path: Path
) -> None:
    """A run that is not there, one without prices, and a model with a host node: what the data of the page say."""
    start, data, end = data_of((swept / "report.html").read_text())
    data["asked"] += 1
    data["runs"][0] |= {"energy_pj": None, "latency_cycles": None, "not_priced": 3}
    data["models"][0]["hosts"] = ["TopK best (a partial sort)"]
    file = tmp_path / "report.html"
    file.write_text(start + json.dumps(data).replace("<", "\\u003c") + end)
    tab, wrong = opened(chromium, file)
    said = tab.locator("#notices").inner_text()
    assert "1 run is missing" in said and "1 run has layers without a price" in said
    assert "lenet5 leaves to the host: TopK best (a partial sort)" in said
    tab.select_option("#model", "lenet5")
    assert column(tab, 2)[-1] == "3 layers without a price" and column(tab, 6)[-1] == ""
    assert wrong == []


def test_what_stands_at_the_axes_lies_within_the_drawing(chromium: Browser, report: Path) -> None:
    tab, wrong = opened(chromium, report)
    beyond = """() => {
      const svg = document.querySelector("#parallel svg");
      const frame = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("text")].filter((text) => {
        const box = text.getBoundingClientRect();
        return box.left < frame.left - 1 || box.right > frame.right + 1;
      }).map((text) => text.textContent);
    }"""
    assert tab.evaluate(beyond) == []
    assert wrong == []


def test_any_column_that_can_be_minimised_is_shown(chromium: Browser, swept: Path, tmp_path: Path) -> None:
    """Whatever `pareto` names has a head, an axis and a tile of its own."""
    start, data, end = data_of((swept / "report.html").read_text())
    data["objectives"] = list(MINIMISED)
    for number, row in enumerate(data["runs"], 1):
        row |= {name: 2.5 * number + place for place, name in enumerate(MINIMISED)}
    file = tmp_path / "report.html"
    file.write_text(start + json.dumps(data).replace("<", "\\u003c") + end)
    tab, wrong = opened(chromium, file)
    heads = tab.locator("#table thead th").all_inner_texts()
    assert {"Energy on silicon", "Latency on silicon (cycles)"} <= {head.strip(" ▲▼") for head in heads}
    assert tab.locator("#across option").count() == len(MINIMISED)
    assert wrong == []


def test_reports_are_found_whatever_the_page_is_called(chromium: Browser, swept: Path) -> None:
    """Marks that end an address, or are an escape in one, are of the file's name."""
    page = swept / "50%25 of #1?, it's.html"
    spec, cache = str(swept / "sweep.yaml"), str(swept / "cache")
    assert run(["sweep", spec, "--jobs", "1", "-o", str(swept), "--cache", cache, "--html", str(page)]) == 0
    start, data, end = data_of(page.read_text())
    page.write_text(start + json.dumps({**data, "compared": {}}).replace("<", "\\u003c") + end)
    tab, wrong = opened(chromium, page)
    tab.select_option("#model", "lenet5")
    for number in (0, 3):
        tab.locator("#parallel path.strand").nth(number).dispatch_event("click")
    assert tab.locator("#chosen").inner_text().count("'50%25 of #1?, it'\\''s_runs/lenet5_on_core_npes") == 2
    tab.locator("#runs td a").first.click()
    assert tab.locator("#table td.name button").count() == 7
    assert wrong == []
