"""Halos between the stripes of two cores: sent or computed by both, each priced as what it is, the better one taken."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.fused.search import Fused, FusedSearch
from onnx2zz.system.fused.stack import Stack
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.offers import Offers, OnCores
from onnx2zz.system.operands import Told
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from onnx2zz.zigzag.objective import ObjectiveName
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.present import present
from tests.system.invented_prices import invented

ROWS, COLUMNS, CHANNELS, FILTERS = 13, 10, 3, 5
BITS = 8
ROW_BITS = COLUMNS * FILTERS * BITS
"""Of what lies between the two convolutions."""
ROW_POINTS = COLUMNS * FILTERS * CHANNELS * 9


def on_two_cores(folder: Path, bandwidth: float, energy_per_bit: float, opt: ObjectiveName) -> FusedSearch:
    """Two convolutions of 3 x 3 on two cores with a link between them."""
    rng = np.random.default_rng(11)
    weights = {"a": distinct(rng, FILTERS, CHANNELS, 3, 3), "b": distinct(rng, 2, FILTERS, 3, 3)}
    nodes = [make_node("Conv", [x, w], [y], pads=[1, 1, 1, 1]) for x, w, y in (("x", "a", "t"), ("t", "b", "y"))]
    image = np.zeros((1, CHANNELS, ROWS, COLUMNS), np.float32)
    graph = graph_of_model(compile_model(model_of(nodes, {"x": image}, weights, ["y"]), name="two"))
    path = folder / "two.yaml"
    topology = f"topology: {{mesh: [2, 1], bandwidth: {bandwidth}, energy_per_bit: {energy_per_bit}}}"
    path.write_text(
        f"name: two\ncore: seneca_core\nmapping: seneca_core\n{topology}\n"
        "offchip: {bandwidth: 4096, at: [[0, 0], [1, 0]]}\n"
    )
    system = read_system(find_accelerator(str(path)))
    return FusedSearch(Search(system, graph, invented(system, graph, 10, 1), opt))


def only_stacks(_: Offers, told: Told, level: int) -> list[OnCores]:
    return []


def both_ways(search: FusedSearch, rows: int) -> tuple[Fused, Fused]:
    """The two convolutions as one stack, halos sent, and computed by both."""
    sent = Stack((0, 1), (0, 1), rows)
    return present(search.scheduled((sent,))), present(search.scheduled((replace(sent, recomputes=True),)))


def between_cores(found: Fused) -> int:
    plan = found.schedule.plan
    return sum(one.bits for one in plan.transfers if one.of is not None and one.to in ((0,), (1,)))


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 6])
def test_two_rows_are_sent_or_computed_twice(rows: int, tmp_path: Path) -> None:
    # The border lies between rows 6 and 7 of the second's output, which reads rows 6 and 7 on either side.
    sent, again = both_ways(on_two_cores(tmp_path, 32, 0.25, "energy"), rows)
    assert (between_cores(sent), between_cores(again)) == (2 * ROW_BITS, 0)
    assert not any(tile.box.recomputed for tile in sent.schedule.plan.tiles)
    assert sum(tile.makes[3].bit_count() for tile in again.schedule.plan.tiles if tile.box.recomputed) == 2
    assert again.energy - sent.energy == pytest.approx(2 * ROW_POINTS - 2 * ROW_BITS * 0.25)


@pytest.mark.parametrize(("energy_per_bit", "recomputes"), [(0.01, False), (40.0, True)])
def test_the_halo_that_costs_less_energy_is_found(energy_per_bit: float, recomputes: bool, tmp_path: Path) -> None:
    search = on_two_cores(tmp_path, 32, energy_per_bit, "energy")
    sent, again = both_ways(search, 6)
    assert (again.energy < sent.energy) == recomputes


@pytest.mark.parametrize(("bandwidth", "recomputes"), [(0.02, True), (4096, False)])
def test_the_halo_that_costs_less_time_is_taken(
    bandwidth: float, recomputes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Offers, "tilings", only_stacks)
    search = on_two_cores(tmp_path, bandwidth, 0.0, "latency")
    sent, again = both_ways(search, 6)
    assert (again.latency < sent.latency) == recomputes
    best = present(on_two_cores(tmp_path, bandwidth, 0.0, "latency").best())
    assert best.latency <= min(sent.latency, again.latency)
    stacks = [part for part in best.parts if isinstance(part, Stack) and len(part.layers) > 1]
    assert all(len(stack.cores) == 1 or stack.recomputes == recomputes for stack in stacks)
