"""The dimensions of the array: whether each has a size, and whether those that a memory serves exist."""

from collections.abc import Iterator, Mapping

from onnx2zz.checks.check import Check, Predicts, of_accelerator
from onnx2zz.checks.context import AcceleratorContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.files.document import Value
from onnx2zz.formats.foreign_keys import today
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.yaml_source import YamlSource


def _sizes(source: YamlSource) -> list[Value] | None:
    data = source.data
    array = data.get("operational_array") if isinstance(data, Mapping) else None
    sizes = array.get("sizes") if isinstance(array, Mapping) else None
    return sizes if isinstance(sizes, list) else None


def array_sizes(context: AcceleratorContext) -> Iterator[Finding]:
    """Not one size for each dimension (zigzag parser/accelerator_validator.py:269)."""
    # In files of 2024 the array has another key, and the place must be that of the line which is there.
    source = today("accelerator", context.accelerator)
    sizes, dimensions = _sizes(source), context.hierarchy.dimensions
    if sizes is not None and dimensions and len(sizes) != len(dimensions):
        yield finding(
            "size-mismatch",
            "error",
            source,
            ("operational_array", "sizes"),
            f"the array has {len(dimensions)} dimensions ({', '.join(dimensions)}), but {len(sizes)} in sizes: "
            f"{', '.join(map(str, sizes)) or 'none'}",
            zigzag="ValueError: Failed to validate provided accelerator",
            fix="give one size for each dimension",
        )


def served_dimensions(context: AcceleratorContext) -> Iterator[Finding]:
    """A served dimension that the array lacks (zigzag parser/accelerator_validator.py:228)."""
    array = context.hierarchy.dimensions
    sizes = _sizes(today("accelerator", context.accelerator))
    if not array or (sizes is not None and len(sizes) > len(array)):
        return  # where there are more sizes, a dimension is left out: array_sizes says so
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


ARRAY_SIZES = of_accelerator(array_sizes, order=60)
"""Finds a size-mismatch."""
CHECKS = (
    Check(
        code="served-dimension",
        severity="error",
        meaning="a memory serves a dimension that the array lacks",
        zigzag="ValueError: Failed to validate provided accelerator",
        way_out="serve dimensions of the array only",
        rules=(of_accelerator(served_dimensions, order=70),),
        exceptions=(Predicts("validate provided accelerator"),),
    ),
)
