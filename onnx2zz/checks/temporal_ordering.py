"""Loop orders that a layer's loops cannot take."""

from collections.abc import Iterator
from math import prod

from onnx2zz.checks.context import MappingContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import EntryLayer


def temporal_ordering(context: MappingContext) -> Iterator[Finding]:
    """An order that names more of a loop than a layer has: no ordering of the layer's loops has it (zigzag
    opt/loma/engine.py:170, opt/loma/multipermute.py:92)."""
    for entry in context.mapping_entries:
        for layer in context.layers_as_meant if entry.sized_loops else ():
            too_much = _too_much(entry, layer)
            if context.mapping_of(layer) is entry and too_much:
                yield _does_not_fit(context, entry, layer, too_much)


def _too_much(entry: MappingEntry, layer: EntryLayer) -> dict[str, int]:
    """Loop -> the product of the sizes that the order gives it, where the layer has less."""
    named = {loop: prod(size for other, size in entry.sized_loops if other == loop) for loop, _ in entry.sized_loops}
    return {loop: size for loop, size in named.items() if loop in layer.loops and size > layer.loops[loop]}


def _does_not_fit(context: MappingContext, entry: MappingEntry, layer: EntryLayer, too_much: dict[str, int]) -> Finding:
    said = ", ".join(f"{loop} of {size} where the layer has {layer.loops[loop]}" for loop, size in too_much.items())
    return finding(
        "temporal-ordering",
        "error",
        context.mapping,
        (entry.number, "temporal_ordering"),
        f"the temporal_ordering of {entry.name} does not fit layer {layer.name} (id {layer.id}): it names {said}",
        zigzag="ValueError: factorial() not defined for negative values, or NoValidLoopOrderingFoundException",
        fix=f'give sizes that multiply to the loops of {layer.name}, write "*" for a size, or leave the order out',
        layer=layer.name,
    )
