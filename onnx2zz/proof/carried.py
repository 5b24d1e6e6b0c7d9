"""Element types that numpy and onnxruntime do not exchange (8-bit and brain floats, 4-bit integers): their values cross
over in a wider type that holds every one of them, and a Cast stands on onnxruntime's side.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

CARRIERS: dict[int, int] = {
    TensorProto.BFLOAT16: TensorProto.FLOAT,
    TensorProto.FLOAT8E4M3FN: TensorProto.FLOAT,
    TensorProto.FLOAT8E4M3FNUZ: TensorProto.FLOAT,
    TensorProto.FLOAT8E5M2: TensorProto.FLOAT,
    TensorProto.FLOAT8E5M2FNUZ: TensorProto.FLOAT,
    TensorProto.INT4: TensorProto.INT8,
    TensorProto.UINT4: TensorProto.UINT8,
}
"""The wider type of each."""
NAMED: dict[str, int] = dict(TensorProto.DataType.items())


def carried_in(body: onnx.GraphProto, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Lets the graph take its inputs in types that it can be given, and gives the feeds in these."""
    given = dict(feeds)
    for info in body.input:
        element, name = info.type.tensor_type.elem_type, info.name
        if element in CARRIERS:
            info.name, info.type.tensor_type.elem_type = _across(name), CARRIERS[element]
            given[info.name] = given.pop(name).astype(helper.tensor_dtype_to_np_dtype(CARRIERS[element]))
            # In front, under the name that the node reads: nodes of a graph must stand in order.
            body.node.insert(0, helper.make_node("Cast", [info.name], [name], to=element))
    return given


def carried_out(body: onnx.GraphProto, elements: Mapping[str, int]) -> None:
    """Lets the graph give its outputs, whose element types are these, in types that can be taken."""
    for info in body.output:
        if elements[info.name] in CARRIERS:
            cast = helper.make_node("Cast", [info.name], [_across(info.name)], to=CARRIERS[elements[info.name]])
            body.node.append(cast)
            info.name = cast.output[0]


def landed(result: np.ndarray, element: int) -> np.ndarray:
    """A result in its own type again."""
    values = np.asarray(result)
    return values.astype(helper.tensor_dtype_to_np_dtype(element)) if element in CARRIERS else values


def element_of(kind: str) -> int:
    """The element type in onnxruntime's word for a tensor: `tensor(float8e4m3fn)`; UNDEFINED if that is not ONNX's."""
    return NAMED.get(kind.removeprefix("tensor(").removesuffix(")").upper(), TensorProto.UNDEFINED)


def _across(name: str) -> str:
    return f"{name}/carried"
