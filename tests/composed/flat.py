"""A graph without bodies: nodes in execution order, with the values of its inputs and constants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

OPSET = 23
IR_VERSION = 11
Shape = tuple[int | None, ...]
"""None: an extent that only a run can tell."""


@dataclass(frozen=True)
class Kind:
    """Element type and shape of a tensor."""

    element: int
    shape: Shape

    @property
    def known(self) -> bool:
        return None not in self.shape

    @property
    def fixed(self) -> tuple[int, ...]:
        """The shape of a tensor that has one."""
        return tuple(int(extent or 0) for extent in self.shape)

    @property
    def proto(self) -> onnx.TypeProto:
        return helper.make_tensor_type_proto(self.element, self.shape)


@dataclass(frozen=True)
class Flat:
    """`kinds` of every tensor; `inputs` and `constants` with their values; no two nodes have one name.

    `sparse`: constants that the file keeps as a list of what is not zero.
    """

    nodes: tuple[onnx.NodeProto, ...]
    inputs: Mapping[str, np.ndarray]
    constants: Mapping[str, np.ndarray]
    outputs: tuple[str, ...]
    kinds: Mapping[str, Kind]
    sparse: frozenset[str] = frozenset()

    @property
    def maker(self) -> dict[str, onnx.NodeProto]:
        return {name: node for node in self.nodes for name in node.output if name}

    def info(self, name: str) -> onnx.ValueInfoProto:
        return onnx.helper.make_value_info(name, self.kinds[name].proto)


def kind_of(value: np.ndarray) -> Kind:
    return Kind(helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def flat_model(
    flat: Flat, nodes: Sequence[onnx.NodeProto] | None = None, functions: Sequence[onnx.FunctionProto] = ()
) -> onnx.ModelProto:
    """The model of a graph, perhaps with other nodes that make the same outputs."""
    nodes = list(flat.nodes if nodes is None else nodes)
    infos = [flat.info(name) for name in flat.inputs]
    dense = [onnx.numpy_helper.from_array(v, name) for name, v in flat.constants.items() if name not in flat.sparse]
    sparse = [_sparse(value, name) for name, value in flat.constants.items() if name in flat.sparse]
    results = [flat.info(name) for name in flat.outputs]
    graph = helper.make_graph(nodes, "composed", infos, results, dense, sparse_initializer=sparse)
    imports = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    imports += [helper.make_opsetid(domain, 1) for domain in dict.fromkeys(f.domain for f in functions)]
    return helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION, functions=list(functions))


def _sparse(value: np.ndarray, name: str) -> onnx.SparseTensorProto:
    places = np.flatnonzero(value)
    kept = onnx.numpy_helper.from_array(value.ravel()[places], name)
    return helper.make_sparse_tensor(kept, onnx.numpy_helper.from_array(places.astype(np.int64)), list(value.shape))


HIDDEN = frozenset(
    {TensorProto.INT4, TensorProto.UINT4, TensorProto.BFLOAT16, TensorProto.FLOAT8E4M3FN, TensorProto.FLOAT8E5M2}
)
"""Types that onnxruntime does not hand to numpy as they are."""


def visible(flat: Flat) -> tuple[str, ...]:
    """All that nodes make and numpy can hold."""
    made = (name for node in flat.nodes for name in node.output if name)
    return tuple(name for name in made if flat.kinds[name].element not in HIDDEN)


FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
