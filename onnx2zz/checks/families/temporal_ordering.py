"""Loop orders that a layer's loops cannot take."""

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from onnx2zz.checks.check import Check, Predicts, of_mapping
from onnx2zz.checks.context import Context, MappingContext, TripleContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import EntryLayer

if TYPE_CHECKING:
    from onnx2zz.zigzag.predict import Raised


def temporal_ordering(context: MappingContext) -> Iterator[Finding]:
    """An order that names more of a loop than a layer has: no ordering of the layer's loops has it (zigzag
    opt/loma/engine.py:170, opt/loma/multipermute.py:92)."""
    for entry in context.mapping_entries:
        for layer in context.layers if entry.sized_loops else ():
            too_much = _too_much(entry, layer)
            # Only of layers that take this entry: another layer's loops are none of its business.
            if context.mapping_of(layer) is entry and too_much:
                yield _does_not_fit(context, entry, layer, too_much)


def _too_much(entry: MappingEntry, layer: EntryLayer) -> dict[str, int]:
    """Loop -> the product of the sizes that the order gives it, where the layer has less."""
    named = {loop: prod(size for other, size in entry.sized_loops if other == loop) for loop, _ in entry.sized_loops}
    # A loop that the layer lacks is left out by ZigZag (workload/layer_attributes.py:223), whatever its size.
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


def _ordered_entry(context: Context, error: "Raised") -> MappingEntry | None:
    """The mapping entry with a temporal_ordering that a layer takes which the exception hits."""
    entries = (context.mapping_of(layer) for layer in context.layers if layer.id in error.layers)
    return next((entry for entry in entries if entry and entry.temporal_ordering), None)


def order_not_placed(context: TripleContext, error: "Raised") -> Finding | None:
    """An order that cannot be placed; None where no layer that the exception hits has one."""
    entry = _ordered_entry(context, error)
    if entry is None:
        return None
    layer = next(layer for layer in context.layers if layer.id in error.layers)
    return finding(
        "temporal-ordering",
        "error",
        context.mapping,
        (entry.number, "temporal_ordering"),
        f"the temporal_ordering of {entry.name} cannot be placed among the loops of layer {layer.name} (id {layer.id}) "
        "that run in time: it names too many, or leaves out one that the array does not unroll whole",
        zigzag=str(error),
        fix='name every loop with what is left of it in time, or no sizes ("*"), or leave the order out',
        layer=layer.name,
    )


NOT_PLACED = ("factorial()", "tuple.index(x)", "list index out of range", "dictionary changed size")
"""What ZigZag's search stumbles over where an order does not fit the loops."""
CHECKS = (
    Check(
        code="temporal-ordering",
        severity="error",
        meaning="an order that names more of a loop than there is, or that cannot be placed among the loops that are "
        "left in time",
        zigzag="ValueError: factorial() not defined for negative values, or NoValidLoopOrderingFoundException",
        way_out='name every loop with what is left of it in time, write "*" for a size, or leave the order out',
        rules=(of_mapping(temporal_ordering, order=50),),
        exceptions=(
            *(Predicts(words, likeliest=True) for words in NOT_PLACED),
            Predicts("NoValidLoopOrderingFoundException"),
            Predicts("KeyError"),
        ),
        from_exception=order_not_placed,
    ),
)
