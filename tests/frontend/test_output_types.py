"""Where we do not ask onnx for an output's type, onnx would have said the same."""

import onnx
import pytest

from onnx2zz.frontend.output_types import LIKE_FIRST_INPUT


@pytest.mark.parametrize("op", sorted(LIKE_FIRST_INPUT))
@pytest.mark.parametrize("element", [onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16])
def test_output_has_the_type_of_the_first_input(op: str, element: int) -> None:
    schema = onnx.defs.get_schema(op, 22)
    inputs = ["x", *(f"more{n}" for n in range(1, schema.min_input))]
    node = onnx.helper.make_node(op, inputs, ["y"])
    given = {name: onnx.helper.make_tensor_type_proto(element, (2, 3, 5)) for name in inputs}
    told = onnx.shape_inference.infer_node_outputs(schema, node, given)["y"].tensor_type
    assert (told.elem_type, [d.dim_value for d in told.shape.dim]) == (element, [2, 3, 5])
