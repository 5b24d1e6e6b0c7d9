"""Cast to the narrow floats: numpy's types of the same name, and what saturates."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.helper import tensor_dtype_to_np_dtype

from tests.oracle import distinct, lowered, model_of, run_layers

LARGEST = {"FLOAT8E4M3FN": 448, "FLOAT8E4M3FNUZ": 240, "FLOAT8E5M2": 57344, "FLOAT8E5M2FNUZ": 57344}


@pytest.mark.parametrize("name", LARGEST)
@pytest.mark.parametrize("saturate", [0, 1])
def test_narrow_floats(name: str, saturate: int) -> None:
    element = TensorProto.DataType.Value(name)
    x = 100 * distinct(np.random.default_rng(0), 3, 5)
    x[0, 0], x[1, 2] = 1e6, -1e6
    node = helper.make_node("Cast", ["x"], ["y"], to=element, saturate=saturate)
    _, layers = lowered(model_of([node], {"x": x}, {}, ["y"], 19))
    got = run_layers(layers, {"x": x})["y"]
    wanted = x.astype(tensor_dtype_to_np_dtype(element)).astype(np.float64)
    if saturate:
        wanted[0, 0], wanted[1, 2] = LARGEST[name], -LARGEST[name]
    np.testing.assert_array_equal(got, wanted)
