"""Operators of ONNX Runtime that stand for others: against its CPU kernels, else against numpy; MACs by arithmetic."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.trace import trace
from tests.frontend.whole_graph import check_model, run_graph
from tests.oracle import distinct, model_of, onnxruntime_run

Arrays = dict[str, np.ndarray]
RNG = np.random.default_rng(3)


def model(
    op: str, inputs: Mapping[str, np.ndarray | None], outputs: list[str], /, **attributes: Any
) -> onnx.ModelProto:
    """One node of com.microsoft; inputs that are None are left out."""
    names = [name if value is not None else "" for name, value in inputs.items()]
    node = helper.make_node(op, names, outputs, "node", domain="com.microsoft", **attributes)
    return model_of([node], given(inputs), {}, [name for name in outputs if name], 18)


def given(inputs: Mapping[str, np.ndarray | None]) -> Arrays:
    return {name: value for name, value in inputs.items() if value is not None}


def ours(of: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs as our loop nests give them."""
    graph = trace(of, Bindings())
    values = run_graph(graph, inputs, of)
    return {name: values[name].reshape(graph.shape(name)) for name in graph.outputs}


def macs(of: onnx.ModelProto) -> int:
    return compile_model(of).workload.macs


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("activation", ["silu", "swish", "sigmoid"])
def test_gated_rms_norm_of_heads(activation: str) -> None:
    inputs = {"x": distinct(RNG, 2, 3, 15), "scale": distinct(RNG, 5), "gate": distinct(RNG, 2, 3, 15)}
    check_model(model("GatedRMSNorm", inputs, ["y"], activation=activation, epsilon=0.03), inputs)


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("past", [True, False])
@pytest.mark.parametrize("activation", ["silu", "none"])
def test_causal_convolution(last: int, past: bool, activation: str) -> None:
    batch, channels, length, taps = 2, 3, 7, 4
    x, before = distinct(RNG, batch, channels, length), distinct(RNG, batch, channels, taps - 1)
    if last:
        x, before = x.transpose(0, 2, 1).copy(), before.transpose(0, 2, 1).copy()
    inputs = {
        "x": x, "w": distinct(RNG, channels, 1, taps), "b": distinct(RNG, channels), "past": before if past else None,
    }  # fmt: skip
    found = model("CausalConvWithState", inputs, ["y", "state"], activation=activation, channels_last=last)
    check_model(found, given(inputs))
    assert macs(found) == batch * channels * length * taps


def test_causal_convolution_with_gaps_and_channels_in_two_axes() -> None:
    length, taps, dilation = 6, 3, 2
    past = distinct(RNG, 1, (taps - 1) * dilation, 2, 5)
    inputs = {"x": distinct(RNG, 1, length, 2, 5), "w": distinct(RNG, 10, 1, taps), "b": None, "past": past}
    found = model("CausalConvWithState", inputs, ["y", "state"], channels_last=1, dilation=dilation)
    check_model(found, given(inputs))
    assert macs(found) == length * 10 * taps


@pytest.mark.skipif(onnx.defs.onnx_opset_version() < 27, reason="onnx is older than the operator")
@pytest.mark.parametrize("rule", ["linear", "gated", "delta", "gated_delta"])
@pytest.mark.parametrize(("queries", "keys"), [(2, 2), (4, 2), (2, 6)])
def test_linear_attention(rule: str, queries: int, keys: int) -> None:
    batch, length, width, deep = 2, 5, 3, 4
    inputs = {
        "q": distinct(RNG, batch, length, queries * width),
        "k": distinct(RNG, batch, length, keys * width) / 3,
        "v": distinct(RNG, batch, length, keys * deep),
        "past": distinct(RNG, batch, keys, width, deep),
        "decay": -np.abs(distinct(RNG, batch, length, keys)) if "gated" in rule else None,
        "beta": sigmoid(distinct(RNG, batch, length, keys)) if "delta" in rule else None,
    }
    arrays = {name: value.astype(np.float32) for name, value in given(inputs).items()}
    typed = {name: arrays.get(name) for name in inputs}
    found = model("LinearAttention", typed, ["y", "state"], q_num_heads=queries, kv_num_heads=keys, update_rule=rule)
    check_model(found, arrays)
    # Of each token and state: k * v, q * S, and with the delta rule S * k, each width * deep.
    reads = max(queries, keys) + keys * (2 if "delta" in rule else 1)
    assert macs(found) == batch * length * reads * width * deep


@pytest.mark.skipif(onnx.defs.onnx_opset_version() < 27, reason="onnx is older than the operator")
@pytest.mark.parametrize("gate", ["none", "softplus", "sigmoid"])
@pytest.mark.parametrize(
    ("per_key", "rank", "rule"), [(True, 4, "gated_delta"), (False, 3, "gated_delta"), (False, 3, "delta")]
)
def test_gated_delta_net(gate: str, per_key: bool, rank: int, rule: str) -> None:
    batch, length, shared, heads, deep, wide = 2, 5, 2, 6, 4, 3
    tokens = (batch, length) if rank == 4 else (batch * length,)
    gates = (heads, deep) if per_key else (heads,)
    decay = distinct(RNG, *tokens, *gates)
    inputs = {
        "q": distinct(RNG, *tokens, shared, deep), "k": distinct(RNG, *tokens, shared, deep),
        "v": distinct(RNG, *tokens, heads, wide), "lengths": None,
        "decay": (decay if gate != "none" else -np.abs(decay)).astype(np.float32) if rule != "delta" else None,
        "beta": distinct(RNG, *tokens, heads), "state": distinct(RNG, batch, heads, wide, deep),
        "a_log": distinct(RNG, heads) if gate != "none" and rule != "delta" else None,
        "dt": distinct(RNG, *gates) if gate != "none" and rule != "delta" else None,
    }  # fmt: skip
    attributes = {"gate_activation": gate if rule != "delta" else "none", "beta_activation": "sigmoid", "qk_l2_norm": 1}
    found = model("GatedDeltaNet", inputs, ["y", "last"], update_rule=rule, **attributes)
    check_model(found, given(inputs))
    assert macs(found) == batch * length * 3 * heads * deep * wide


@pytest.mark.parametrize(("layout", "shares"), [(0, [2, 1, 3]), (0, [3, 3, 0]), (1, [2, 2, 2]), (1, [3, 2, 1])])
@pytest.mark.parametrize("rank", [3, 4])
def test_rotary_embedding_by_three_positions(layout: int, shares: list[int], rank: int) -> None:
    batch, heads, length, half, rows = 2, 3, 5, 6, 11
    shape = (batch, length, heads * 2 * half) if rank == 3 else (batch, heads, length, 2 * half)
    angles = distinct(RNG, rows, half)
    inputs = {
        "x": distinct(RNG, *shape), "ids": RNG.integers(0, rows, (3, batch, length)),
        "cos": np.cos(angles).astype(np.float32), "sin": np.sin(angles).astype(np.float32),
    }  # fmt: skip
    attributes = {"mrope_section": shares, "mrope_layout": layout, "num_heads": heads if rank == 3 else 0}
    check_model(model("MRotaryEmbedding", inputs, ["y"], **attributes), inputs)


def test_gated_add_and_scaled_silu() -> None:
    x, y, gate = distinct(RNG, 2, 3, 5), distinct(RNG, 2, 3, 5), distinct(RNG, 2, 3, 1)
    inputs = {"x": x, "y": y, "gate": gate}
    check_model(model("GatedAdd", inputs, ["z"]), inputs)
    check_model(model("ScaledSiLU", {"x": x}, ["z"], alpha=1.7), {"x": x})


@pytest.mark.parametrize(("limit", "alpha", "beta", "apart"), [(0.0, 1.0, 0.0, True), (0.7, 1.702, 1.0, False)])
def test_swiglu(limit: float, alpha: float, beta: float, apart: bool) -> None:
    gate, up = distinct(RNG, 3, 4), distinct(RNG, 3, 4)
    inputs = {"gate": gate, "up": up} if apart else {"gate": np.concatenate([gate, up], axis=-1)}
    attributes = {"limit": limit, "activation_alpha": alpha, "activation_beta": beta}
    (found,) = ours(model("SwiGLU", inputs, ["y"], **attributes), inputs).values()
    if limit:
        gate, up = np.minimum(gate, limit), np.clip(up, -limit, limit)
    np.testing.assert_allclose(found, gate * sigmoid(alpha * gate) * (up + beta), 1e-4, 1e-5)


def test_bias_softmax() -> None:
    scores, bias = distinct(RNG, 2, 3, 4, 5), distinct(RNG, 2, 1, 1, 5)
    inputs = {"scores": scores, "bias": bias}
    (found,) = ours(model("BiasSoftmax", inputs, ["y"], axis=3, is_inner_broadcast=1), inputs).values()
    powers = np.exp(scores + bias)
    np.testing.assert_allclose(found, powers / powers.sum(axis=-1, keepdims=True), 1e-4, 1e-5)


def test_gated_relative_position_bias() -> None:
    batch, length, heads, width, columns = 2, 3, 4, 5, 8
    q, rel = distinct(RNG, batch, length, heads * width), distinct(RNG, 1, heads, length, length)
    inputs = {
        "q": q, "qb": distinct(RNG, heads * width), "rel": rel, "w": distinct(RNG, width, columns),
        "b": distinct(RNG, columns), "eco": distinct(RNG, 1, heads, 1, 1),
    }  # fmt: skip
    of = model("GatedRelativePositionBias", inputs, ["y"], num_heads=heads)
    (found,) = ours(of, inputs).values()
    turned = (q + inputs["qb"]).reshape(batch, length, heads, width).transpose(0, 2, 1, 3)
    gates = (turned @ inputs["w"] + inputs["b"]).reshape(batch, heads, length, 2, columns // 2).sum(-1)
    u, r = np.split(sigmoid(gates), 2, axis=-1)
    np.testing.assert_allclose(found, (u * (r * inputs["eco"] - 1) + 2) * rel, 1e-4, 1e-5)
    assert macs(of) == batch * length * heads * width * columns


def packed(columns: int, depth: int, name: str) -> Arrays:
    """Weights of 4 bits in blocks of 16."""
    blocks = depth // 16
    return {
        f"{name}_b": RNG.integers(0, 256, (columns, blocks, 8)).astype(np.uint8),
        f"{name}_s": RNG.uniform(0.01, 0.1, (columns, blocks)).astype(np.float32),
        f"{name}_bias": distinct(RNG, columns).astype(np.float32),
    }


def alone(x: str, name: str, columns: int, depth: int) -> onnx.NodeProto:
    """One of the products that are fused."""
    names = [x, f"{name}_b", f"{name}_s", "", "", f"{name}_bias"]
    return helper.make_node(
        "MatMulNBits", names, [name], domain="com.microsoft", K=depth, N=columns, block_size=16, bits=4
    )


@pytest.mark.parametrize("skip", [True, False])
def test_three_products_with_packed_weights(skip: bool) -> None:
    """As ONNX Runtime's own kernels of what it fuses give them."""
    rows, depth, queries, stored = 3, 32, 6, 5
    x, scale = distinct(RNG, 1, rows, depth), distinct(RNG, depth)
    inputs: dict[str, np.ndarray | None] = {
        "x": x,
        "skip": distinct(RNG, 1, rows, depth) if skip else None,
        "scale": scale,
    }
    sizes = {"q": queries, "k": stored, "v": stored}
    for name, columns in sizes.items():
        inputs |= packed(columns, depth, name)
    outputs = ["q", "k", "v", *(["sum"] if skip else [])]
    attributes = {"K": depth, "Nq": queries, "Nkv": stored, "block_size": 16, "bits": 4, "epsilon": 0.02}
    fused = model("MatMulNBitsQkv", inputs, outputs, **attributes)
    found = ours(fused, given(inputs))
    norm = helper.make_node("SimplifiedLayerNormalization", ["x", "scale"], ["n"], epsilon=0.02, axis=-1)
    if skip:
        norm = helper.make_node(
            "SkipSimplifiedLayerNormalization", ["x", "skip", "scale"], ["n", "", "", "sum"], domain="com.microsoft",
            epsilon=0.02,
        )  # fmt: skip
    nodes = [norm, *(alone("n", name, columns, depth) for name, columns in sizes.items())]
    expected = onnxruntime_run(model_of(nodes, given(inputs), {}, outputs, 18), given(inputs))
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, 1e-3, 1e-3)
    assert macs(fused) == rows * depth * (queries + 2 * stored)


def test_a_gated_mlp_with_packed_weights() -> None:
    rows, depth, columns = 3, 32, 6
    x = distinct(RNG, rows, depth)
    inputs: dict[str, np.ndarray | None] = {"x": x, "skip": None, "scale": None}
    inputs |= {**packed(columns, depth, "gate"), **packed(columns, depth, "up")}
    fused = model("MatMulNBitsMlp", inputs, ["y"], K=depth, N=columns, block_size=16, bits=4, activation="silu")
    nodes = [alone("x", name, columns, depth) for name in ("gate", "up")]
    each = onnxruntime_run(model_of(nodes, given(inputs), {}, ["gate", "up"], 18), given(inputs))
    expected = each["gate"] * sigmoid(each["gate"]) * each["up"]
    np.testing.assert_allclose(ours(fused, given(inputs))["y"], expected, 1e-3, 1e-3)
    assert macs(fused) == 2 * rows * depth * columns


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("CausalConvWithState", {"state_window": 2}),
        ("CausalConvWithState", {"ndim": 2}),
        ("GatedRMSNorm", {"activation": "tanh"}),
    ],
)
def test_other_forms_are_refused_and_never_lost_in_silence(op: str, attributes: dict[str, Any]) -> None:
    inputs = {"x": distinct(RNG, 1, 3, 5), "w": distinct(RNG, 3, 1, 2), "g": distinct(RNG, 1, 3, 5)}
    with pytest.raises(InputError, match=f"{op}.*this form of the operator has no lowering"):
        compile_model(model(op, inputs, ["y"], **attributes))
