"""The models that onnx's wheel ships to test backends: one for each form of each operator, and layers of PyTorch's.

Node cases are generated (onnx.backend.test.case.node), with inputs and the outputs that ONNX's definition gives; other
models lie in onnx's folder backend/test/data.
"""

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

from tests.model_files import read_model

FOLDERS = ("simple", "pytorch-operator", "pytorch-converted")
Values = dict[str, object]
"""By name: arrays, and sequences and the like of ONNX's other types."""
WEIGHTS_FROM = 1  # the first input stays an input where the others become constants


@dataclass(frozen=True)
class Case:
    """A model with values for its inputs and the outputs they give, where it is known. `fixed`: inputs but the first
    are constants, as they are in a network."""

    name: str
    model: onnx.ModelProto
    inputs: Values = field(default_factory=dict[str, object])
    outputs: Values = field(default_factory=dict[str, object])
    rtol: float = 1e-3
    atol: float = 1e-5
    fixed: bool = False

    @property
    def operator(self) -> str:
        """What the case is about: its first node's operator, or the function that was expanded to nodes."""
        node = self.model.graph.node[0]
        return f"{node.domain}.{node.op_type}".lstrip(".")

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The inputs that are tensors."""
        return only_arrays(self.inputs)

    @property
    def label(self) -> str:
        return f"{self.name}, constants" if self.fixed else self.name


def only_arrays(values: Mapping[str, object]) -> dict[str, np.ndarray]:
    """The values that are tensors."""
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def cases() -> Iterator[Case]:
    """Every case, and behind it the same with constants for weights, shapes and parameters."""
    for case in (*node_cases(), *folder_cases()):
        yield case
        if (constants := with_constants(case)) is not None:
            yield constants


def node_cases() -> Iterator[Case]:
    """The generated ones, those of functions expanded to their bodies among them."""
    import onnx.backend.test.case.node as node

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        found = node.collect_testcases(None)
    for case in found:
        assert case.model is not None and case.data_sets is not None, "what is generated has both"
        graph = case.model.graph
        inputs, outputs = case.data_sets[0]
        given = dict(zip((i.name for i in graph.input), map(_array, inputs), strict=False))
        wanted = dict(zip((o.name for o in graph.output), map(_array, outputs), strict=False))
        yield Case(case.name, case.model, given, wanted, case.rtol, max(case.atol, 1e-5))


def folder_cases() -> Iterator[Case]:
    """The models that lie in the wheel."""
    root = Path(onnx.__file__).parent / "backend/test/data"
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*/model.onnx")):
            yield Case(f"{folder}/{path.parent.name}", read_model(path))


def _array(value: object) -> object:
    """A tensor as numpy holds it; sequences and the like stay what they are."""
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    return np.asarray(value) if _is_number(value) else value


def _is_number(value: object) -> bool:
    return isinstance(value, np.generic)


def with_constants(case: Case) -> Case | None:
    """The case with constants for all inputs but the first; None if there are none to fix."""
    infos = list(case.model.graph.input)[WEIGHTS_FROM:]
    arrays = case.arrays
    fixed = [info for info in infos if info.name in arrays]
    if not fixed:
        return None
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for info in fixed:
        model.graph.input.remove(info)
        value, element = arrays[info.name], info.type.tensor_type.elem_type
        tensor = onnx.numpy_helper.from_array(value, info.name)
        if tensor.data_type != element:  # bfloat16 and the narrow types, which numpy has no name for
            tensor = onnx.helper.make_tensor(info.name, element, value.shape, value.astype(np.float32).ravel())
        model.graph.initializer.append(tensor)
    left = {i.name: case.inputs[i.name] for i in model.graph.input if i.name in case.inputs}
    return Case(case.name, model, left, case.outputs, case.rtol, case.atol, fixed=True)
