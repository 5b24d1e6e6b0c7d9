"""ONNX Runtime's attention operators against onnxruntime: projections, masks, biases, caches, grouped queries."""

import numpy as np
import onnx
import pytest

from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.trace import trace
from onnx2zz.ops.registry import operators
from tests.nodes import Attribute, make_node
from tests.oracle import check_node, distinct, model_of, onnxruntime_run, run_layers

B, S, T, N, D, DV, CHANNELS = 2, 5, 7, 3, 4, 6, 10


def make(
    op: str, order: list[str], given: dict[str, np.ndarray], outputs: list[str], **attributes: Attribute
) -> onnx.NodeProto:
    names = [name if name in given else "" for name in order]
    while not names[-1]:
        names.pop()
    return make_node(op, names, outputs, domain="com.microsoft", **attributes)


MASKS = {
    "lengths": np.array([5, 3], np.int32),
    "ends and starts": np.array([5, 4, 1, 0], np.int32),
    "keys": np.array([[1, 1, 0, 1, 1], [1, 1, 1, 0, 0]], np.int32),
    "queries and keys": (np.random.default_rng(4).random((B, S, S)) > 0.3).astype(np.int32),
}


class TestAttention:
    ORDER = ("x", "w", "b", "mask", "past", "bias")

    def operands(self, sizes: tuple[int, int, int]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        rng = np.random.default_rng(0)
        x = {"x": 2 * distinct(rng, B, S, CHANNELS)}
        return x, {"w": 2 * distinct(rng, CHANNELS, sum(sizes)), "b": distinct(rng, sum(sizes))}

    @pytest.mark.parametrize("mask", [None, *MASKS])
    @pytest.mark.parametrize("causal", [0, 1])
    def test_masks(self, mask: str | None, causal: int) -> None:
        inputs, constants = self.operands((N * D, N * D, N * D))
        if mask:
            inputs["mask"] = MASKS[mask]
        node = make("Attention", list(self.ORDER), inputs | constants, ["y"], num_heads=N, unidirectional=causal)
        layers = check_node(node, inputs, constants)
        macs = B * S * CHANNELS * 3 * N * D + 2 * B * N * S * S * D
        assert sum(layer.macs for layer in layers) == macs

    def test_values_wider_than_keys(self) -> None:
        sizes = (N * D, N * D, N * DV)
        inputs, constants = self.operands(sizes)
        node = make(
            "Attention", list(self.ORDER), inputs | constants, ["y"], num_heads=N, qkv_hidden_sizes=sizes, scale=0.3
        )
        check_node(node, inputs, constants)

    @pytest.mark.parametrize("past", [0, 4])
    def test_cache_and_bias(self, past: int) -> None:
        inputs, constants = self.operands((N * D, N * D, N * D))
        rng = np.random.default_rng(1)
        if past:
            inputs["past"] = distinct(rng, 2, B, N, past, D)
        else:
            inputs["bias"] = distinct(rng, 1, N, S, S)
        node = make("Attention", list(self.ORDER), inputs | constants, ["y", "present"], num_heads=N, unidirectional=1)
        layers = check_node(node, inputs, constants)
        copies = [layer for layer in layers if layer.kind == "movement"]
        assert sum(layer.operations for layer in copies) == 2 * B * N * (past + S) * D


class TestMultiHeadAttention:
    ORDER = ("q", "k", "v", "b", "mask", "bias", "past_k", "past_v")

    def operands(self) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(0)
        shapes = {"q": (B, S, N * D), "k": (B, T, N * D), "v": (B, T, N * DV)}
        return {name: 3 * distinct(rng, *shape) for name, shape in shapes.items()}

    @pytest.mark.parametrize("bias", ["none", "constant", "variable"])
    @pytest.mark.parametrize("attributes", [{}, {"scale": 0.4}])
    def test_three_tensors(self, bias: str, attributes: dict[str, float]) -> None:
        inputs = self.operands()
        constants: dict[str, np.ndarray] = {}
        rng = np.random.default_rng(1)
        if bias != "none":
            (constants if bias == "constant" else inputs)["b"] = distinct(rng, N * (2 * D + DV))
        inputs["bias"] = distinct(rng, B, 1, S, T)
        node = make("MultiHeadAttention", list(self.ORDER), inputs | constants, ["y"], num_heads=N, **attributes)
        layers = check_node(node, inputs, constants)
        assert sum(layer.macs for layer in layers) == B * N * S * T * (D + DV)

    @pytest.mark.parametrize(
        "mask", [np.array([7, 4], np.int32), np.tile([1, 1, 0, 1, 1, 0, 1], (B, 1)).astype(np.int32)]
    )
    def test_key_padding(self, mask: np.ndarray) -> None:
        inputs = self.operands() | {"mask": mask}
        check_node(make("MultiHeadAttention", list(self.ORDER), inputs, ["y"], num_heads=N), inputs)

    @pytest.mark.parametrize("causal", [0, 1])
    def test_cache(self, causal: int) -> None:
        rng = np.random.default_rng(2)
        inputs = {name: 3 * distinct(rng, B, S, N * D) for name in "qkv"}
        inputs |= {"past_k": distinct(rng, B, N, 4, D), "past_v": distinct(rng, B, N, 4, D)}
        outputs = ["y", "present_k", "present_v"]
        node = make("MultiHeadAttention", list(self.ORDER), inputs, outputs, num_heads=N, unidirectional=causal)
        check_node(node, inputs)

    @pytest.mark.parametrize("keys", [S - 1, S])
    def test_causal_over_keys_of_another_sequence(self, keys: int) -> None:
        """They are counted from their own beginning, not from the end."""
        rng = np.random.default_rng(2)
        inputs = {"q": 3 * distinct(rng, B, S, N * D)}
        inputs |= {name: 3 * distinct(rng, B, keys, N * D) for name in "kv"}
        node = make("MultiHeadAttention", list(self.ORDER), inputs, ["y"], num_heads=N, unidirectional=1)
        check_node(node, inputs)

    def test_causal_over_more_keys_than_queries_is_no_proof(self) -> None:
        """onnxruntime lets the last query see all of them."""
        rng = np.random.default_rng(2)
        inputs = {"q": distinct(rng, B, S, N * D), "k": distinct(rng, B, T, N * D), "v": distinct(rng, B, T, N * D)}
        node = make("MultiHeadAttention", list(self.ORDER), inputs, ["y"], num_heads=N, unidirectional=1)
        graph = trace(model_of([node], inputs, {}, ["y"]), Bindings())
        layers = operators()[graph.nodes[-1].op].lower(graph.nodes[-1], graph)
        assert [layer.kind for layer in layers if layer.macs] == ["approximate", "exact"]
        assert sum(layer.macs for layer in layers) == 2 * B * S * T * N * D

    def test_keys_that_are_heads_already(self) -> None:
        """Cross attention over a cache: K and V (B, N, T, D) need no bias."""
        rng = np.random.default_rng(3)
        inputs = {"q": 3 * distinct(rng, B, S, N * D)}
        inputs |= {"k": 3 * distinct(rng, B, N, T, D), "v": 3 * distinct(rng, B, N, T, D)}
        check_node(make("MultiHeadAttention", list(self.ORDER), inputs, ["y"], num_heads=N), inputs)

    @pytest.mark.parametrize("packed", ["keys and values", "all"])
    def test_packed_tensors(self, packed: str) -> None:
        """onnxruntime packs on GPUs only: the same numbers, unpacked, must give the same output."""
        rng = np.random.default_rng(4)
        parts = {name: 3 * distinct(rng, B, S, N * D) for name in "qkv"}
        node = make("MultiHeadAttention", list(self.ORDER), parts, ["y"], num_heads=N)
        expected = onnxruntime_run(model_of([node], parts, {}, ["y"]), parts)["y"]
        q, k, v = (parts[name].reshape(B, S, N, D) for name in "qkv")
        inputs = {"q": np.stack([q, k, v], axis=3)}
        if packed == "keys and values":
            inputs = {"q": parts["q"], "k": np.stack([k, v], axis=3)}
        node = make("MultiHeadAttention", list(self.ORDER), inputs, ["y"], num_heads=N)
        graph = trace(model_of([node], inputs, {}, ["y"]), Bindings())
        layers = operators()[graph.nodes[-1].op].lower(graph.nodes[-1], graph)
        assert graph.shape("y") == expected.shape
        np.testing.assert_allclose(run_layers(layers, inputs)["y"].reshape(expected.shape), expected, 1e-4, 1e-4)


class TestGroupQueryAttention:
    ORDER = ("q", "k", "v", "past_k", "past_v", "lengths", "total", "cos", "sin", "ids", "bias", "sink")
    N, KV, D = 6, 2, 32

    def operands(self, queries: int, past: int, packed: bool) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        rng = np.random.default_rng(0)
        widths = {"q": self.N, "k": self.KV, "v": self.KV}
        inputs = {name: 3 * distinct(rng, B, queries, count * self.D) for name, count in widths.items()}
        if packed:
            inputs = {"q": np.concatenate([inputs[name] for name in "qkv"], axis=2)}
        if past:
            inputs |= {f"past_{n}": distinct(rng, B, self.KV, past, self.D) for n in "kv"}
        total = queries + past
        constants = {"lengths": np.full(B, total - 1, np.int32), "total": np.array(total, np.int32)}
        return inputs, constants

    def node(
        self, inputs: dict[str, np.ndarray], constants: dict[str, np.ndarray], **attributes: Attribute
    ) -> onnx.NodeProto:
        outputs = ["y", "present_k", "present_v"]
        heads = {"num_heads": self.N, "kv_num_heads": self.KV}
        return make("GroupQueryAttention", list(self.ORDER), inputs | constants, outputs, **heads, **attributes)

    @pytest.mark.parametrize("packed", [True, False])
    @pytest.mark.parametrize(("queries", "past"), [(5, 0), (1, 4)])
    @pytest.mark.parametrize("attributes", [{}, {"softcap": 1.5, "scale": 0.3}, {"local_window_size": 3}])
    def test_prompt_and_decode(self, packed: bool, queries: int, past: int, attributes: dict[str, float]) -> None:
        inputs, constants = self.operands(queries, past, packed)
        layers = check_node(self.node(inputs, constants, **attributes), inputs, constants)
        products = [layer for layer in layers if layer.macs]
        assert [layer.macs for layer in products] == [B * self.N * queries * (queries + past) * self.D] * 2
        stored = B * self.KV * (queries + past) * self.D
        assert [layer.inputs[1].volume(layer.sizes) for layer in products] == [stored] * 2
        assert {layer.kind for layer in layers} == {"exact", "movement"}

    @pytest.mark.parametrize("sink", ["none", "smooth", "sink"])
    def test_bias_and_sink(self, sink: str) -> None:
        inputs, constants = self.operands(5, 0, False)
        rng = np.random.default_rng(1)
        inputs["bias"] = distinct(rng, B, 1, 5, 5)
        if sink == "sink":
            constants["sink"] = 2 * distinct(rng, self.N)
        attributes = {"smooth_softmax": 1} if sink == "smooth" else {}
        check_node(self.node(inputs, constants, **attributes), inputs, constants)

    @pytest.mark.parametrize("interleaved", [0, 1])
    @pytest.mark.parametrize(("queries", "past"), [(5, 0), (1, 4)])
    @pytest.mark.parametrize("turning", [32, 16])
    def test_rotary(self, interleaved: int, queries: int, past: int, turning: int) -> None:
        """Without a past the rows stand in order; behind one they are copied from where the lengths say."""
        inputs, constants = self.operands(queries, past, False)
        rng = np.random.default_rng(2)
        constants |= {"cos": distinct(rng, 16, turning // 2), "sin": distinct(rng, 16, turning // 2)}
        layers = check_node(
            self.node(inputs, constants, do_rotary=1, rotary_interleaved=interleaved), inputs, constants
        )
        assert sum(layer.inputs[0].picks is not None for layer in layers) == (2 if past else 0)

    def test_rotary_by_ids(self) -> None:
        """onnxruntime takes ids of several positions to be consecutive, so these are."""
        inputs, constants = self.operands(5, 0, True)
        rng = np.random.default_rng(2)
        constants |= {"cos": distinct(rng, 16, 16), "sin": distinct(rng, 16, 16)}
        inputs["ids"] = np.tile(np.arange(7, 12), (B, 1))
        check_node(self.node(inputs, constants, do_rotary=1), inputs, constants)

    def test_lengths_that_only_a_run_knows_are_approximate(self) -> None:
        inputs, constants = self.operands(5, 0, False)
        layers = check_node(self.node(inputs, constants), inputs | constants)
        assert {layer.kind for layer in layers} == {"approximate", "movement"}
        assert ("lengths", "total") in {layer.also_reads for layer in layers}


@pytest.mark.parametrize("mask", [True, False])
def test_decoder_attention(mask: bool) -> None:
    """One query behind a cache in a buffer that past and present share: only the new row is copied."""
    rng = np.random.default_rng(0)
    inputs = {name: 3 * distinct(rng, B, 1, N * D) for name in "qkv"}
    inputs |= {"past_k": distinct(rng, B, N, 9, D), "past_v": distinct(rng, B, N, 9, D)}
    if mask:
        inputs["mask"] = np.array([[1, 0, 1, 1, 1], [1, 1, 1, 0, 1]], np.int32)
    constants = {"length": np.array([4], np.int32)}
    order = ["q", "k", "v", "mask", "bias", "past_k", "past_v", "length", "beam", "indirection", "b"]
    outputs = ["y", "present_k", "present_v"]
    attributes = {"num_heads": N, "past_present_share_buffer": 1}
    node = make("DecoderMaskedMultiHeadAttention", order, inputs | constants, outputs, **attributes)
    model = model_of([node], inputs, constants, outputs)
    expected = onnxruntime_run(model, inputs)["y"]
    graph = trace(model, Bindings())
    layers = operators()[graph.nodes[-1].op].lower(graph.nodes[-1], graph)
    buffers = {"present_k": inputs["past_k"].astype(float), "present_v": inputs["past_v"].astype(float)}
    np.testing.assert_allclose(run_layers(layers, {**inputs, **buffers})["y"].reshape(expected.shape), expected, 1e-4)
    assert sum(layer.operations for layer in layers if layer.kind == "movement") == 2 * B * N * D
    assert sum(layer.macs for layer in layers) == 2 * B * N * 5 * D
