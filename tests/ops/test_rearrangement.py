"""SpaceToDepth, DepthToSpace, Tile and Expand against onnxruntime."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.oracle import check_node, distinct

sizes = st.integers(1, 4)


@settings(max_examples=30, deadline=None)
@given(sizes, sizes, sizes, sizes, st.integers(1, 3), st.sampled_from(["SpaceToDepth", "DCR", "CRD"]))
def test_blocks_and_channels(n: int, c: int, h: int, w: int, block: int, kind: str) -> None:
    rng = np.random.default_rng(0)
    if kind == "SpaceToDepth":
        node = helper.make_node(kind, ["x"], ["y"], blocksize=block)
        (layer,) = check_node(node, {"x": distinct(rng, n, c, h * block, w * block)})
    else:
        node = helper.make_node("DepthToSpace", ["x"], ["y"], blocksize=block, mode=kind)
        (layer,) = check_node(node, {"x": distinct(rng, n, c * block * block, h, w)})
    assert (layer.kind, layer.operations) == ("movement", n * c * h * w * block * block)


@settings(max_examples=30, deadline=None)
@given(st.lists(sizes, min_size=1, max_size=5), st.data())
def test_tile(shape: list[int], data: st.DataObject) -> None:
    repeats = np.asarray([data.draw(st.integers(1, 3)) for _ in shape])
    x = distinct(np.random.default_rng(0), *shape)
    (layer,) = check_node(helper.make_node("Tile", ["x", "r"], ["y"]), {"x": x}, {"r": repeats})
    assert layer.operations == x.size * np.prod(repeats)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(sizes, st.booleans()), min_size=1, max_size=5), st.integers(0, 4))
def test_expand(axes: list[tuple[int, bool]], dropped: int) -> None:
    """Axes of one element grow to any size; missing ones in front are added."""
    shape = [1 if repeated else size for size, repeated in axes][min(dropped, len(axes) - 1) :]
    wanted = np.asarray([size for size, _ in axes])
    (layer,) = check_node(
        helper.make_node("Expand", ["x", "s"], ["y"]), {"x": distinct(np.random.default_rng(0), *shape)}, {"s": wanted}
    )
    assert layer.operations == max(1, int(np.prod(wanted)))


@pytest.mark.parametrize("op", ["Tile", "Expand"])
def test_nothing_repeated_is_a_view(op: str) -> None:
    from onnx2zz.compiler import compile_model
    from tests.oracle import model_of

    x, same = distinct(np.random.default_rng(0), 2, 3), {"Tile": [1, 1], "Expand": [1, 3]}[op]
    nodes = [helper.make_node(op, ["x", "s"], ["t"]), helper.make_node("Relu", ["t"], ["y"])]
    compiled = compile_model(model_of(nodes, {"x": x}, {"s": np.asarray(same)}, ["y"]))
    assert [fate.status for fate in compiled.workload.nodes] == ["view", "lowered"]
