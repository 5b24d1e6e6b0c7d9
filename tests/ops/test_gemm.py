"""Gemm and MatMul against onnxruntime."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.oracle import check_node, distinct

sizes = st.integers(1, 5)


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, sizes, st.data())
def test_gemm(d: int, k: int, c: int, data: st.DataObject) -> None:
    trans_a, trans_b = data.draw(st.integers(0, 1)), data.draw(st.integers(0, 1))
    alpha, beta = data.draw(st.sampled_from([1.0, 0.5])), data.draw(st.sampled_from([1.0, 0.25, 0.0]))
    bias = data.draw(st.sampled_from([None, (), (k,), (1, k), (d, 1), (d, k)]))
    constant = data.draw(st.booleans())
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    tensors = {
        "a": distinct(rng, *((c, d) if trans_a else (d, c))),
        "b": distinct(rng, *((k, c) if trans_b else (c, k))),
    }
    if bias is not None:
        tensors["bias"] = distinct(rng, *bias)
    node = helper.make_node("Gemm", list(tensors), ["y"], transA=trans_a, transB=trans_b, alpha=alpha, beta=beta)
    weights = {name: tensors.pop(name) for name in ("b", "bias") if constant and name in tensors}
    layers = check_node(node, tensors, weights)
    assert layers[0].macs == d * k * c
    assert len(layers) == (2 if bias is not None and not constant and beta else 1)


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, sizes, st.data())
def test_matmul(d: int, k: int, c: int, data: st.DataObject) -> None:
    """Any rank, batches broadcast either way, 1-D operands."""
    batch = data.draw(st.lists(st.integers(1, 3), max_size=3))
    cut, left = data.draw(st.integers(0, len(batch))), data.draw(st.booleans())
    other = [data.draw(st.sampled_from([1, size])) for size in batch[cut:]]
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    a_batch, b_batch = (batch, other) if left else (other, batch)
    a = distinct(rng, *((*a_batch, d, c) if data.draw(st.booleans()) else (c,)))
    b = distinct(rng, *((*b_batch, c, k) if data.draw(st.booleans()) else (c,)))
    (layer,) = check_node(helper.make_node("MatMul", ["a", "b"], ["y"]), {"a": a, "b": b})
    assert layer.macs == np.matmul(a, b).size * c
