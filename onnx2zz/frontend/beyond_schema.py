"""Nodes of types and attributes that ONNX's schema does not list: int8 in a Conv, a private attribute in a Gemm.

Quantisation tools, other compilers and ZigZag's own inputs have many such files. No loop depends on either, so that
onnx is asked about the same node with types that the schema lists and without the attributes that it does not know.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

TEXT = onnx.TensorProto.STRING
FLOAT = onnx.TensorProto.FLOAT
Types = dict[str, onnx.TypeProto]
Values = dict[str, onnx.TensorProto]
Elements = Mapping[str, int]
Parameter = onnx.defs.OpSchema.FormalParameter


@dataclass(frozen=True)
class Listed:
    """A node as its schema lists it.

    `types` and `values`: of its inputs, by name. `meant`: for each type variable of the schema whose type was
    exchanged, the element type that stood there, which is that of the outputs, too. `notes`: what was exchanged and
    left out, in words.
    """

    proto: onnx.NodeProto
    types: Types
    values: Values
    meant: Elements
    notes: tuple[str, ...]

    def as_meant(self, schema: onnx.defs.OpSchema, outputs: Mapping[str, onnx.TypeProto]) -> Types:
        """What onnx said of the outputs, with the element types of the node as it stands in the file."""
        found: Types = {}
        for name, parameter in zip(self.proto.output, _each(schema.outputs, len(self.proto.output)), strict=False):
            if name in outputs:
                element = self.meant.get(parameter.type_str)
                found[name] = outputs[name] if element is None else _of_element(outputs[name], element)
        return found


def listed(proto: onnx.NodeProto, schema: onnx.defs.OpSchema, types: Types, values: Values) -> Listed | None:
    """The node as its schema lists it; None where it is so already, or where text stands for numbers."""
    unknown = [attribute.name for attribute in proto.attribute if attribute.name not in schema.attributes]
    parameters = dict(zip(proto.input, _each(schema.inputs, len(proto.input)), strict=False))
    elements = {name: types[name].tensor_type.elem_type for name in parameters if name in types}
    # Element type 0 is not told: sequences and inputs that nothing is known of are not judged.
    tensors = {name: element for name, element in elements.items() if element}
    wanted = _exchanged(parameters, tensors)
    if wanted is None or not (unknown or wanted):
        return None
    # The file's own node must stay as it is: it goes on into the graph.
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    del copy.attribute[:]
    copy.attribute.extend(attribute for attribute in proto.attribute if attribute.name not in unknown)
    return Listed(
        copy,
        {name: _of_element(kind, wanted[name]) if name in wanted else kind for name, kind in types.items()},
        {name: _as_element(value, wanted[name]) if name in wanted else value for name, value in values.items()},
        _meant(parameters, tensors, wanted),
        (*_told_types(parameters, tensors, wanted), *_told_attributes(unknown)),
    )


def _meant(parameters: Mapping[str, Parameter], tensors: Elements, wanted: Elements) -> dict[str, int]:
    """The first input of a type variable settles it: a Conv of a float activation and int8 weights gives floats."""
    return {parameters[name].type_str: tensors[name] for name in reversed([*tensors]) if name in wanted}


def _told_types(parameters: Mapping[str, Parameter], tensors: Elements, wanted: Elements) -> list[str]:
    told = ", ".join(f"{parameters[name].name} is {_word(tensors[name])}" for name in tensors if name in wanted)
    return [f"ONNX does not list its types ({told}); its loops do not depend on them"] if told else []


def _told_attributes(unknown: list[str]) -> list[str]:
    told = ", ".join(unknown)
    return [f"ONNX does not know its attributes {told}; nothing here depends on them"] if told else []


def _each(parameters: Sequence[Parameter], count: int) -> Iterator[Parameter]:
    """The formal parameter of each of so many actual ones; the last may be variadic."""
    for index in range(count if parameters else 0):
        yield parameters[min(index, len(parameters) - 1)]


def _exchanged(parameters: Mapping[str, Parameter], tensors: Elements) -> dict[str, int] | None:
    """The inputs that need another element type, with that; None if nothing can stand for a type."""
    wanted: dict[str, int] = {}
    for variable in dict.fromkeys(parameter.type_str for parameter in parameters.values()):
        mine = [name for name in tensors if parameters[name].type_str == variable]
        allowed = _elements(parameters[mine[0]]) if mine else ()
        given = {tensors[name] for name in mine}
        # A variadic input may take types that differ (Loop's states), unless the schema calls it homogeneous.
        alike = len(given) == 1 or not all(parameters[name].is_homogeneous for name in mine)
        if not mine or (alike and given.issubset(allowed)):
            continue
        if not allowed or TEXT in given:
            return None
        # All inputs of one type variable are exchanged together, or onnx would object that they differ.
        stands_in = FLOAT if FLOAT in allowed else allowed[0]
        wanted |= dict.fromkeys(mine, stands_in)
    return wanted


def _elements(parameter: Parameter) -> tuple[int, ...]:
    """The element types that a parameter may have, numbers only."""
    numbers = {_word(element): element for element in onnx.TensorProto.DataType.values() if element != TEXT}
    return tuple(sorted(numbers[name[7:-1]] for name in parameter.types if name[7:-1] in numbers))


def _word(element: int) -> str:
    return onnx.TensorProto.DataType.Name(element).lower()


def _of_element(kind: onnx.TypeProto, element: int) -> onnx.TypeProto:
    copy = onnx.TypeProto()
    copy.CopyFrom(kind)
    copy.tensor_type.elem_type = element
    return copy


def _as_element(value: onnx.TensorProto, element: int) -> onnx.TensorProto:
    dtype = onnx.helper.tensor_dtype_to_np_dtype(element)
    return onnx.numpy_helper.from_array(np.asarray(onnx.numpy_helper.to_array(value)).astype(dtype), value.name)
