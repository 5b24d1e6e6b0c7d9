"""Repairs of a workload, data to data: relations, sizes from the model, padding, the order of operands."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from onnx2zz.checks.context import Context
from onnx2zz.checks.equations import activation_for_zigzag
from onnx2zz.checks.extents import split_padding, too_far
from onnx2zz.checks.model import other_loops, paired_layers
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.workload_entry import EQUATION, EntryLayer, as_meant, read_layer
from onnx2zz.formats.yaml_source import YamlSource


def repaired_workload(context: Context) -> Value:
    """The workload's data with every repair that applies; entries that cannot be read come back as they are."""
    data = context.workload.data if context.workload else None
    if not isinstance(data, list):
        return data
    for repair in (_with_output_based_relations, _with_model_sizes, _with_padding, _with_operand_order):
        data = repair(_with_data(context, data), data)
    return data


def _with_data(context: Context, data: list[Value]) -> Context:
    return replace(context, workload=YamlSource("", "", data, {}))


def _each_layer(data: list[Value], repair: Callable[[Data, EntryLayer], Value]) -> list[Value]:
    layers = [read_layer(number, entry) for number, entry in enumerate(data)]
    return [
        repair(entry, layer) if layer and isinstance(entry, Mapping) else entry
        for entry, layer in zip(data, layers, strict=True)
    ]


def _with_output_based_relations(context: Context, data: list[Value]) -> list[Value]:
    return _each_layer(data, lambda entry, layer: _turned(entry, layer) if layer.input_based else entry)


def _turned(entry: Data, layer: EntryLayer) -> Data:
    meant = as_meant(layer)
    return {
        **entry,
        "dimension_relations": [str(relation) for relation in meant.relations],
        "loop_dims": list(meant.loops),
        "loop_sizes": list(meant.loops.values()),
    }


def _with_model_sizes(context: Context, data: list[Value]) -> list[Value]:
    """Loops take the model's sizes where both have the loop; a stride or an equation is not changed."""
    sizes = {
        written.number: {dim: its for dim, (_, its) in other_loops(written, reference).items() if dim in written.loops}
        for written, reference in (paired_layers(context) if context.model is not None else ())
        if _has_all_loops(written, reference) and written.operations != reference.operations
    }
    return _each_layer(data, lambda entry, layer: _resized(entry, layer, sizes.get(layer.number, {})))


def _has_all_loops(written: EntryLayer, reference: EntryLayer) -> bool:
    return {dim for dim, size in reference.loops.items() if size > 1} <= set(written.loops)


def _resized(entry: Data, layer: EntryLayer, sizes: Mapping[str, int]) -> Data:
    return {**entry, "loop_sizes": list({**layer.loops, **sizes}.values())} if sizes else entry


def _with_padding(context: Context, data: list[Value]) -> list[Value]:
    def padded(entry: Data, layer: EntryLayer) -> Data:
        far = too_far(context, layer)
        return {**entry, **_padding(layer, far)} if far else entry

    return _each_layer(data, padded)


def _padding(layer: EntryLayer, far: Mapping[str, tuple[int, int]]) -> Data:
    """All derived indices get a true extent once one of them has padding."""
    extents = {index: far[index][1] if index in far else layer.span(index) for index in layer.related}
    pairs = {index: split_padding(far[index][0] - far[index][1]) if index in far else (0, 0) for index in extents}
    pairs |= {index: layer.padding[index] for index in extents if index in layer.padding}
    return {
        "pr_loop_dims": list(extents),
        "pr_loop_sizes": list(extents.values()),
        "padding": [list(pair) for pair in pairs.values()],
    }


def _with_operand_order(context: Context, data: list[Value]) -> list[Value]:
    return _each_layer(data, lambda entry, layer: _swapped(entry) if activation_for_zigzag(layer) == "W" else entry)


def _swapped(entry: Data) -> Data:
    equation = str(entry.get("equation"))
    match = EQUATION.match(equation)
    assert match is not None
    _, first, first_indices, combine, second, second_indices = match.groups()
    if not first_indices.replace("[", "").replace("]", "") or "[]" in second_indices:
        return entry  # only the second operand may have no indices
    start = equation[: match.start(2)]
    return {**entry, "equation": f"{start}{second}{second_indices}{combine}{first}{first_indices}"}
