"""What the property test draws: layers, accelerators and mappings of which no two sizes need be alike."""

from dataclasses import replace
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.temporal_mapping import TemporalMappingType
from zigzag.workload.layer_node import LayerNode

from onnx2zz.files.document import Value
from onnx2zz.formats.mapping_entry import read_mapping_entry
from onnx2zz.zigzag.layer import WorkloadEntry, parse_layer
from onnx2zz.zigzag.search import SearchedLayer, convert

from . import hardware, layers

LINKS = {"O": "O", "W": "I2", "I": "I1"}
Draw = Any


def pair(values: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(values, values)


precisions = st.fixed_dictionaries(
    {
        "W": st.sampled_from([4, 8]),
        "I": st.sampled_from([4, 8, 8, 8, 16]),
        "O": st.sampled_from([16] * 7 + [24, 32]),
        "O_final": st.sampled_from([8, 16]),
    }
)
LOOP_SIZES = {
    "B": st.integers(1, 3),
    **dict.fromkeys(("K", "C", "G", "D"), st.integers(1, 40)),
    **dict.fromkeys(("OY", "OX"), st.integers(1, 30)),
    **dict.fromkeys(("FY", "FX"), st.sampled_from([1, 2, 3, 5, 7])),
}
LOOPS = {
    "conv": ("B", "K", "C", "OY", "OX", "FY", "FX"),
    "depthwise": ("G", "OY", "OX", "FY", "FX"),
    "pooling": ("G", "OY", "OX", "FY", "FX"),
    "gemm": ("B", "D", "C", "K"),
    "add": ("G", "OY", "OX"),
}
WIDE_LOOPS = 4
"""More loops above 1 would raise ZigZag's lpf_limit, hence the 24 orderings of a draw to 120, 720 or 5,040."""


@st.composite
def loop_sizes(draw: Draw, kind: str) -> dict[str, int]:
    """Each loop's size, all but a few of them 1."""
    wide = draw(st.lists(st.sampled_from(LOOPS[kind]), min_size=3, max_size=WIDE_LOOPS, unique=True))
    return {dim: draw(LOOP_SIZES[dim]) if dim in wide else 1 for dim in LOOPS[kind]}


@st.composite
def windows(draw: Draw, sizes: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Output, kernel, stride, dilation and padding, which leaves something of the input; all (y, x)."""
    out, kernel = (sizes["OY"], sizes["OX"]), (sizes["FY"], sizes["FX"])
    pad = tuple(draw(st.integers(0, min(2, (o + f - 2) // 2))) for o, f in zip(out, kernel, strict=True))
    return {
        "out": out,
        "kernel": kernel,
        "stride": draw(pair(st.integers(1, 3))),
        "dilation": draw(pair(st.sampled_from([1, 1, 2]))),
        "pad": pad,
    }


@st.composite
def entries(draw: Draw, locality: bool) -> WorkloadEntry:
    """locality: only layers whose activation ZigZag recognises."""
    kinds = ["conv", "conv", "conv", "depthwise", "pooling", "gemm", "add", *([] if locality else ["input_based"])]
    kind = draw(st.sampled_from(kinds))
    if kind == "input_based":
        return layers.input_based(draw(st.integers(1, 40)), draw(st.integers(1, 40)), draw(st.integers(2, 30)))
    sizes, precision = draw(loop_sizes(kind)), draw(precisions)
    if kind == "gemm":
        return layers.gemm(sizes["C"], sizes["D"], sizes["K"], sizes["B"], precision)
    if kind == "add":
        return layers.add(sizes["G"], (sizes["OY"], sizes["OX"]), precision)
    window = draw(windows(sizes))
    if kind == "conv":
        return layers.conv(sizes["K"], sizes["C"], **window, batch=sizes["B"], precision=precision)
    return layers.depthwise(sizes["G"], **window, precision=precision, pooling=kind == "pooling")


@st.composite
def unrollings(draw: Draw, layer: LayerNode, accelerator: Accelerator) -> dict[str, dict[str, int]]:
    """Up to two layer dimensions on each array dimension, dividing or not, within what is left of both."""
    left = {str(dim): int(size) for dim, size in layer.layer_dim_sizes.items()}
    mapping: dict[str, dict[str, int]] = {}
    for array_dim, size in accelerator.operational_array.dimension_sizes.items():
        mapping[str(array_dim)] = {}
        for dim in draw(st.lists(st.sampled_from(sorted(left)), min_size=1, max_size=2, unique=True)):
            factor = draw(st.integers(1, max(1, min(size, left[dim]))))
            mapping[str(array_dim)][dim] = factor
            left[dim], size = max(1, left[dim] // factor), size // factor
    return mapping


@st.composite
def memories(draw: Draw, array_dims: tuple[str, ...]) -> list[hardware.MadeUpMemory]:
    """One to three memories for each operand below, now and then shared, and a large one above all of them."""
    operands = ("I1", "I2", "O")
    subsets = st.lists(st.sampled_from(operands), min_size=1, max_size=3, unique=True)
    below = [
        draw(_memory(tuple(draw(subsets)), array_dims, st.sampled_from([64, 200, 700, 3000, 20000, 10**6])))
        for _ in range(draw(st.integers(1, 5)))
    ]
    below.sort(key=lambda memory: len(memory.served))
    missing = [operand for operand in operands if not any(operand in memory.operands for memory in below)]
    above = [operand for operand in operands if operand in missing or draw(st.integers(0, 9))] or ["O"]
    top = draw(_memory(tuple(above), array_dims, st.sampled_from([10**10] * 7 + [10**5])))
    return [*below, replace(top, served=array_dims)]


@st.composite
def _memory(
    draw: Draw, operands: tuple[str, ...], array_dims: tuple[str, ...], capacities: st.SearchStrategy[int]
) -> hardware.MadeUpMemory:
    width = st.sampled_from([4, 8, 24, 64, 100, 256])
    return hardware.MadeUpMemory(
        operands=operands,
        capacity=draw(capacities),
        ports=tuple(tuple(sorted(draw(pair(width)))) for _ in range(draw(st.integers(1, 4)))),
        served=tuple(dim for dim in array_dims if draw(st.booleans())),
        read_energy=draw(st.sampled_from([0.021, 0.095, 1.7, 700.0])),
        write_energy=draw(st.sampled_from([0.021, 0.1, 2.3, 750.0])),
        double_buffered=draw(st.integers(0, 3)) == 0,
    )


@st.composite
def made_up(draw: Draw) -> Accelerator:
    sizes = draw(st.lists(st.integers(2, 7), min_size=1, max_size=3))
    array_dims = tuple(f"D{place + 1}" for place in range(len(sizes)))
    systolic = [dim for dim in array_dims if draw(st.booleans())]
    return hardware.made_up(sizes, draw(memories(array_dims)), systolic)


@st.composite
def trimmed(draw: Draw, layer: LayerNode) -> Accelerator:
    """A shipped accelerator with memories cut off at the top, as locality does."""
    whole = hardware.shipped(draw(st.sampled_from(hardware.SHIPPED)))
    last = len(whole.memory_hierarchy.mem_level_list) - 1
    levels = st.sampled_from([last, last, last - 1])
    rest = hardware.trimmed(whole, layer, draw(levels), draw(levels), draw(levels))
    assume(len(rest.memory_hierarchy.get_operands()) == 3)
    return rest


@st.composite
def orders(draw: Draw, entry: WorkloadEntry) -> list[list[Any]]:
    """Mostly none; else the innermost or the outermost loop is given."""
    dims = [dim for dim, size in zip(entry["loop_dims"], entry["loop_sizes"], strict=True) if size > 1]
    if not dims or draw(st.integers(0, 4)):
        return []
    dim, anywhere = draw(st.sampled_from(dims)), ["*", "*"]
    size = dict(zip(entry["loop_dims"], entry["loop_sizes"], strict=True))[dim]
    factor = next(factor for factor in range(2, size + 1) if size % factor == 0)
    return draw(st.sampled_from([[[dim, "*"]], [anywhere, [dim, "*"]], [[dim, factor]], [anywhere, [dim, factor]]]))


@st.composite
def settings(draw: Draw, kind: str, lpf_limits: tuple[int, ...]) -> SearchedLayer:
    """kind: which accelerators ("shipped", "trimmed" or "made_up")."""
    entry = draw(entries(locality=kind == "trimmed"))
    order: list[Value] = draw(orders(entry))
    layer = parse_layer(entry, read_mapping_entry({"memory_operand_links": {**LINKS}, "temporal_ordering": order}))
    if kind == "made_up":
        accelerator = draw(made_up())
    elif kind == "trimmed":
        accelerator = draw(trimmed(layer))
    else:
        accelerator = hardware.shipped(draw(st.sampled_from(hardware.SHIPPED)))
    mapping = hardware.spatial(accelerator, draw(unrollings(layer, accelerator)))
    setting = convert(accelerator, layer, mapping, draw(st.sampled_from(lpf_limits)))
    return replace(
        setting,
        mapping_type=draw(
            st.sampled_from([TemporalMappingType.UNEVEN, TemporalMappingType.UNEVEN, TemporalMappingType.EVEN])
        ),
        keeps_at_output=draw(st.integers(0, 7)) > 0,
    )
