"""Which dimensions of the array a memory serves, and whether they exist."""

from collections.abc import Iterator

from onnx2zz.check.context import Context
from onnx2zz.check.finding import Finding, finding
from onnx2zz.check.spelling import did_you_mean


def served_dimensions(context: Context) -> Iterator[Finding]:
    """A served dimension that the array lacks (zigzag parser/accelerator_validator.py:228)."""
    if context.accelerator is None or not context.hierarchy.array:
        return
    array = tuple(context.hierarchy.array)
    for memory in context.hierarchy.memories:
        for index, dimension in enumerate(memory.served):
            if dimension not in array:
                yield finding(
                    "served-dimension",
                    "error",
                    context.accelerator,
                    (*memory.place, "served_dimensions", index),
                    f"{memory.name} serves {dimension}, but the array has {', '.join(array)}"
                    + did_you_mean(dimension, array),
                    zigzag="ValueError: Failed to validate provided accelerator",
                    fix=f"serve dimensions of the array only: {', '.join(array)}",
                )
