"""Types that numpy and onnxruntime do not exchange are proven all the same."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.helper import tensor_dtype_to_np_dtype

from onnx2zz.compiler import compile_model
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.trace import trace
from onnx2zz.ir import functions
from onnx2zz.proof.carried import CARRIERS
from onnx2zz.proof.node_run import run_node
from onnx2zz.proof.verify import verify

NAMES = {element: TensorProto.DataType.Name(element) for element in CARRIERS}


def there_and_back(element: int) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], "there", to=element),
        helper.make_node("Transpose", ["a"], ["b"], "turned", perm=[1, 0]),
        helper.make_node("Cast", ["b"], ["y"], "back", to=TensorProto.FLOAT),
    ]
    infos = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [5, 7])]
    graph = helper.make_graph(nodes, "types", infos, [helper.make_tensor_value_info("y", TensorProto.FLOAT, [7, 5])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


@pytest.mark.parametrize("element", CARRIERS, ids=NAMES.get)
def test_a_cast_is_proven(element: int) -> None:
    result = verify(compile_model(there_and_back(element)))
    assert result.mismatches == () and result.not_checkable == ()
    assert result.nodes_matched == result.nodes_exact == 1


@pytest.mark.parametrize("element", CARRIERS, ids=NAMES.get)
def test_values_come_in_and_out_as_they_are(element: int) -> None:
    turned = trace(there_and_back(element), Bindings()).nodes[1]
    values = np.arange(6).reshape(2, 3).astype(tensor_dtype_to_np_dtype(element))
    (result,) = run_node(turned, {"a": values}).values()
    assert result.dtype == values.dtype
    np.testing.assert_array_equal(result.astype(np.float32), values.astype(np.float32).T)


@pytest.mark.parametrize(("element", "wraps"), [(TensorProto.INT4, -7.0), (TensorProto.UINT4, 9.0)])
def test_a_cast_to_four_bits_rounds_and_wraps_as_onnxruntime_does(element: int, wraps: float) -> None:
    x = np.array([[0.5, 2.5, -1.5, 9.0, 0.4], [1.0, 2.0, 3.0, 6.0, 7.4]], np.float32)
    there = trace(there_and_back(element), Bindings()).nodes[0]
    made = run_node(there, {"x": x})["a"].astype(np.float64)
    assert made.tolist()[0] == [1.0, 3.0, -2.0 if element == TensorProto.INT4 else 14.0, wraps, 0.0]
    np.testing.assert_array_equal(functions.CAST(x.astype(np.float64), float(element)), made)
