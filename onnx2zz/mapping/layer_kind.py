"""The kind of a layer, by which a template is picked for it: its shape decides, not its name."""

from math import prod
from typing import Literal, get_args

from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes, operand_indices

Kind = Literal["conv", "stem", "depthwise", "pointwise", "gemm", "gemv", "pool", "element-wise"]
KINDS: tuple[Kind, ...] = get_args(Kind)

FEW_CHANNELS = 4
"""A convolution over as many input channels at most is a stem: colours, a depth beside them, or one grey level."""
POOLS = ("Pooling", "Pool", "MaxPool", "AveragePool", "GlobalAveragePool")
ELEMENT_WISE = ("Add", "Max")
"""Operator types that ZigZag knows (parser/workload_validator.py); the others multiply and accumulate."""
WINDOW = ("FX", "FY", "FZ")


def kind_of(entry: WorkloadEntry) -> Kind:
    """What a layer is like for an array of multipliers.

    Products of one row (a vector times a matrix) have no weight that is used twice. A convolution without a window is
    pointwise; each channel with a filter of its own is depthwise.
    """
    # The order of the questions matters: a product of one row is a gemv whatever its operator is called, and a
    # depthwise layer may have a window of one element as well.
    if entry["operator_type"] in (*POOLS, *ELEMENT_WISE):
        return "pool" if entry["operator_type"] in POOLS else "element-wise"
    sizes = loop_sizes(entry)
    window = prod(sizes.get(loop, 1) for loop in WINDOW)
    if window == 1 and _rows(entry, sizes) == 1:
        return "gemv"
    if entry["operator_type"] == "Gemm":
        return "gemm"
    if sizes.get("C", 1) == 1 and sizes.get("G", 1) > 1:
        return "depthwise"
    if window == 1:
        return "pointwise"
    return "stem" if sizes.get("C", 1) <= FEW_CHANNELS else "conv"


def _rows(entry: WorkloadEntry, sizes: dict[str, int]) -> int:
    """How often each weight is used: the loops of the output that the weights do not depend on."""
    indices = operand_indices(entry)
    weights = indices.get("W", ())
    return prod(sizes.get(loop, 1) for loop in indices["O"] if loop not in weights)
