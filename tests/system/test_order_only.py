"""Layers that read a tensor through views, of which workload.yaml tells no more than the order."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.planning import plan
from onnx2zz.system.tiling import Tiling, placed
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.system.checker import faults_in
from tests.system.small_systems import evaluated, system_file

ROWS, COLUMNS = 6, 5
CHANNEL_BITS = ROWS * COLUMNS * 8
HELD_TOGETHER = CHANNEL_BITS * (4 + 1 + 9) + 9 * 8
"""What core 1 holds while `b` runs before `c`: `d`, what `b` reads, makes and multiplies by. While `b` runs after `c`,
what `c` has read of `a` lies where `d` did: nothing says that `b` does not read it."""


def two_readers_of_one_tensor() -> onnx.ModelProto:
    """`b` reads one channel of `a`, `c` the other four, and `d`, which lies in the way of `b`."""
    nodes = [
        make_node("Conv", ["x", "wa"], ["a"], "a"),
        make_node("Conv", ["x", "wd"], ["d"], "d"),
        make_node("Slice", ["a", "zero", "one", "channel"], ["low"], "low"),
        make_node("Conv", ["low", "wb"], ["b"], "b"),
        make_node("Slice", ["a", "one", "five", "channel"], ["high"], "high"),
        make_node("Add", ["high", "d"], ["c"], "c"),
    ]
    rng = np.random.default_rng(1)
    numbers = {"zero": 0, "one": 1, "five": 5, "channel": 1}
    constants = {name: np.array([number]) for name, number in numbers.items()}
    constants |= {f"w{name}": distinct(rng, channels, 1, 1, 1) for name, channels in (("a", 5), ("d", 4), ("b", 9))}
    return model_of(nodes, {"x": np.zeros((1, 1, ROWS, COLUMNS), np.float32)}, constants, ["b", "c"])


@pytest.mark.parametrize(("bits", "code"), [(HELD_TOGETHER - 8, 3), (HELD_TOGETHER, 0)])
def test_what_comes_for_one_layer_is_kept_by_another_that_may_read_it(bits: int, code: int, tmp_path: Path) -> None:
    placement = tmp_path / "placement.yaml"
    cores = {"a": 0, "d": 1, "b": 1, "c": 1}
    placement.write_text("".join(f"{name}: {{cores: [{core}], turns: {{}}}}\n" for name, core in cores.items()))
    system = system_file(tmp_path / "system", "a row of cores", bits)
    assert evaluated(two_readers_of_one_tensor(), system, tmp_path, "--placement", str(placement)) == code
    if code == 0:
        assert faults_in(tmp_path) == []


def test_every_tile_of_a_core_waits_for_all_that_it_may_read_since_turns_change_places_in_a_pipeline() -> None:
    """`b` reads one channel of five: of `a`'s tiles in turn only some are sent to its cores."""
    graph = graph_of_model(compile_model(two_readers_of_one_tensor(), name="drawn"))
    numbers = {told.placed.name.rpartition("_")[2]: told.placed.id for told in graph.layers}
    tilings = {
        "a": Tiling(split=(("K", 2),), turns=(("OY", 2),)),
        "d": Tiling(split=(("OY", 2),)),
        "b": Tiling(split=(("OX", 2),), turns=(("OY", 3),)),
        "c": Tiling(split=(("G", 2),), turns=(("OY", 3),)),
    }
    shares = {
        number: placed(graph.layers[number].placed.layer, tilings[name], (0, 1) if name != "b" else (1, 2))
        for name, number in numbers.items()
    }
    found = plan(graph.layers, graph.edges, graph.results, shares, offchip=9)
    makers = found.makers[numbers["a"]]
    assert len(makers) == 4
    for reader in ("b", "c"):
        assert len(found.by_layer[numbers[reader]]) == 6
        for tile in found.by_layer[numbers[reader]]:
            for maker in makers:
                come = [one for one in maker.sends if tile.core in one.to]
                told = [one for one in come if one.number in tile.needs]
                assert maker.number in tile.follows or told, (reader, tile.box, maker.box)
                assert all(one in told or one.number in tile.keeps for one in come if one.bits)
