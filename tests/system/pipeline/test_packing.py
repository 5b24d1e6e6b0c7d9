"""All weights on few cores: which layers lie together, what their parts hold, and where they are packed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.compiler import compile_model
from onnx2zz.system.layer_graph import LayerGraph, graph_of_model
from onnx2zz.system.pipeline.channel_groups import Parts, Size, grouped
from onnx2zz.system.pipeline.packing import Packing
from onnx2zz.system.tiling import Tiling
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.system.checker import faults_in
from tests.system.small_systems import evaluated, system_file
from tests.system.test_schedule_json import the_judges_verdict

ROWS, COLUMNS = 10, 6
UNITS = {"K": 8, "G": 8}


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def block() -> LayerGraph:
    """A stem with its pool, then a block whose short cut is a 1x1 convolution of stride 2."""
    weights = {
        "w0": zeros(24, 5, 3, 1),
        "w1": zeros(16, 24, 3, 1),
        "w2": zeros(16, 16, 1, 1),
        "w3": zeros(16, 24, 1, 1),
    }
    nodes = [
        make_node("Conv", ["x", "w0"], ["t0"], "stem", pads=[1, 0, 1, 0]),
        make_node("MaxPool", ["t0"], ["t1"], "pool", kernel_shape=[1, 2]),
        make_node("Conv", ["t1", "w1"], ["t2"], "wide", pads=[1, 0, 1, 0], strides=[2, 1]),
        make_node("Conv", ["t2", "w2"], ["t3"], "deep"),
        make_node("Conv", ["t1", "w3"], ["t4"], "short", strides=[2, 1]),
        make_node("Add", ["t3", "t4"], ["t5"], "sum"),
    ]
    return graph_of_model(
        compile_model(model_of(nodes, {"x": zeros(1, 5, ROWS, COLUMNS)}, weights, ["t5"]), name="block")
    )


def test_layers_lie_where_their_channels_are_made_and_what_steps_over_elements_where_they_come() -> None:
    graph = block()
    groups = grouped(graph, {told.placed.id: UNITS for told in graph.layers})
    names = [[graph.layers[layer].placed.node for layer in group.layers] for group in groups]
    assert names == [["stem"], ["pool"], ["wide", "short"], ["deep", "sum"]]


def test_a_part_holds_its_weights_and_a_few_rows() -> None:
    graph = block()
    stem, pool, wide, deep = grouped(graph, {told.placed.id: UNITS for told in graph.layers})
    of_width = COLUMNS - 1
    # All weights; the columns of the input that a part reads, and of them the four rows that two rows of the stem read.
    assert stem.parts(1).bits == 8 * (24 * 5 * 3 + 5 * (ROWS + 4) * COLUMNS + 2 * 24 * COLUMNS)
    assert stem.parts(3).bits == 8 * (24 * 5 * 3 + (5 * (ROWS + 4) + 2 * 24) * COLUMNS // 3)
    # Two rows of a part's channels are read, and two made.
    assert pool.parts(3).bits == 8 * 2 * 8 * (COLUMNS + of_width)
    # Two parts of 8 channels: two rows of all 16 are read, then two of the part's own of both terms, and two are made.
    assert deep.parts(2).bits == 8 * (8 * 16 + 2 * 16 * of_width + (2 + 1) * 2 * 8 * of_width)
    assert [group.most for group in (stem, pool, wide, deep)] == [COLUMNS, 3, 2, 2]
    # Eight channels are a step of the array: 10 rows of 6, 15 products each, three times; 10 rows of 5 maxima of two.
    assert stem.parts(3).rounds == ROWS * COLUMNS * 5 * 3
    assert (pool.parts(3).rounds, pool.parts(2).rounds) == (ROWS * of_width * 2, 2 * ROWS * of_width * 2)
    assert deep.parts(5, even=True).bits == 8 * (4 * 16 + 2 * 16 * of_width + (2 + 1) * 2 * 4 * of_width)


@dataclass(frozen=True)
class Sizes:
    """Parts of any sizes: bits of weights and iterations are shared out, `lines` are held by each."""

    layer: int
    weights: int
    lines: int
    work: int
    most: int

    def parts(self, number: int, even: bool = False) -> Parts:
        tiling = Tiling((("K", number),))
        each = Size(-(-self.weights // number) + self.lines, -(-self.work // number))
        return Parts({self.layer: tiling}, [each] * number)


@st.composite
def networks(draw: st.DrawFn) -> list[Sizes]:
    number = draw(st.integers(1, 4))
    sizes = st.tuples(st.integers(0, 40), st.integers(1, 5), st.integers(1, 60), st.integers(1, 3))
    return [Sizes(layer, *draw(sizes)) for layer in range(number)]


def every_busiest(groups: list[Sizes], cores: int, room: int) -> Iterator[int]:
    """Iterations of the busiest core of every way to place all parts that fits."""
    ways = [
        [
            (group.parts(n), places)
            for n in range(1, min(group.most, cores) + 1)
            for places in combinations(range(cores), n)
        ]
        for group in groups
    ]
    for chosen in product(*ways):
        bits = [sum(part.bits for part, places in chosen if core in places) for core in range(cores)]
        if max(bits) <= room:
            yield int(max(sum(part.rounds for part, places in chosen if core in places) for core in range(cores)))


@given(groups=networks(), cores=st.integers(1, 3), room=st.integers(5, 90))
def test_parts_are_packed_on_cores_of_their_own_within_the_room(groups: list[Sizes], cores: int, room: int) -> None:
    found = Packing(groups, range(10, 10 + cores), room).best()
    best = min(every_busiest(groups, cores, room), default=None)
    if found is None:
        # Whatever fits one core is found.
        assert sum(group.weights + group.lines for group in groups) > room
        return
    assert best is not None
    bits, rounds = dict.fromkeys(range(10, 10 + cores), 0), dict.fromkeys(range(10, 10 + cores), 0.0)
    assert set(found.places) == {group.layer for group in groups}
    for layer, (tiling, own) in found.places.items():
        assert len(set(own)) == tiling.cores == len(own) <= groups[layer].most
        for core in own:
            bits[core] += groups[layer].parts(tiling.cores).bits
            rounds[core] += groups[layer].parts(tiling.cores).rounds
    assert max(bits.values()) <= room
    assert best <= max(rounds.values()) <= found.rounds


@given(groups=networks(), cores=st.integers(1, 6))
def test_where_there_is_room_the_busiest_core_has_at_most_one_layer_more_than_the_average(
    groups: list[Sizes], cores: int
) -> None:
    # List scheduling: whole layers find a place as long as some core has no more than the average so far.
    found = Packing(groups, range(cores), 10_000).best()
    assert found is not None
    work = [group.work for group in groups]
    assert found.rounds <= (sum(work) / cores + max(work)) * 1.01


def deep(folder: Path, capacity: int) -> tuple[Path, onnx.ModelProto]:
    """A row of three cores, and four 3x1 convolutions of 24 and 16 channels by turns: each has 9,216 bits of weights,
    ten rows lie between them."""
    shapes = [(16, 24, 3, 1), (24, 16, 3, 1)] * 2
    weights = {f"w{n}": distinct(np.random.default_rng(n), *shape) for n, shape in enumerate(shapes)}
    names = ["x", *(f"t{n}" for n in range(4))]
    nodes = [make_node("Conv", [names[n], f"w{n}"], [names[n + 1]], f"c{n}", pads=[1, 0, 1, 0]) for n in range(4)]
    model = model_of(nodes, {"x": zeros(1, 24, ROWS, COLUMNS)}, weights, ["t3"])
    return system_file(folder / "system", "a row of cores", capacity), model


def test_rows_that_stream_let_weights_stay_on_fewer_cores_than_whole_tensors_would(tmp_path: Path) -> None:
    # Two layers' weights are 18,432 bits and the image 11,520, for which a place is kept beside the one in use: with
    # 7,680 and more of what is made no core has room for both, unless rows come and go.
    arch, model = deep(tmp_path, 30_000)
    options = ("--schedule", "pipeline", "--cores", "fewest", "--frames", "2")
    assert evaluated(model, arch, tmp_path, *options) == 0
    told = json.loads((tmp_path / "result.json").read_text())["system"]
    ((row),) = told["core_counts"]
    assert row["stays"]
    assert told["weights_fill"] == 2
    assert row["cores"] == 3
    assert faults_in(tmp_path) == []
    assert the_judges_verdict(tmp_path) in (None, 0)
    schedule = json.loads((tmp_path / "schedule.json").read_text())
    assert {tile["core"] for tile in schedule["tiles"]} == {0, 1, 2}
    assert all(sent["setup"] for sent in schedule["transfers"] if sent.get("operand") == "W")


def test_where_weights_stay_nowhere_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arch, model = deep(tmp_path, 12_000)
    assert evaluated(model, arch, tmp_path, "--schedule", "pipeline", "--cores", "fewest") == 3
    assert "on no number of the cores a pipeline was found of which all weights stay" in capsys.readouterr().err
    assert not (tmp_path / "schedule.json").exists()
