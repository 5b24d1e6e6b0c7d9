"""MoE and QMoE: products of every expert, by arithmetic, and the weights at their width."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from onnx2zz.compiler import Compiled, CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.binding import Bindings
from tests.nodes import Attribute, make_node
from tests.oracle import model_of

KINDS = st.sampled_from(["two", "three", "gated"])


def mixture(
    tokens: tuple[int, ...],
    width: int,
    inner: int,
    experts: int,
    kind: str,
    op: str = "MoE",
    transposed: bool = False,
    **attributes: Attribute,
) -> onnx.ModelProto:
    """One node; weights are the file's, of no value."""
    bits = attributes.get("expert_weight_bits", 8)
    pack = 8 // bits if isinstance(bits, int) else 1
    quantised = op == "QMoE"
    columns = 2 * inner if kind == "gated" else inner
    sizes = {"fc1": (columns, width), "fc2": (width, inner), **({"fc3": (inner, width)} if kind == "three" else {})}
    inputs, initializers = ["x", "scores"], list[onnx.TensorProto]()
    for name, (rows, depth) in sizes.items():
        shape = (experts, depth, rows // pack) if transposed else (experts, rows, depth // pack)
        element = TensorProto.UINT8 if quantised else TensorProto.FLOAT
        initializers.append(outside(name, element, shape))
        inputs += [name, *([f"{name}.scale"] if quantised else []), ""]
        if quantised:
            initializers.append(outside(f"{name}.scale", TensorProto.FLOAT, (experts, rows)))
    node = make_node(op, inputs, ["y"], "mixture", domain="com.microsoft", **attributes)
    count = int(np.prod(tokens))
    given = {"x": np.zeros((*tokens, width), np.float32), "scores": np.zeros((count, experts), np.float32)}
    model = model_of([node], given, {}, ["y"])
    model.graph.initializer.extend(initializers)
    return model


def outside(name: str, element: int, shape: tuple[int, ...]) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=name, data_type=element, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="missing.bin")
    return tensor


def compiled(model: onnx.ModelProto, tokens: int | None = None) -> Compiled:
    return compile_model(model, CompileOptions(Bindings(tokens_per_expert=tokens)))


@given(
    st.integers(1, 9),
    st.integers(2, 9),
    st.integers(10, 19),
    st.integers(2, 7),
    st.integers(1, 2),
    KINDS,
    st.booleans(),
)
def test_each_token_meets_all_weights_of_each_of_its_experts(
    tokens: int, width: int, inner: int, experts: int, top: int, kind: str, transposed: bool
) -> None:
    word = "swiglu" if kind == "gated" else "gelu"
    model = mixture((tokens,), width, inner, experts, kind, transposed=transposed, k=top, activation_type=word)
    found = compiled(model)
    products = {"two": 2, "three": 3, "gated": 3}[kind]
    assert found.workload.macs == tokens * top * products * width * inner
    assert sum(found.workload.experts[0].tokens) == tokens * top


def test_batches_of_sequences_are_so_many_tokens() -> None:
    model = mixture((3, 5), 6, 10, 4, "two", k=2, activation_type="relu")
    assert compiled(model).workload.macs == 3 * 5 * 2 * 2 * 6 * 10


def test_experts_of_as_many_tokens_are_one_layer_a_product() -> None:
    model = mixture((6,), 8, 10, 4, "three", k=2, activation_type="silu")
    products = [entry for entry in compiled(model).entries if entry["operator_type"] == "Gemm"]
    assert [dict(zip(e["loop_dims"], e["loop_sizes"], strict=True))["B"] for e in products] == [4, 4, 4]
    uneven = mixture((5,), 8, 10, 4, "three", k=2, activation_type="silu")  # 3, 3, 2, 2
    assert sum(entry["operator_type"] == "Gemm" for entry in compiled(uneven).entries) == 6


def test_the_user_says_how_many_tokens_each_expert_gets() -> None:
    model = mixture((6,), 8, 10, 4, "gated", k=2, activation_type="swiglu", swiglu_fusion=2)
    found = compiled(model, tokens=5)
    assert found.workload.macs == 4 * 5 * 3 * 8 * 10
    assert found.workload.experts[0].tokens == (5, 5, 5, 5)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("kind", ["two", "three", "gated"])
def test_packed_weights_keep_their_width(bits: int, kind: str) -> None:
    word = "swiglu" if kind == "gated" else "silu"
    model = mixture((6,), 8, 10, 4, kind, "QMoE", k=2, activation_type=word, expert_weight_bits=bits)
    found = compiled(model)
    assert found.workload.macs == 6 * 2 * {"two": 2, "three": 3, "gated": 3}[kind] * 8 * 10
    products = [entry for entry in found.entries if entry["operator_type"] == "Gemm"]
    assert {entry["operand_precision"]["W"] for entry in products} == {bits}


def test_an_activation_that_there_is_not_is_an_error() -> None:
    with pytest.raises(InputError, match="tanhshrink"):
        compiled(mixture((6,), 8, 10, 4, "two", k=2, activation_type="tanhshrink"))


def test_a_model_of_two_mixtures_has_the_tokens_of_both() -> None:
    model = mixture((6,), 8, 10, 4, "two", k=1, activation_type="relu")
    second = onnx.NodeProto()
    second.CopyFrom(model.graph.node[0])
    second.name, second.input[0], second.output[0] = "second", "y", "z"
    model.graph.node.append(second)
    model.graph.output[0].CopyFrom(helper.make_empty_tensor_value_info("z"))
    found = compiled(model)
    assert [one.node for one in found.workload.experts] == ["mixture", "second"]
    assert found.workload.macs == 2 * 6 * 2 * 8 * 10
