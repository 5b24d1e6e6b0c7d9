"""A workload that is a Python dictionary (before 2024-05) as today's workload file, and the mapping its layers had.

Sources: zigzag-dse 2.5.3 inputs/examples/workload and classes/workload/layer_node.py:69-100 (fields), zigzag 3.9.1
parser/workload_validator.py and workload_factory.py:164-188 (padding and sizes of what is partially relevant).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.python.mapping import FIELDS, OF_CORES, OPERANDS_TODAY, entry_fields
from onnx2zz.conversion.python.plain import Figures
from onnx2zz.conversion.python.statements import PythonFile
from onnx2zz.conversion.python.values import is_dict, items_of
from onnx2zz.errors import raise_if_any
from onnx2zz.files.document import Data, Key, Value

OPERAND = re.compile(r"\b([A-Z])(?=\[)")
READ = (
    *("operator_type", "equation", "dimension_relations", "equation_relations", "loop_dim_size", "pr_loop_dim_size"),
    *("operand_precision", "operand_source", "padding", "constant_operands", "operand_source_dimension_mapping"),
)
"""Constants and the dimensions of sources are found by ZigZag itself today."""
OPERATORS = ("Max", "Conv", "Pooling", "Add", "Conv_downsample", "Gemm", "Pool", "MaxPool", "AveragePool")


@dataclass(frozen=True)
class _Layer:
    """One layer of the file: its name, its fields, and where it is written."""

    id: int
    name: str
    fields: Mapping[str, object]
    line: int


def read_workload(file: PythonFile) -> tuple[Converted, ...]:
    """The workload that the file defines, and a mapping where its layers say one; nothing where it defines none.

    Raises InputError as the accelerator's does.
    """
    found = next((value for value in file.names.values() if is_dict(value) and _is_workload(value)), None)
    if found is None:
        return ()
    figures = Figures(file)
    layers = [*_layers(found, figures)]
    numbers = {key: layer.id for key, layer in zip(found, layers, strict=True)}
    entries: list[Value] = [_entry(layer, numbers, figures) for layer in layers]
    mapping = [*_mapping(layers, figures)]
    raise_if_any(figures.problems)
    workload = Converted("workload", entries, tuple(dict.fromkeys(figures.notes)))
    return (workload, Converted("mapping", [*mapping, {"name": "default"}])) if mapping else (workload,)


def _is_workload(value: dict[object, object]) -> bool:
    entries = [entry for entry in value.values() if is_dict(entry)]
    return bool(entries) and all("equation" in entry or "loop_dim_size" in entry for entry in entries)


def _layers(found: dict[object, object], figures: Figures) -> Iterator[_Layer]:
    taken = [key for key in found if isinstance(key, int)]
    number = max(taken, default=-1)
    for key, entry in found.items():
        line = figures.line_of(entry)
        if not isinstance(key, int):
            number += 1
        own = key if isinstance(key, int) else number
        yield _Layer(
            own, f"Layer{own}" if isinstance(key, int) else str(key), figures.entries(entry, line, "a layer"), line
        )


def _entry(layer: _Layer, numbers: Mapping[object, int], figures: Figures) -> Data:
    fields, line = layer.fields, layer.line
    for key in fields:
        if key not in READ and key not in FIELDS and key not in OF_CORES:
            figures.notes.append(f"line {line}: `{key}` is left out: no workload of today has it")
    kind = _operator_type(layer, figures)
    if kind and kind not in OPERATORS:
        figures.fault(
            line, f"operator_type `{kind}`, which ZigZag does not take", f"write one of {', '.join(OPERATORS)}"
        )
    sizes = {dim: figures.integer(n, line, f"the size of {dim}") for dim, n in _named("loop_dim_size", layer, figures)}
    relations = fields.get("dimension_relations", fields.get("equation_relations"))
    return {
        "id": layer.id,
        "name": layer.name,
        "operator_type": kind,
        "equation": _equation(layer, figures),
        "dimension_relations": [*figures.texts(relations or [], line, "dimension_relations")],
        "loop_dims": [*sizes],
        "loop_sizes": [*sizes.values()],
        **_partially_relevant(layer, figures),
        "operand_precision": _precision(layer, figures),
        "operand_source": _sources(layer, numbers, figures),
    }


def _operator_type(layer: _Layer, figures: Figures) -> str:
    """Files of 2022 had none: sums are Add, what has no weights Pooling, what slides over its input Conv, else Gemm."""
    said = layer.fields.get("operator_type")
    if said is not None:
        return figures.text(said, layer.line, "operator_type")
    figures.notes.append("operator_type is not given for some layers: it follows from their equations")
    weightless = "W" not in dict(_named("operand_precision", layer, figures)) or not _weights(layer, figures)
    if "*" not in _equation(layer, figures):
        return "Add"
    if weightless:
        return "Pooling"
    return "Conv" if layer.fields.get("dimension_relations") or layer.fields.get("equation_relations") else "Gemm"


def _weights(layer: _Layer, figures: Figures) -> int:
    """Bits of a weight."""
    given = dict(_named("operand_precision", layer, figures))
    return figures.integer(given.get("W", 0), layer.line, "the precision of W")


def _named(field: str, layer: _Layer, figures: Figures) -> list[tuple[str, object]]:
    value = layer.fields.get(field)
    return [*figures.entries({} if value is None else value, layer.line, field).items()]


def _equation(layer: _Layer, figures: Figures) -> str:
    text = figures.text(layer.fields.get("equation"), layer.line, "equation")
    return OPERAND.sub(lambda match: OPERANDS_TODAY.get(match[1], match[1]), text)


def _precision(layer: _Layer, figures: Figures) -> Data:
    given = _named("operand_precision", layer, figures)
    found: dict[Key, Value] = {
        OPERANDS_TODAY.get(op, op): figures.integer(bits, layer.line, f"the precision of {op}") for op, bits in given
    }
    if "O" in found and "O_final" not in found:
        found["O_final"] = found["O"]
    return found


def _sources(layer: _Layer, numbers: Mapping[object, int], figures: Figures) -> Data:
    """The layer that makes each operand; a constant's is the layer itself, as ZigZag's files have it."""
    found: dict[Key, Value] = {}
    for operand, value in _named("operand_source", layer, figures):
        name = OPERANDS_TODAY.get(operand, operand)
        producers = [value] if isinstance(value, int | str) else items_of(value) or []
        if not producers:
            found[name] = layer.id
            continue
        if len(producers) > 1:
            figures.notes.append(f"line {layer.line}: {operand} has {len(producers)} sources, and the last one is kept")
        source = producers[-1]
        number = numbers.get(source) if isinstance(source, int | str) else None
        if number is None and figures.known(source, layer.line, f"the source of {operand}"):
            figures.fault(layer.line, f"the source of {operand} is no layer of the workload", "name one by its key")
        found[name] = layer.id if number is None else number
    return found


def _partially_relevant(layer: _Layer, figures: Figures) -> Data:
    """Padding, and the sizes of IX and IY; where a size is not given, ZigZag computes all of them, as it did."""
    padding = dict(_named("padding", layer, figures))
    sizes = dict(_named("pr_loop_dim_size", layer, figures))
    dims = [*dict.fromkeys((*sizes, *padding))]
    if not dims:
        return {}
    found: dict[Key, Value] = {"pr_loop_dims": [*dims]}
    if all(dim in sizes for dim in dims):
        found["pr_loop_sizes"] = [figures.integer(sizes[dim], layer.line, f"the size of {dim}") for dim in dims]
    found["padding"] = [_sides(padding.get(dim, (0, 0)), dim, layer.line, figures) for dim in dims]
    return found


def _sides(value: object, dim: str, line: int, figures: Figures) -> list[Value]:
    sides = items_of(value)
    if sides is None or len(sides) != 2:
        if figures.known(value, line, f"the padding of {dim}"):
            figures.fault(line, f"the padding of {dim} is no pair", "write (before, after)")
        return [0, 0]
    return [figures.integer(side, line, f"the padding of {dim}") for side in sides]


def _mapping(layers: list[_Layer], figures: Figures) -> Iterator[Data]:
    for layer in layers:
        said = {key: value for key, value in layer.fields.items() if key in (*FIELDS, *OF_CORES)}
        if {*said} - {*OF_CORES}:
            yield {"name": layer.name, **entry_fields(said, layer.name, layer.line, figures)}
        elif said:
            figures.notes.append("`core_allocation` is left out: there is one core")
