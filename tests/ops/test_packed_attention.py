"""Packed attention against onnxruntime's MultiHeadAttention, one sequence at a time; its own has no CPU kernel."""

from itertools import pairwise

import numpy as np
import pytest

from onnx2zz.compiler import compile_model
from tests.nodes import make_node
from tests.oracle import distinct, lowered, model_of, onnxruntime_run, run_layers

N, D, DV, CHANNELS = 3, 4, 5, 7
LENGTHS = [(3, 3, 3), (5, 2, 4), (1, 6), (4, 0, 3)]


def alone(q: np.ndarray, k: np.ndarray, v: np.ndarray, bias: np.ndarray | None, scale: float) -> np.ndarray:
    """One sequence: (length, N * D), (length, N * D), (length, N * DV)."""
    inputs = {"q": q[None], "k": k[None], "v": v[None]} | ({} if bias is None else {"bias": bias})
    names = ["q", "k", "v", "", "", *(["bias"] if bias is not None else [])]
    node = make_node("MultiHeadAttention", names, ["y"], domain="com.microsoft", num_heads=N, scale=scale)
    return onnxruntime_run(model_of([node], inputs, {}, ["y"]), inputs)["y"][0]


def expected(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, bias: np.ndarray | None, lengths: tuple[int, ...], scale: float
) -> np.ndarray:
    ends = np.cumsum((0, *lengths))
    parts = [
        alone(q[a:b], k[a:b], v[a:b], None if bias is None else bias[i : i + 1, :, : b - a, : b - a], scale)
        for i, (a, b) in enumerate(pairwise(ends))
        if b > a
    ]
    return np.concatenate(parts)


def steering(lengths: tuple[int, ...]) -> dict[str, np.ndarray]:
    places = np.arange(len(lengths) * max(lengths), dtype=np.int32).reshape(len(lengths), -1)
    return {"offset": places, "ends": np.cumsum((0, *lengths)).astype(np.int32)}


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("biased", [False, True])
def test_queries_keys_and_values_in_three_tensors(lengths: tuple[int, ...], biased: bool) -> None:
    rng, tokens = np.random.default_rng(0), sum(lengths)
    inputs = {name: 3 * distinct(rng, tokens, N * width) for name, width in (("q", D), ("k", D), ("v", DV))}
    added = distinct(rng, N * (2 * D + DV))
    bias = {"bias": 2 * distinct(rng, len(lengths), N, max(lengths), max(lengths))} if biased else {}
    names = ["q", "k", "v", "b", "offset", "ends", *bias]
    node = make_node("PackedMultiHeadAttention", names, ["y"], domain="com.microsoft", num_heads=N, scale=0.3)
    constants = {"b": added, **steering(lengths)}
    model = model_of([node], inputs | bias, constants, ["y"])
    graph, layers = lowered(model)
    got = run_layers(layers, inputs | bias | constants)["y"]
    parts = np.split(added, [N * D, 2 * N * D])
    q, k, v = (inputs[name] + part for name, part in zip("qkv", parts, strict=True))
    want = expected(q, k, v, bias.get("bias"), lengths, 0.3)
    assert graph.shape("y") == want.shape
    np.testing.assert_allclose(got.reshape(want.shape), want, 1e-4, 1e-4)
    assert sum(layer.macs for layer in layers) == sum(N * length**2 * (D + DV) for length in lengths)
    assert {layer.kind for layer in layers} == {"exact"}


@pytest.mark.parametrize("lengths", LENGTHS)
def test_all_in_one_tensor(lengths: tuple[int, ...]) -> None:
    rng, tokens = np.random.default_rng(0), sum(lengths)
    x = {"x": 3 * distinct(rng, tokens, N, 3, D)}
    names = ["x", "", "", "", "offset", "ends"]
    node = make_node("PackedMultiHeadAttention", names, ["y"], domain="com.microsoft", num_heads=N)
    graph, layers = lowered(model_of([node], x, steering(lengths), ["y"]))
    got = run_layers(layers, x | steering(lengths))["y"]
    q, k, v = (x["x"][:, :, part].reshape(tokens, N * D) for part in range(3))
    want = expected(q, k, v, None, lengths, D**-0.5)
    assert graph.shape("y") == want.shape
    np.testing.assert_allclose(got.reshape(want.shape), want, 1e-4, 1e-4)


@pytest.mark.parametrize("lengths", LENGTHS)
def test_projections_come_first(lengths: tuple[int, ...]) -> None:
    rng, tokens, total = np.random.default_rng(0), sum(lengths), N * (2 * D + DV)
    x = {"x": 2 * distinct(rng, tokens, CHANNELS)}
    constants = {"w": 2 * distinct(rng, CHANNELS, total), "b": distinct(rng, total), **steering(lengths)}
    sizes = (N * D, N * D, N * DV)
    names = ["x", "w", "b", "offset", "ends"]
    node = make_node(
        "PackedAttention", names, ["y"], domain="com.microsoft", num_heads=N, qkv_hidden_sizes=sizes, scale=0.2
    )
    _, layers = lowered(model_of([node], x, constants, ["y"]))
    got = run_layers(layers, x | constants)["y"]
    q, k, v = np.split(x["x"] @ constants["w"] + constants["b"], [N * D, 2 * N * D], axis=1)
    want = expected(q, k, v, None, lengths, 0.2)
    np.testing.assert_allclose(got.reshape(want.shape), want, 1e-4, 1e-4)
    macs = tokens * CHANNELS * total + sum(N * length**2 * (D + DV) for length in lengths)
    assert sum(layer.macs for layer in layers) == macs


def test_lengths_that_only_a_run_knows_are_taken_to_be_even() -> None:
    rng = np.random.default_rng(0)
    inputs = {name: distinct(rng, 11, N * D) for name in "qkv"} | steering((4, 7))
    node = make_node(
        "PackedMultiHeadAttention", ["q", "k", "v", "", "offset", "ends"], ["y"], domain="com.microsoft", num_heads=N
    )
    compiled = compile_model(model_of([node], inputs, {}, ["y"]))
    assert sum(placed.layer.macs for placed in compiled.workload.layers) == 2 * N * (6**2 + 5**2) * D
    assert {placed.layer.kind for placed in compiled.workload.layers} == {"approximate"}
