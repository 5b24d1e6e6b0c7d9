"""EmbedLayerNormalization against onnxruntime."""

import numpy as np
import pytest
from onnx import helper

from onnx2zz.emission.equation import notation
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.trace import trace
from onnx2zz.ops.registry import operators
from tests.oracle import distinct, model_of, onnxruntime_run, run_layers

B, S, H = 2, 5, 7


@pytest.mark.parametrize("segments", [True, False])
@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("mask", [True, False])
def test_rows_sums_and_norm(segments: bool, positions: bool, mask: bool) -> None:
    rng = np.random.default_rng(0)
    inputs = {"ids": rng.integers(0, 11, (B, S), np.int32)}
    if segments:
        inputs["segment_ids"] = rng.integers(0, 3, (B, S), np.int32)
    tables = {"words": distinct(rng, 11, H), "positions": distinct(rng, 9, H), "segments": distinct(rng, 3, H)}
    constants = tables | {"gamma": distinct(rng, H), "beta": distinct(rng, H)}
    if not segments:
        del constants["segments"]
    if mask:
        inputs["mask"] = (np.arange(S) < np.array([[3], [4]])).astype(np.int32)
    if positions:
        inputs["position_ids"] = rng.integers(0, 9, (B, S), np.int32)
    order = ["ids", "segment_ids", "words", "positions", "segments", "gamma", "beta", "mask", "position_ids"]
    names = [name if name in inputs | constants else "" for name in order]
    while not names[-1]:
        names.pop()
    node = helper.make_node("EmbedLayerNormalization", names, ["y", "count", "sum"], domain="com.microsoft")
    model = model_of([node], inputs, constants, ["y", "count", "sum"])
    expected = onnxruntime_run(model, inputs)
    graph = trace(model, Bindings())
    layers = operators()[graph.nodes[-1].op].lower(graph.nodes[-1], graph)
    values: dict[str, np.ndarray] = {**inputs, **constants}
    copies = [layer for layer in layers if layer.also_reads]
    assert len(copies) == 1 + segments + positions
    for copy in copies:
        assert notation(copy, variable=False).equation.startswith("O[b][g][ox]=I[b][g][ox]")
    values = run_layers(layers, {**inputs, **constants})
    for name in ["y", "sum"] + ["count"] * mask:
        np.testing.assert_allclose(values[name], expected[name], 1e-4, 1e-4, err_msg=name)
