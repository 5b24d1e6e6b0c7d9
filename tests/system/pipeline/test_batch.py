"""Frames taken together: each by itself is as one frame is, weights come once for all, and frames end evenly."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from onnx2zz.system.least_work import least_bounds
from onnx2zz.system.order import ordered
from onnx2zz.system.pipeline.batch import batched
from onnx2zz.system.pipeline.batch_order import deep_at_first
from onnx2zz.system.pipeline.residency import constants
from onnx2zz.system.plan import Plan, Tile, Transfer
from tests.json_values import Document
from tests.system.checker import faults_in
from tests.system.pipeline.test_hand_made import COLUMNS, INPUTS, ROWS, chain, of_cores, searched
from tests.system.small_systems import SYSTEMS, evaluated, system_file
from tests.system.test_schedule_json import the_judges_verdict
from tests.system.tiny_systems import TinyLayer


def plans(folder: Path, frames: int, capacity: int = 1 << 21) -> tuple[Plan, Plan]:
    """The plan of one frame on two cores, with two turns on each, and that of several."""
    search = searched(chain("1x1", "conv", "1x1"), of_cores(2, (0,), capacity=capacity), folder, None)
    alone = search.layers.best()
    assert alone is not None
    one = search.layers.planned(search.layers.finer(alone.tilings, 2))
    return one, batched(one, frames)


def told(one: Transfer) -> object:
    maker = None if one.of is None else (one.of.layer, one.of.box)
    return one.layer, one.operand, one.source, one.to, one.elements, one.bits, maker


def waits(tile: Tile) -> object:
    """All that a tile is and waits for, but for its number, turn and frame."""
    follows = Counter((other.layer, other.core, other.box) for other in tile.follows.values())
    sends = Counter(told(one) for one in tile.sends)
    needs = Counter(told(one) for one in tile.needs.values())
    return tile.layer, tile.core, tile.box, *(frozenset(c.items()) for c in (follows, sends, needs))


@pytest.mark.parametrize("frames", [2, 3])
def test_each_frame_of_a_batch_waits_for_what_one_frame_waits_for(frames: int, tmp_path: Path) -> None:
    one, many = plans(tmp_path, frames)
    expected = Counter(waits(tile) for tile in one.tiles)
    for frame in range(frames):
        assert Counter(waits(tile) for tile in many.tiles if tile.frame == frame) == expected
    for tile in many.tiles:
        assert {other.frame for other in tile.follows.values()} <= {tile.frame}
        assert {sent.frame for sent in tile.needs.values() if sent.of is not None} <= {tile.frame}
    for layer, tiles in many.by_layer.items():
        turns = sorted({tile.turn for tile in tiles})
        assert turns == list(range(frames * len({tile.turn for tile in one.by_layer[layer]})))


def test_constants_come_once_for_all_frames_of_a_batch(tmp_path: Path) -> None:
    one, many = plans(tmp_path, 3)
    assert [sent.bits for sent in constants(many)] == [sent.bits for sent in constants(one)]
    for of_one, of_many in zip(constants(one), constants(many), strict=True):
        assert of_many.frame == 0
        assert len(of_many.readers) == 3 * len(of_one.readers)
    others = [sent for sent in one.transfers if sent not in constants(one)]
    assert len(many.transfers) == len(constants(one)) + 3 * len(others)


def test_the_first_layers_go_frame_by_frame_where_layer_by_layer_has_no_room_for_all_frames(tmp_path: Path) -> None:
    # Between layers lie 15 pixels of 8 bytes: those of five frames do not fit beside each other and their weights.
    _, many = plans(tmp_path, 5, capacity=7000)
    capacity = {0: 7000.0, 1: 7000.0}
    assert isinstance(ordered(many, capacity), list)
    (order,) = deep_at_first(many, capacity)
    second = [tile.frame for tile in order if tile.layer == 1]
    before = [tile.frame for tile in order[: order.index(next(t for t in order if t.layer == 1))]]
    assert set(second) == set(range(5))
    assert set(before) != set(range(5))


def test_weights_that_come_for_a_batch_take_the_port_once_and_its_frames_end_evenly(tmp_path: Path) -> None:
    # 16 channels: five layers of 6,144 bits of weights behind one of 768, and 1,920 bits between two layers.
    layers = tuple(TinyLayer("conv", 16, ROWS, COLUMNS, 16 if number else INPUTS) for number in range(6))
    room, port = 16_000, 1.0
    search = searched(layers, of_cores(1, (0,), port, room), tmp_path, None)
    found = search.best()
    assert found is not None
    assert found.running.batch > 1
    through = sum(sent.bits for sent in found.plan.transfers if not sent.setup)
    assert found.interval * found.running.batch * port >= through
    # With each frame all that does not stay would come.
    each = sum(sent.bits for sent in found.plan.transfers if not sent.setup and not sent.frame)
    assert found.interval < each / port
    ends = [end for _, end in sorted(found.running.schedule.frame_ends.items())]
    assert {later - earlier for earlier, later in pairwise(ends)} == {found.interval}
    layers = search.layers
    assert least_bounds(layers.system, layers.graph, layers.prices, float("inf")).interval <= found.interval
    assert all(course.peak <= room for course in found.schedule.memory.values())


@pytest.fixture
def slow_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cores without room for LeNet-5's weights, behind a port that takes longer for them than the cores work."""
    offchip = "offchip: {at: [[0, 0]], bandwidth: 2, read_pj_per_bit: 1, write_pj_per_bit: 1}"
    monkeypatch.setitem(SYSTEMS, "a slow port", f"topology: {{mesh: [2, 1], bandwidth: 32}}\n{offchip}")
    return system_file(tmp_path / "system", "a slow port", 200_000)


@pytest.mark.parametrize("frames", [3, 6])
def test_batches_are_played_without_a_fault_and_a_frame_has_its_share(
    frames: int, slow_port: Path, tmp_path: Path
) -> None:
    assert evaluated("lenet5", slow_port, tmp_path, "--schedule", "pipeline", "--frames", str(frames)) == 0
    assert faults_in(tmp_path) == []
    assert run(["verify", "lenet5", "--schedule", str(tmp_path)]) == 0
    result: Document = json.loads((tmp_path / "result.json").read_text())
    written: Document = json.loads((tmp_path / "schedule.json").read_text())
    use, batch = result["system"]["pipeline"], 4
    assert use["batch"] == batch
    assert use["interval_cycles"] == pytest.approx(written["total"]["interval_cycles"])
    if frames <= batch:
        assert the_judges_verdict(tmp_path) in (None, 0)
    streamed = [one for one in written["transfers"] if one.get("operand") == "W" and not one.get("setup")]
    assert {one["frame"] for one in streamed} == set(range(0, frames, batch))
    weights = sum(one["bits"] for one in streamed if not one["frame"])
    others = (written["total"]["offchip_bits"] - weights * -(-frames // batch)) / frames
    assert result["system"]["offchip_bits"] == pytest.approx(others + weights / batch)
    # The last batch brings all weights for however few frames.
    assert use["all_energy_pj"] == pytest.approx(use["setup_energy_pj"] + written["total"]["energy_pj"])
    last = max(one["end"] for one in (*written["tiles"], *written["transfers"]))
    assert use["all_cycles"] == pytest.approx(use["setup_cycles"] + last)
    # Without weights that came for the last batch its frames lack them, though those of the batch before are known.
    written["transfers"].remove(streamed[-1])
    (tmp_path / "schedule.json").write_text(json.dumps(written))
    assert run(["verify", "lenet5", "--schedule", str(tmp_path)]) != 0


def test_no_more_frames_are_taken_together_than_come_and_all_of_a_batch_are_written_where_nobody_says(
    slow_port: Path, tmp_path: Path
) -> None:
    def use(*options: str) -> Document:
        folder = tmp_path / "-".join(options)
        assert evaluated("lenet5", slow_port, folder, "--schedule", "pipeline", *options) == 0
        assert the_judges_verdict(folder) in (None, 0)
        return json.loads((folder / "result.json").read_text())["system"]["pipeline"]

    two, any_number = use("--frames", "2"), use()
    assert (two["frames"], two["batch"]) == (2, 2)
    assert any_number["frames"] == any_number["batch"] == 4


@pytest.mark.parametrize("opt", ["latency", "energy"])
def test_auto_compares_by_what_the_frames_come_to_with_the_weights_of_a_last_batch_in_whole(
    opt: str, slow_port: Path, tmp_path: Path
) -> None:
    def system(kind: str) -> Document:
        assert evaluated("lenet5", slow_port, tmp_path / kind, "--schedule", kind, "--frames", "3", "--opt", opt) == 0
        return json.loads((tmp_path / kind / "result.json").read_text())["system"]

    pipeline = system("pipeline")["pipeline"]
    value = next(one["value"] for one in system("auto")["auto"] if one["schedule"] == "pipeline")
    assert value == pytest.approx(pipeline["all_energy_pj" if opt == "energy" else "all_cycles"])
