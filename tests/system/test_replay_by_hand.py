"""Schedules written by hand, with what `evaluate` does not write: partial sums, halos done again, relays, frames."""

import copy
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.proof.verify import VerifyOptions
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.replay.fault import Fault
from onnx2zz.system.replay.needs import Needs
from onnx2zz.system.replay.numbers import play_numbers
from onnx2zz.system.replay.positions import position_faults
from onnx2zz.system.replay.written import schedule_of
from tests.json_values import Document
from tests.oracle import distinct, model_of

CHANNELS, SUMMED, OUT, ROWS, COLUMNS = 3, 5, 2, 7, 4
RNG = np.random.default_rng(4)
COMPILED = compile_model(
    model_of(
        [
            helper.make_node("Conv", ["x", "w0", "b0"], ["a"], "first", pads=[1, 0, 1, 0]),
            helper.make_node("Conv", ["a", "w1", "b1"], ["c"], "second"),
            helper.make_node("Relu", ["c"], ["y"], "cut"),
        ],
        {"x": distinct(RNG, 1, CHANNELS, ROWS, COLUMNS)},
        {
            "w0": distinct(RNG, SUMMED, CHANNELS, 3, 1),
            "b0": distinct(RNG, SUMMED),
            "w1": distinct(RNG, OUT, SUMMED, 1, 1),
            "b1": distinct(RNG, OUT),
        },
        ["y"],
    ),
    name="by hand",
)
NEEDS = Needs(graph_of_model(COMPILED))
FIRST, SECOND = NEEDS.graph.layers[0].placed.widths, NEEDS.graph.layers[1].placed.widths
LARGE = 1_000_000


def document(tiles: list[Document], transfers: list[Document], frames: int = 1) -> Document:
    """Three cores in a row, each with what it needs of weights and inputs."""
    links = [
        {"id": f"{a}{b}", "from": a, "to": b, "bandwidth": 16, "bits": 0} for a, b in ((0, 1), (1, 0), (1, 2), (2, 1))
    ]
    for link in links:
        link["bits"] = sum(one["bits"] for one in transfers if link["id"] in one["links"])
    ends: dict[int, list[float]] = {}
    for job in (*tiles, *transfers):
        ends.setdefault(job.get("frame", 0), []).append(job["end"])
    spans = [max(ends[f]) - min(t["start"] for t in tiles if t.get("frame", 0) == f) for f in sorted(ends)]
    interval = (max(ends[frames - 1]) - max(ends[0])) / (frames - 1) if frames > 1 else max(ends[0])
    return {
        "model": "by hand",
        "system": "a row",
        "frames": frames,
        "offchip": None,
        "total": {"latency_cycles": max(spans) if frames > 1 else max(ends[0]), "interval_cycles": interval},
        "cores": [{"id": core, "capacity_bits": LARGE, "peak_bits": LARGE} for core in range(3)],
        "links": links,
        "tiles": tiles,
        "transfers": transfers,
    }


def tile(name: str, layer: int, core: int, start: float, ranges: dict[str, list[int]], **marks: object) -> Document:
    return {"id": name, "layer": layer, "core": core, "start": start, "end": start + 10, "ranges": ranges, **marks}


def transfer(name: str, of: str, way: list[int], start: float, bits: int, **marks: object) -> Document:
    links = [f"{a}{b}" for a, b in pairwise(way)]
    time = {"start": start, "end": start + bits / 16}
    return {"id": name, "of": of, "from": way[0], "to": [way[-1]], "links": links, "bits": bits, **time, **marks}


def partial_sums() -> Document:
    """Each of two cores makes some of the channels that the second layer sums over; core 0 adds what core 1 sums."""
    return document(
        [
            tile("a0", 0, 0, 0, {"K": [0, 3]}),
            tile("a1", 0, 1, 0, {"K": [3, 2]}),
            tile("p", 1, 1, 10, {"C": [3, 2]}, partial=True),
            tile("s", 1, 0, 150, {"C": [0, 3]}, adds=["p"]),
        ],
        [transfer("sums", "p", [1, 0], 20, OUT * ROWS * COLUMNS * SECOND.O, partial=True)],
    )


def done_again() -> Document:
    """The second layer is cut in rows; core 1 makes a row of the first layer that core 0 makes, too."""
    return document(
        [
            tile("a0", 0, 0, 0, {"OY": [0, 4]}),
            tile("a1", 0, 1, 0, {"OY": [4, 3]}),
            tile("again", 0, 1, 10, {"OY": [3, 1]}, recomputed=True),
            tile("s0", 1, 0, 10, {"OY": [0, 3]}),
            tile("s1", 1, 1, 20, {"OY": [3, 4]}),
        ],
        [],
    )


def passed_on() -> Document:
    """Core 1 gets a row that it does not read and gives it to core 2; in two frames."""
    tiles: list[Document] = []
    transfers: list[Document] = []
    bits = SUMMED * COLUMNS * FIRST.O_final
    for frame, at in enumerate((0, 100)):
        told = {"frame": frame}
        tiles += [
            tile(f"a0{frame}", 0, 0, at, {"OY": [0, 4]}, **told),
            tile(f"a2{frame}", 0, 2, at, {"OY": [4, 3]}, **told),
            tile(f"s0{frame}", 1, 0, at + 10, {"OY": [0, 3]}, **told),
            tile(f"s2{frame}", 1, 2, at + 80, {"OY": [3, 4]}, **told),
        ]
        row = {"elements": {"oy": [[3, 1, 1]]}, **told}
        transfers += [
            transfer(f"to1{frame}", f"a0{frame}", [0, 1], at + 10, bits, **row),
            transfer(f"to2{frame}", f"a0{frame}", [1, 2], at + 40, bits, **row),
        ]
    return document(tiles, transfers, frames=2)


def positions(schedule: Document) -> list[str]:
    return [str(fault) for fault in position_faults(schedule_of(schedule, "schedule.json"), NEEDS)]


def numbers(schedule: Document) -> tuple[Fault, ...]:
    played = play_numbers(
        schedule_of(schedule, "schedule.json"), NEEDS, COMPILED, VerifyOptions(), lambda done, total, name: None
    )
    assert played.layers == len(COMPILED.entries)
    return played.faults


@pytest.mark.parametrize("made", [partial_sums, done_again, passed_on])
def test_what_the_form_allows_is_carried_out(made: Callable[[], Document]) -> None:
    assert positions(made()) == []
    assert numbers(made()) == ()


def changed(schedule: Document, kind: str, name: str, **values: object) -> Document:
    found = copy.deepcopy(schedule)
    next(one for one in found[kind] if one["id"] == name).update(values)
    return found


def without(schedule: Document, kind: str, name: str) -> Document:
    found = copy.deepcopy(schedule)
    found[kind] = [one for one in found[kind] if one["id"] != name]
    return found


BROKEN = [
    pytest.param(lambda: without(partial_sums(), "transfers", "sums"), "partial sums of tile p", id="sums that stay"),
    pytest.param(lambda: changed(partial_sums(), "tiles", "s", start=20, end=30), "partial sums", id="added early"),
    pytest.param(lambda: changed(partial_sums(), "tiles", "s", adds=[]), "added by 0 tiles", id="not added"),
    pytest.param(lambda: changed(partial_sums(), "tiles", "p", partial=False), "not partial", id="not marked"),
    pytest.param(
        lambda: changed(partial_sums(), "transfers", "sums", elements={"oy": [[0, 6, 1]]}), "8 elements", id="not whole"
    ),
    pytest.param(lambda: without(done_again(), "tiles", "again"), "without 20 elements", id="no halo"),
    pytest.param(lambda: changed(done_again(), "tiles", "again", recomputed=False), "same loop points", id="twice"),
    pytest.param(lambda: without(passed_on(), "transfers", "to11"), "never came there", id="a relay of nothing"),
    pytest.param(lambda: without(passed_on(), "transfers", "to20"), "nothing reads there", id="not passed on"),
    pytest.param(lambda: changed(passed_on(), "tiles", "s21", frame=0), "layer 1, frame", id="another frame"),
    pytest.param(lambda: changed(passed_on(), "transfers", "to20", frame=1), "frame or marks", id="a frame's row"),
    pytest.param(
        lambda: changed(passed_on(), "transfers", "to20", start=15, end=60), "never came there", id="passed on early"
    ),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN)
def test_what_it_does_not_allow_is_told(broken: Callable[[], Document], said: str) -> None:
    found = positions(broken())
    assert any(said in fault for fault in found), found


def test_a_memory_holds_no_more_than_it_has() -> None:
    schedule = partial_sums()
    weights = (3 * CHANNELS * 3) * FIRST.W + OUT * 3 * SECOND.W
    inputs = CHANNELS * ROWS * COLUMNS * FIRST.I
    made = 3 * ROWS * COLUMNS * FIRST.O_final + OUT * ROWS * COLUMNS * (SECOND.O + SECOND.O_final)
    most = weights + inputs + made
    schedule["cores"][0] |= {"capacity_bits": most, "peak_bits": most}
    assert positions(schedule) == []
    schedule["cores"][0]["peak_bits"] -= 1
    assert any(f"it holds {most:,.1f}" in fault and "says" in fault for fault in positions(schedule))
    schedule["cores"][0]["capacity_bits"] -= 1
    assert any("has room for" in fault for fault in positions(schedule))
