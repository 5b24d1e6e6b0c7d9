"""What the frontend knows of operators, against the table of lowerings and onnx's schemas."""

from importlib import import_module
from typing import Any

import numpy as np
import onnx
import pytest

from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.operators.facts import OperatorFacts
from onnx2zz.frontend.operators.table import FACTS, facts_of, operator_carries_macs
from onnx2zz.frontend.trace import trace
from onnx2zz.ops.registry import operators
from tests.nodes import Attribute, make_node
from tests.oracle import model_of


def test_every_operator_with_facts_has_a_lowering() -> None:
    assert not FACTS.keys() - operators().keys()


def test_every_operator_that_onnx_does_not_know_has_a_shape_rule() -> None:
    lowered = {
        name
        for name, operator in operators().items()
        if operator.kind and not operator.by_body and name.startswith("com.microsoft.")
    }
    assert lowered and not {name for name in lowered if facts_of(name).shapes is None}


def test_attributes_with_ranges_of_their_own_are_attributes_of_their_operator() -> None:
    onnxruntimes: Any = import_module("onnxruntime.capi.onnxruntime_pybind11_state")  # its stubs do not list it
    schemas = [*onnx.defs.get_all_schemas_with_history(), *onnxruntimes.get_all_operator_schema()]
    known = {(schema.name, name) for schema in schemas for name in schema.attributes}
    own = {(name.rpartition(".")[2], attribute) for name, facts in FACTS.items() for attribute in facts.ranges}
    assert own and own <= known


def test_an_operator_has_a_count_or_is_said_to_multiply_and_not_both() -> None:
    assert facts_of("Conv").carries_macs and facts_of("Einsum").carries_macs and not facts_of("Relu").carries_macs
    assert not operator_carries_macs("Relu")
    with pytest.raises(AssertionError, match="Mine"):
        OperatorFacts("Mine", macs=lambda node, graph: 1, multiplies=True)


@pytest.mark.parametrize(
    ("op", "shapes", "types", "attributes", "macs"),
    [
        ("TransposeMatMul", [(2, 3, 4), (2, 3, 5)], ["f4", "f4"], {"transA": 1}, 2 * 4 * 5 * 3),
        ("TransposeMatMul", [(2, 5, 4), (2, 3, 4)], ["f4", "f4"], {"transB": 1}, 2 * 5 * 3 * 4),
        ("GemmFastGelu", [(2, 5, 6), (6, 7), (7,)], ["f4", "f4", "f4"], {}, 2 * 5 * 7 * 6),
        (
            "NhwcConv",
            [(2, 7, 8, 6), (9, 2, 3, 2)],
            ["f4", "f4"],
            {"group": 3, "kernel_shape": [2, 3], "strides": [2, 1]},
            2 * 9 * 3 * 6 * (2 * 3 * 2),
        ),
        (
            "DynamicQuantizeLSTM",
            [(5, 2, 3), (2, 3, 16), (2, 4, 16)],
            ["f4", "u1", "u1"],
            {"hidden_size": 4, "direction": "bidirectional"},
            2 * 5 * 2 * 16 * (3 + 4),
        ),
    ],
)  # fmt: skip
def test_the_products_of_an_operator_of_onnx_runtime_are_counted_by_its_shapes(
    op: str,
    shapes: list[tuple[int, ...]],
    types: list[str],
    attributes: dict[str, Attribute],
    macs: int,
) -> None:
    inputs = {f"i{n}": np.zeros(shape, kind) for n, (shape, kind) in enumerate(zip(shapes, types, strict=True))}
    node = make_node(op, list(inputs), ["y"], domain="com.microsoft", **attributes)
    graph = trace(model_of([node], inputs, {}, ["y"]), Bindings())
    assert facts_of(graph.nodes[-1].op).work(graph.nodes[-1], graph) == macs
