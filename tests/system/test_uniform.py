"""No result is worse than every layer split the same way over all cores, placed so by hand."""

from pathlib import Path

import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.operands import Told
from onnx2zz.system.placement import Placed
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from tests.present import present
from tests.system.invented_prices import invented
from tests.system.tiny_systems import drawn_tiny

LOOPS = {"rows": ("OY",), "columns": ("OX",), "channels": ("K", "G")}


def by_hand(told: Told, way: str, cores: int) -> Placed:
    sizes = told.placed.layer.sizes
    loop = next((loop for loop in LOOPS[way] if sizes.get(loop, 1) > 1), None)
    if loop is None:
        return Placed((0,))
    parts = min(cores, sizes[loop])
    return Placed(tuple(range(parts)), ((loop, parts),))


@pytest.mark.parametrize("way", LOOPS)
def test_no_uniform_split_is_better_than_the_best(way: str, tmp_path: Path) -> None:
    tried = 0
    for seed in range(16):
        tiny = drawn_tiny(seed)
        if tiny.system.capacity < 1 << 21:  # in other turns by hand than by the search
            continue
        system = read_system(find_accelerator(str(tiny.system.write(tmp_path, f"drawn_{seed}"))))
        graph = graph_of_model(compile_model(tiny.model(), name="drawn"))
        prices = invented(system, graph, tiny.start, tiny.each)
        placed = {told.placed.id: by_hand(told, way, len(system.cores)) for told in graph.layers}
        uniform = present(Search(system, graph, prices, "latency", fixed=placed).best())
        best = present(Search(system, graph, prices, "latency").best())
        assert best.latency <= uniform.latency, (seed, way, best.latency, uniform.latency)
        tried += 1
    assert tried > 8
