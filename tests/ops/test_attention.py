"""Attention of ONNX against onnxruntime, and against ONNX's own evaluator where that has no kernel."""

import numpy as np
import onnx
import pytest

from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.trace import trace
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.registry import operators
from tests.nodes import Attribute, make_node
from tests.oracle import Arrays, check_node, distinct, model_of, reference_run, run_layers

B, S, T, D, DV = 2, 5, 7, 4, 6


def heads(rng: np.random.Generator, count: int, length: int, width: int, rank: int) -> np.ndarray:
    shape = (B, count, length, width) if rank == 4 else (B, length, count * width)
    return 3 * distinct(rng, *shape)


def operands(n: int, kv: int, rank: int, keys: int = T) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "q": heads(rng, n, S, D, rank),
        "k": heads(rng, kv, keys, D, rank),
        "v": heads(rng, kv, keys, DV, rank),
    }


def attention(
    inputs: Arrays, outputs: list[str], n: int, kv: int, rank: int, **attributes: Attribute
) -> onnx.NodeProto:
    order = ["q", "k", "v", "mask", "past_k", "past_v", "lengths"]
    names = [name if name in inputs else "" for name in order]
    while not names[-1]:
        names.pop()
    counts = {"q_num_heads": n, "kv_num_heads": kv} if rank == 3 else {}
    return make_node("Attention", names, outputs, **counts, **attributes)


def check_by_reference(node: onnx.NodeProto, inputs: Arrays, opset: int) -> tuple[Layer, ...]:
    """As check_node, with ONNX's reference evaluator in onnxruntime's place."""
    outputs = [o for o in node.output if o]
    model = model_of([node], inputs, {}, outputs, opset)
    expected = reference_run(model, inputs)
    graph = trace(model, Bindings())
    layers = operators()["Attention"].lower(graph.nodes[-1], graph)
    values = run_layers(layers, inputs)
    for name in outputs:
        got = values[name].reshape(expected[name].shape)
        np.testing.assert_allclose(got, expected[name], 1e-4, 1e-4, err_msg=name)
        assert graph.shape(name) == expected[name].shape
    return layers


@pytest.mark.parametrize("rank", [3, 4])
@pytest.mark.parametrize(("n", "kv"), [(3, 3), (6, 2), (4, 1)])
@pytest.mark.parametrize("attributes", [{}, {"is_causal": 1}, {"scale": 0.3, "softcap": 2.5}])
def test_heads_in_either_order(rank: int, n: int, kv: int, attributes: dict[str, float]) -> None:
    inputs = operands(n, kv, rank)
    layers = check_node(attention(inputs, ["y"], n, kv, rank, **attributes), inputs, opset=23)
    first, *_, last = layers
    assert (first.macs, last.macs) == (B * n * S * T * D, B * n * S * T * DV)
    assert first.inputs[1].volume(first.sizes) == B * kv * T * D, "K is read once a stored head"
    assert last.inputs[1].volume(last.sizes) == B * kv * T * DV
    assert sum(layer.macs for layer in layers) == first.macs + last.macs


@pytest.mark.parametrize("shape", [(S, T), (2, 1, S, T), (1, 6, S, T), (2, 6, S, T), (6, S, T)])
@pytest.mark.parametrize("boolean", [True, False])
def test_masks_are_broadcast(shape: tuple[int, ...], boolean: bool) -> None:
    rng = np.random.default_rng(1)
    inputs = operands(6, 2, 4)
    inputs["mask"] = rng.random(shape) > 0.3 if boolean else 2 * distinct(rng, *shape)
    check_node(attention(inputs, ["y"], 6, 2, 4), inputs, opset=23)


@pytest.mark.parametrize("rank", [3, 4])
@pytest.mark.parametrize("mode", [0, 1, 2, 3])
@pytest.mark.parametrize("boolean", [True, False])
def test_cache_mask_and_every_output(rank: int, mode: int, boolean: bool) -> None:
    """K and V go behind the past ones; the scores are shown before, between and after the passes.

    onnxruntime shows hidden scores (mode 2) as float32's lowest number, where ONNX says -inf.
    """
    rng = np.random.default_rng(2)
    inputs = operands(6, 2, rank, keys=S)
    inputs["mask"] = rng.random((S, S + 4)) > 0.3 if boolean else 2 * distinct(rng, S, S + 4)
    inputs |= {"past_k": distinct(rng, B, 2, 4, D), "past_v": distinct(rng, B, 2, 4, DV)}
    outputs = ["y", "present_k", "present_v", "scores"]
    node = attention(inputs, outputs, 6, 2, rank, is_causal=1, softcap=1.5, qk_matmul_output_mode=mode)
    layers = check_by_reference(node, inputs, 24) if mode == 2 else check_node(node, inputs, opset=24)
    copies = [layer for layer in layers if layer.kind == "movement"]
    assert sum(layer.operations for layer in copies) == B * 2 * (4 + S) * (D + DV)


@pytest.mark.parametrize("attributes", [{}, {"is_causal": 1}])
def test_rows_without_any_key_are_zero(attributes: dict[str, int]) -> None:
    inputs = operands(3, 3, 4)
    mask = np.ones((S, T), bool)
    mask[2] = mask[0] = False
    inputs["mask"] = mask
    check_by_reference(
        attention(inputs, ["y", "", "", "w"], 3, 3, 4, qk_matmul_output_mode=3, **attributes), inputs, 23
    )


@pytest.mark.parametrize("attributes", [{}, {"is_causal": 1}])
@pytest.mark.parametrize("boolean", [True, False])
def test_lengths_and_short_masks(attributes: dict[str, int], boolean: bool) -> None:
    """nonpad_kv_seqlen: a cache that is updated outside, filled to a length of its own in each sample."""
    rng = np.random.default_rng(3)
    inputs = operands(6, 2, 4) | {"lengths": np.array([6, 5])}
    inputs["mask"] = rng.random((S, T - 1)) > 0.2 if boolean else distinct(rng, S, T - 1)
    check_by_reference(attention(inputs, ["y"], 6, 2, 4, **attributes), inputs, 24)


@pytest.mark.skipif(onnx.defs.onnx_opset_version() < 25, reason="this onnx has no windows")
@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("attributes", [{"left_window_size": 2}, {"left_window_size": 1, "right_window_size": 2}])
def test_windows(attributes: dict[str, int], lengths: bool) -> None:
    inputs = operands(6, 2, 4) | ({"lengths": np.array([7, 6])} if lengths else {})
    check_by_reference(attention(inputs, ["y"], 6, 2, 4, **attributes), inputs, onnx.defs.onnx_opset_version())
