"""On one core the best schedule of stacks is as good as the best of all cuts and heights, gone through in plain
arithmetic."""

import math
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.fused.search import Fused, FusedSearch
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.offers import Offers, OnCores
from onnx2zz.system.operands import Told
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.system.fused.plain_stacks import BITS, Window, least_cycles
from tests.system.invented_prices import invented

PORT = 1 << 40
"""Bit a cycle: what comes takes no time."""


@st.composite
def chains(draw: st.DrawFn) -> list[Window]:
    """Up to three convolutions whose windows leave out no row."""
    channels, rows, columns = draw(st.integers(1, 3)), draw(st.integers(4, 6)), draw(st.integers(7, 9))
    found: list[Window] = []
    for _ in range(draw(st.sampled_from((1, 2, 2, 3, 3)))):
        ways = [
            (kernel, stride, pad, made)
            for kernel, stride, pad in product((1, 2, 3), (1, 2), (0, 1, 2))
            if stride <= kernel <= rows and pad < kernel
            if 2 <= (made := (rows + 2 * pad - kernel) // stride + 1) <= 6
        ]
        kernel, stride, pad, made = draw(st.sampled_from(ways))
        across, filters = draw(st.integers(1, 2)), draw(st.sampled_from((2, 3, 9, 17)))
        width, row_bits = columns - across + 1, channels * columns * BITS
        found.append(Window(rows, row_bits, made, width, channels, filters, (kernel, across), stride, pad))
        channels, rows, columns = filters, made, width
    return found


def search_on_one_core(layers: list[Window], capacity: int, start: int, folder: Path) -> FusedSearch:
    rng = np.random.default_rng(5)
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, np.ndarray] = {}
    for n, layer in enumerate(layers):
        weights[f"w{n}"] = distinct(rng, layer.filters, layer.channels_in, *layer.kernel)
        pads = [layer.pad, 0, layer.pad, 0]
        nodes.append(make_node("Conv", [f"t{n}", f"w{n}"], [f"t{n + 1}"], strides=[layer.stride, 1], pads=pads))
    columns = layers[0].columns + layers[0].kernel[1] - 1
    image = np.zeros((1, layers[0].channels_in, layers[0].rows_in, columns), np.float32)
    graph = graph_of_model(compile_model(model_of(nodes, {"t0": image}, weights, [f"t{len(layers)}"]), name="drawn"))
    core = yaml.safe_load(find_accelerator("seneca_core").path.read_text())
    for memory in core["memories"].values():
        memory["size"] = 16  # the highest is to be the largest
    core["memories"]["data_memory"]["size"] = capacity
    for port in core["memories"]["data_memory"]["ports"]:
        port["bandwidth_max"] = PORT
    (folder / "core.yaml").write_text(yaml.safe_dump(core, sort_keys=False))
    path = folder / "one.yaml"
    path.write_text(f"name: one\ncore: core.yaml\nmapping: seneca_core\noffchip: {{bandwidth: {PORT}}}\n")
    system = read_system(find_accelerator(str(path)))
    return FusedSearch(Search(system, graph, invented(system, graph, start, 1), "latency"))


def nothing_else(_: Offers, told: Told, level: int) -> list[OnCores]:
    """No layer by itself but as a stack of one: what the arithmetic knows."""
    return []


@settings(max_examples=30, deadline=None)
@given(layers=chains(), tight=st.floats(0.3, 1.1), start=st.sampled_from((1, 50, 700)))
def test_no_cut_and_no_height_is_better(
    layers: list[Window], tight: float, start: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not layers:
        return
    all_bits = (
        sum(one.weight_bits + one.rows_in * one.row_in_bits for one in layers) + layers[-1].rows * layers[-1].row_bits
    )
    capacity = max(64, int(all_bits * tight))
    expected = least_cycles(layers, capacity, start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Offers, "tilings", nothing_else)
        found: Fused | None = search_on_one_core(layers, capacity, start, tmp_path_factory.mktemp("drawn")).best()
    assert (math.inf if found is None else found.latency) == pytest.approx(expected, rel=1e-3)
