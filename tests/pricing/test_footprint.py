"""Work, weights, caches and bits of a network and of its blocks, by arithmetic; what a token costs."""

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnx2zz.compiler import compile_model
from onnx2zz.errors import InputError
from onnx2zz.pricing.footprint import PricedBlock, with_footprint
from onnx2zz.pricing.physical import TotalPhysical
from onnx2zz.pricing.rate import at_scale, counted
from onnx2zz.pricing.result import Evaluation, LayerResult, Total, document
from onnx2zz.pricing.workload_file import workload_of
from onnx2zz.report.footprint import rate_told
from tests.shared_material import shared

LAYERS, WIDTH, HEADS, DEPTH, WORDS = 3, 12, 2, 20, 31
NEW, PAST = 1, 7
TOTAL = NEW + PAST
HEAD = WIDTH // HEADS


class Decoder:
    """A tiny decoder: each layer adds attention over its cache and a feed-forward part to its input."""

    def __init__(self, *, cached: bool = True) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs = [helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, NEW])]
        self.outputs: list[onnx.ValueInfoProto] = []
        x = self.node("Gather", self.weight(WORDS, WIDTH), "tokens")
        for layer in range(LAYERS):
            x = self._layer(x, layer, cached)
        logits = self.node("MatMul", x, self.weight(WIDTH, WORDS))
        self.outputs.append(helper.make_tensor_value_info(logits, TensorProto.FLOAT, [1, NEW, WORDS]))

    def weight(self, *shape: int) -> str:
        name = f"w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.full(shape, 0.5, np.float32), name))
        return name

    def shape(self, *sizes: int) -> str:
        name = f"w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(sizes, np.int64), name))
        return name

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], output, **attributes))
        return output

    def _heads(self, x: str) -> str:
        return self.node("Transpose", self.node("Reshape", x, self.shape(1, NEW, HEADS, HEAD)), perm=[0, 2, 1, 3])

    def _layer(self, x: str, layer: int, cached: bool) -> str:
        q, k, v = (self._heads(self.node("MatMul", x, self.weight(WIDTH, WIDTH))) for _ in range(3))
        if cached:
            k, v = (self._cache(f"past.{layer}.{which}", new) for which, new in (("k", k), ("v", v)))
        scores = self.node("Softmax", self.node("MatMul", q, self.node("Transpose", k, perm=[0, 1, 3, 2])))
        y = self.node("Transpose", self.node("MatMul", scores, v), perm=[0, 2, 1, 3])
        x = self.node(
            "Add", x, self.node("MatMul", self.node("Reshape", y, self.shape(1, NEW, WIDTH)), self.weight(WIDTH, WIDTH))
        )
        hidden = self.node("Relu", self.node("MatMul", x, self.weight(WIDTH, DEPTH)))
        return self.node("Add", x, self.node("MatMul", hidden, self.weight(DEPTH, WIDTH)))

    def _cache(self, name: str, new: str) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, HEADS, PAST, HEAD]))
        present = self.node("Concat", name, new, axis=2)
        self.outputs.append(helper.make_tensor_value_info(present, TensorProto.FLOAT, [1, HEADS, TOTAL, HEAD]))
        return present

    @property
    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "decoder", self.inputs, self.outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


LAYER_WEIGHTS = 4 * WIDTH * WIDTH + 2 * WIDTH * DEPTH
LAYER_MACS = LAYER_WEIGHTS * NEW + 2 * HEADS * NEW * TOTAL * HEAD
BITS = 8
"""Of an element, unless the user says otherwise."""


WHOLE = Total(6e6, 1_200.0, 30, False)


def evaluated(model: onnx.ModelProto, per: str | None = None, total: Total = WHOLE) -> Evaluation:
    """The model as a run of layers that take 2 pJ and 3 cycles each."""
    compiled = compile_model(model)
    workload = workload_of(compiled, "decoder.onnx")
    layers = tuple(
        LayerResult(entry["id"], str(entry.get("name")), entry["operator_type"], 2.0, 3.0) for entry in compiled.entries
    )
    run = Evaluation("decoder", "chip", "", "", "latency", total, layers, 0, 0, 0, blocks=compiled.blocks)
    return at_scale(run, workload, per)


def test_a_block_of_a_decoder_by_arithmetic() -> None:
    found = evaluated(Decoder().model)
    (block,) = found.blocks
    assert isinstance(block, PricedBlock) and found.footprint and found.outside_blocks
    of_block = block.footprint
    assert block.times == LAYERS
    assert of_block.macs == LAYERS * LAYER_MACS
    assert of_block.weight_bits == LAYERS * LAYER_WEIGHTS * BITS
    assert of_block.cache_bits == LAYERS * 2 * HEADS * TOTAL * HEAD * BITS
    assert of_block.energy_pj == 2.0 * block.layers * LAYERS and of_block.latency_cycles == 3.0 * block.layers * LAYERS
    rest = found.outside_blocks
    # The table's rows that the tokens name, and the last product; its other tensors are what it reads and makes.
    assert rest.macs == WIDTH * WORDS * NEW
    assert rest.weight_bits >= WIDTH * WORDS * BITS and rest.cache_bits == 0
    assert found.footprint.macs == of_block.macs + rest.macs
    assert found.footprint.tensor_bits == of_block.tensor_bits + rest.tensor_bits
    assert found.footprint.energy_pj == found.total.energy_pj


def test_the_bits_of_a_product_alone() -> None:
    rows, depth, columns = 5, 7, 11
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [rows, depth]), ("y", [rows, columns]))
    )
    weight = numpy_helper.from_array(np.ones((depth, columns), np.float32), "w")
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y], [weight]), ir_version=9)
    found = evaluated(model).footprint
    assert found is not None
    macs, elements = rows * depth * columns, rows * depth + depth * columns + rows * columns
    assert (found.macs, found.weight_bits, found.tensor_bits) == (macs, depth * columns * BITS, elements * BITS)
    assert found.macs_per_bit == macs / (elements * BITS)


def test_no_cache_where_no_input_comes_back() -> None:
    compiled = compile_model(Decoder(cached=False).model)
    assert "caches" not in compiled.coverage
    cached = compile_model(Decoder().model).coverage.get("caches", [])
    assert [one["input"] for one in cached] == [f"past.{n}.{which}" for n in range(LAYERS) for which in "kv"]
    assert {one["elements"] for one in cached} == {HEADS * TOTAL * HEAD}


def test_an_attention_that_keeps_its_cache_itself() -> None:
    heads, stored, width = 4, 2, 8
    shapes = {
        "x": [1, NEW, heads * width], "k": [1, NEW, stored * width], "v": [1, NEW, stored * width],
        "past_k": [1, stored, PAST, width], "past_v": [1, stored, PAST, width],
    }  # fmt: skip
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    counts = [numpy_helper.from_array(np.array(value, np.int32), name) for name, value in (("n", [PAST]), ("t", TOTAL))]
    node = helper.make_node(
        "GroupQueryAttention", ["q", *list(shapes)[1:], "n", "t"], ["y", "new_k", "new_v"],
        domain="com.microsoft", num_heads=heads, kv_num_heads=stored,
    )  # fmt: skip
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in node.output]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["q"]), node], "g", inputs, outputs, counts)
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    caches = compile_model(helper.make_model(graph, opset_imports=imports, ir_version=9)).coverage.get("caches")
    elements = stored * TOTAL * width
    assert caches == [{"input": f"past_{which}", "output": f"new_{which}", "elements": elements} for which in "kv"]


def test_an_input_that_only_leaves_again_is_no_cache() -> None:
    """All that the output has is of the run's inputs: nothing new is kept."""
    shapes = {"one": [2, 3], "other": [2, 5], "both": [2, 8]}
    one, other, both = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    nodes = [helper.make_node("Concat", ["one", "other"], ["both"], axis=1), helper.make_node("Relu", ["one"], ["y"])]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])
    graph = helper.make_graph(nodes, "g", [one, other], [both, y])
    assert "caches" not in compile_model(helper.make_model(graph, ir_version=9)).coverage


def test_without_coverage_nothing_is_told() -> None:
    compiled = compile_model(Decoder().model)
    workload = replace(workload_of(compiled, "decoder.onnx"), coverage=None)
    run = Evaluation("decoder", "chip", "", "", "latency", Total(0.0, 0.0, 0, True), (), 0, 0, 0)
    assert with_footprint(run, workload) is run
    assert "footprint" not in document(run)


def test_a_token_is_what_the_ids_count() -> None:
    found = evaluated(Decoder().model, "token").per
    assert found is not None
    assert (found.unit, found.count, found.decided) == ("token", NEW, f"tokens is 1x{NEW}")
    assert (found.joules, found.latency_cycles, found.macs) == (6e-6, 1_200.0, 30)
    assert found.per_second is None and "no clock" in rate_told(found)


def test_joules_and_seconds_are_those_of_the_sidecar() -> None:
    physical = TotalPhysical(0.0, 500.0, 2_000.0, None, 0.0, (), (), energy_pj=1_500.0)
    found = evaluated(Decoder().model, "frame=4", Total(1_000.0, 80.0, 40, False, physical=physical)).per
    assert found is not None
    assert found.joules == pytest.approx((1_500 + 500) * 1e-12 / 4)
    assert found.per_second == pytest.approx(4 / 2e-6)
    assert (found.energy_pj, found.latency_cycles, found.macs) == (250.0, 20.0, 10.0)


def test_an_incomplete_total_is_a_bound() -> None:
    found = evaluated(Decoder().model, "token", Total(6e6, 1_200.0, 30, True)).per
    assert found is not None and found.incomplete and rate_told(found).startswith("For a token: at least 6.000 µJ")


@pytest.mark.parametrize(
    ("per", "said"),
    [
        ("word", "no such unit: 'word'"),
        ("token=", "is '' tokens"),
        ("frame=0", "is '0' frames"),
        ("sample=-3", "is '-3' samples"),
    ],
)
def test_what_cannot_be_counted_is_refused(per: str, said: str) -> None:
    workload = workload_of(compile_model(Decoder().model), "decoder.onnx")
    with pytest.raises(InputError, match=said):
        counted(per, workload)


def test_inputs_that_do_not_say_how_many_are_named() -> None:
    nodes = [helper.make_node("MatMul", ["x", "z"], ["y"])]
    shapes = {"x": [3, 4], "z": [4, 5], "y": [3, 5]}
    x, z, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    compiled = compile_model(helper.make_model(helper.make_graph(nodes, "g", [x, z], [y]), ir_version=9))
    workload = workload_of(compiled, "g.onnx")
    with pytest.raises(InputError, match="x is 3x4, z is 4x5"):
        counted("sample", workload)
    with pytest.raises(InputError, match="no input names rows"):
        counted("token", workload)
    assert counted("token=9", workload).count == 9


def test_the_footprint_is_written_beside_the_rows() -> None:
    written = document(evaluated(Decoder().model, "token"))
    assert {"footprint", "outside_blocks", "blocks", "per"} <= written.keys()
    assert isinstance(written["blocks"], list)


def test_a_llama_that_decodes_by_arithmetic() -> None:
    """Grouped queries, turned by their positions, decomposed as torch writes it."""
    path = shared("large") / "build_large.py"
    spec = spec_from_file_location("build_large", path)
    assert spec is not None and spec.loader is not None
    builders = module_from_spec(spec)
    spec.loader.exec_module(builders)
    layers, width, heads, stored, hidden, words, past = 3, 48, 6, 2, 80, 77, 19
    found = evaluated(builders.llama("small", layers, width, heads, stored, hidden, words, 1, past=past), "token")
    (block,) = found.blocks
    assert isinstance(block, PricedBlock) and found.footprint is not None and found.per is not None
    of_stored = stored * width // heads
    weights = 2 * width * width + 2 * width * of_stored + 3 * width * hidden
    assert block.footprint.macs == layers * (weights + 2 * width * (past + 1))
    # Of constants there are only single numbers beside the weights: eps, exponents, the scale of the scores.
    assert 0 <= block.footprint.weight_bits // BITS - layers * weights <= layers * 10
    assert block.footprint.cache_bits == layers * 2 * of_stored * (past + 1) * BITS
    assert (found.per.count, found.per.decided) == (1, "input_ids is 1x1")
