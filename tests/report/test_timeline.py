"""The drawing of a schedule: nothing is lost when pieces are drawn together, and the page that shows it works."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import onnx2zz
from onnx2zz.report.saved_run import read_run
from onnx2zz.report.timeline import MOST_BOXES, MOST_STEPS, Row, course, places, timeline
from tests.browser import LOOKS, assert_opens_cleanly, opened
from tests.present import present

if TYPE_CHECKING:  # the reports are opened only where playwright is installed
    from playwright.sync_api import Browser

Json = dict[str, Any]
OFFCHIP = 2
ROWS_FROM, HIGHEST_ROW = 30, 20
"""Pixels of the page: where rows begin, and how high each of a few is."""


def schedule() -> Json:
    """Two cores, a link each way and a port, 120 cycles: core 0 works from 0 to 60 and core 1 from 30 to 120."""
    tiles = [(0, 0, 0, 20), (0, 0, 20, 40), (1, 0, 40, 60), (1, 1, 30, 120)]
    return {
        "offchip": OFFCHIP,
        "cores": [core(0, 60), core(1, 90), {**core(OFFCHIP, 0), "capacity_bits": None}],
        "links": [
            {"id": "0>1", "from": 0, "to": 1, "bits": 64, "busy_cycles": 10},
            {"id": "1>0", "from": 1, "to": 0, "bits": 0, "busy_cycles": 0},
            {"id": "port", "nodes": [OFFCHIP, 0], "bits": 640, "busy_cycles": 24},
        ],
        "tiles": [
            {"id": n, "layer": layer, "core": core, "start": start, "end": end}
            for n, (layer, core, start, end) in enumerate(tiles)
        ],
        "transfers": [
            {"id": 0, "layer": 0, "operand": "W", "links": ["port"], "start": 0, "end": 24},
            {"id": 1, "of": 1, "links": ["0>1"], "start": 40, "end": 50},
            {"id": 2, "of": 1, "links": ["0>1"], "start": 50, "end": 50},
            {"id": 3, "layer": 1, "operand": "W", "links": ["port"], "start": 0, "end": 999, "setup": True},
        ],
        "memory": [{"core": 0, "events": [[0, 8], [60, 0]]}, {"core": 1, "events": [[30, 16]]}],
    }


def core(number: int, busy: float) -> Json:
    return {"id": number, "busy_cycles": busy, "capacity_bits": 100}


def test_what_follows_without_a_rest_is_one_box_that_says_how_many_it_is() -> None:
    drawn: Any = timeline(schedule())
    assert drawn["end"] == 120
    assert [one["boxes"] for one in drawn["cores"]] == [[0, 0, 40, 2, 1, 40, 60, 1], [1, 30, 120, 1]]
    # Marks take no time, what is set up is there before; links that carry nothing have no row.
    assert {one["id"]: one["boxes"] for one in drawn["links"]} == {"port": [0, 0, 24, 1], "0>1": [0, 40, 50, 1]}
    assert [one["held"] for one in drawn["cores"]] == [[0, 8, 60, 0], [30, 16]]
    assert [(one["id"], one["nodes"], one["port"]) for one in drawn["wires"]] == [
        ("0>1", [0, 1], False),
        ("1>0", [1, 0], False),
        ("port", [0], True),
    ]


def test_moments_say_what_is_busy_in_each_stretch_of_time() -> None:
    drawn: Any = timeline(schedule())
    cycle = [120 * number / len(drawn["moments"]) for number in range(len(drawn["moments"]))]
    for at, (cores, links, port) in zip(cycle, drawn["moments"], strict=True):
        assert cores == ((at < 60) + (at >= 30)) / 2
        assert (links, port) == (float(40 <= at < 50), float(at < 24))


@st.composite
def rows(draw: st.DrawFn) -> Row:
    boxes: list[list[float]] = []
    time = 0.0
    for _ in range(draw(st.integers(0, 30))):
        time += draw(st.sampled_from((0.0, 0.0, 1.0, 7.0)))
        length = draw(st.integers(1, 9))
        boxes.append([draw(st.integers(0, 2)), time, time + length, 1])
        time += length
    return Row(boxes)


@given(row=rows(), gap=st.sampled_from((0, 1, 5, 50)))
def test_closing_gaps_loses_no_piece_and_moves_no_end(row: Row, gap: float) -> None:
    closed = row.closed(gap).boxes
    assert sum(box[3] for box in closed) == len(row.boxes)
    for layer, start, end, pieces in closed:
        inside = [box for box in row.boxes if start <= box[1] and box[2] <= end]
        assert len(inside) == pieces and {box[0] for box in inside} == {layer}
        assert (inside[0][1], inside[-1][2]) == (start, end)
        assert all(after[1] - before[2] <= gap for before, after in pairwise(inside))


def test_a_schedule_of_many_pieces_is_drawn_with_few_boxes() -> None:
    many = schedule()
    many["tiles"] = [
        {"id": n, "layer": n % 7, "core": n % 2, "start": 10 * n, "end": 10 * n + 5} for n in range(4 * MOST_BOXES)
    ]
    many["transfers"] = []
    drawn: Any = timeline(many)
    # Neighbours on a core are of different layers here: no gap may be closed, and all are drawn.
    assert sum(len(one["boxes"]) for one in drawn["cores"]) == 16 * MOST_BOXES
    for tile in many["tiles"]:
        tile["layer"] = tile["id"] // 5_000
    drawn = timeline(many)
    assert sum(len(one["boxes"]) for one in drawn["cores"]) <= 4 * MOST_BOXES
    assert sum(sum(one["boxes"][3::4]) for one in drawn["cores"]) == 4 * MOST_BOXES


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 500)), min_size=1, max_size=900))
def test_a_long_course_keeps_its_peaks(steps: list[tuple[int, int]]) -> None:
    time, events = 0, list[list[float]]()
    for length, bits in steps:
        events.append([time, bits])
        time += length
    drawn = course(events, time)
    assert len(drawn) <= 2 * (MOST_STEPS + 1)
    told = list(zip(drawn[::2], drawn[1::2], strict=True))
    for start, bits in events:
        assert max(held for at, held in told if at <= start) >= 0
        assert next(held for at, held in reversed(told) if at <= start) >= bits
    assert max(held for _, held in told) == max(bits for _, bits in steps)


@pytest.mark.parametrize(("width", "height"), [(4, 3), (2, 2), (1, 5), (6, 1), (2, 7)])
def test_a_mesh_is_drawn_as_it_lies(width: int, height: int) -> None:
    pairs = [(n, n + 1) for n in range(width * height) if (n + 1) % width] if width > 1 else []
    pairs += [(n, n + width) for n in range(width * (height - 1))]
    links = [{"id": f"{a}>{b}", "from": a, "to": b} for pair in pairs for a, b in (pair, pair[::-1])]
    found = places(range(width * height), links, None)
    if width == 1:  # a row as well
        width = height
    assert found == {n: (n % width, n // width) for n in range(len(found))}


def test_a_ring_is_drawn_as_a_circle() -> None:
    links = [{"id": f"{n}", "from": n, "to": (n + 1) % 5} for n in range(5)]
    found = places(range(5), links, None)
    assert len(set(found.values())) == 5
    assert max(x for x, _ in found.values()) > 1.5 < max(y for _, y in found.values())


# on the page


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("timeline")
    onnx2zz.evaluate(
        "lenet5", "seneca_2x2", output=folder, html=folder / "r.html", json=folder / "result.json", lpf_limit=2
    )
    return folder / "r.html"


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_page_opens_on_a_desk_and_on_a_telephone(
    chromium: Browser, page_file: Path, scheme: str, width: int
) -> None:
    assert_opens_cleanly(chromium, page_file, "timeline", scheme, width)


def test_the_page_draws_the_schedule_that_was_written(page_file: Path) -> None:
    data = json.loads(page_file.read_text().split('id="data">')[1].split("</script>")[0])
    written: Mapping[str, Any] = json.loads((page_file.parent / "schedule.json").read_text())
    assert data["runs"][0]["timeline"] == json.loads(json.dumps(timeline(written)))
    assert read_run(page_file.parent / "result.json").timeline == timeline(written)


def test_a_schedule_of_another_run_is_not_drawn(page_file: Path, tmp_path: Path) -> None:
    for name in ("result.json", "schedule.json"):
        (tmp_path / name).write_text((page_file.parent / name).read_text())
    other = json.loads((tmp_path / "schedule.json").read_text())
    other["total"]["latency_cycles"] += 1
    (tmp_path / "schedule.json").write_text(json.dumps(other))
    assert read_run(tmp_path / "result.json").timeline is None


def test_zooming_moving_and_choosing_a_core(chromium: Browser, page_file: Path) -> None:
    tab, wrong = opened(chromium, page_file)
    chart = present(tab.query_selector("canvas.timeline"))
    chart.scroll_into_view_if_needed()

    def in_sight() -> tuple[float, float]:
        return float(present(chart.get_attribute("data-from"))), float(present(chart.get_attribute("data-to")))

    _, whole = in_sight()
    tab.click("#timeline button[title='zoom in']")
    assert in_sight() == pytest.approx((whole / 4, whole * 3 / 4))
    tab.click("#timeline button[title='later']")
    assert in_sight() == pytest.approx((whole * 3 / 8, whole * 7 / 8))
    tab.click("#timeline button[title='show the whole run']")
    assert in_sight() == pytest.approx((0, whole))
    box = present(chart.bounding_box())
    tab.mouse.click(box["x"] + 300, box["y"] + ROWS_FROM + 2.5 * HIGHEST_ROW)
    assert "Memory of core 2" in tab.inner_text("#timeline")
    tab.mouse.move(box["x"] + 300, box["y"] + ROWS_FROM + 1.5 * HIGHEST_ROW)
    assert tab.inner_text("#tooltip").startswith("core 1: ")
    tab.mouse.move(box["x"] + 300, box["y"] + 4)
    assert "the off-chip port busy for" in tab.inner_text("#tooltip")
    assert tab.locator(".map .core").count() == 4
    assert not wrong


def test_a_run_on_one_accelerator_has_no_timeline(chromium: Browser, tmp_path: Path) -> None:
    onnx2zz.evaluate("lenet5", "seneca", html=tmp_path / "r.html", lpf_limit=2)
    tab, wrong = opened(chromium, tmp_path / "r.html")
    assert tab.inner_text("#timeline") == "" and not wrong
