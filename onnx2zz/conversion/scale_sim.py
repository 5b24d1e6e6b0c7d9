"""SCALE-Sim's topologies: convolutions (IFMAP ... Strides) or matrix products (M, N, K), a line a layer.

Source: scalesim 3.0.0 topology_utils.py: the first line is a header, every line ends in a comma, the height of the
output is ceil((H - R + s) / s), a name with DP in it is a convolution by channel, N:M at the end is a sparsity.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from onnx2zz.conversion.contraction import Contraction, Window, contraction, is_mac_layer
from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.workload_text import Workload, Written, each_layer
from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.workload_entry import EntryLayer

CONVOLUTION = ("IFMAP Height", "IFMAP Width", "Filter Height", "Filter Width", "Channels", "Num Filter", "Strides")
PRODUCT = ("M", "N", "K")
SPARSITY = re.compile(r"\d+:\d+")
BY_CHANNEL = "DP"
PRECISION: Data = {"W": 8, "I": 8, "O": 16, "O_final": 8}
MOST_LINES = 100_000


@dataclass
class _Reading:
    """The entries of a file so far, what is wrong in it, and what is left out of it."""

    path: str
    entries: list[Value] = field(default_factory=list[Value])
    problems: list[Problem] = field(default_factory=list[Problem])
    notes: list[str] = field(default_factory=list[str])

    def fault(self, line: int, what: str, way_out: str) -> None:
        self.problems.append(Problem(f"{self.path}:{line}", what, way_out))


def read_topology(path: str, text: str) -> Converted:
    """The layers of a topology as a workload. Raises InputError with every line that is no layer."""
    reading = _Reading(path)
    lines = [*csv.reader(io.StringIO(text))]
    header = [cell.strip() for cell in lines[0]] if lines else []
    columns = PRODUCT if _of_products(header, lines[1:]) else CONVOLUTION
    for number, cells in enumerate(lines[1:], 2):
        row = [cell.strip() for cell in cells]
        # SCALE-Sim's lines end in a comma.
        while row and not row[-1]:
            row.pop()
        if len(row) == 1:
            reading.notes.append(f"line {number}: {row[0]} is a heading, and no layer")
        elif row:
            _read_row(row, columns, number, reading)
    # Lines that are no layers first: that there is none would be no news beside them.
    raise_if_any(reading.problems)
    if not reading.entries:
        reading.fault(1, "no layer", f"give lines of a name and {', '.join(columns)}, after a header")
    raise_if_any(reading.problems)
    reading.notes.append("no widths are in it: W 8, I 8, O 16, O_final 8 bits are written")
    reading.notes.append("no edges are in it: every layer reads the network's input")
    return Converted("workload", reading.entries, tuple(reading.notes))


def _of_products(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    named = {cell.upper() for cell in header}
    if named >= {*PRODUCT}:
        return True
    filled = [len([cell for cell in row if cell.strip()]) for row in rows]
    return not any("IFMAP" in cell for cell in named) and max(filled, default=0) <= len(PRODUCT) + 2


def _read_row(row: list[str], columns: Sequence[str], line: int, reading: _Reading) -> None:
    # A last column that only some files have; 1:1 is dense, and nothing is lost with it.
    if SPARSITY.fullmatch(row[-1]):
        if row[-1] != "1:1":
            reading.notes.append(f"line {line}: the sparsity {row[-1]} is left out: ZigZag counts all weights")
        row = row[:-1]
    name, *cells = row
    wrong = [cell for cell in cells[: len(columns)] if not cell.isdecimal() or int(cell) < 1]
    if wrong or len(cells) != len(columns):
        what = f"{name}: {len(cells)} numbers, {len(columns)} are needed" if not wrong else f"{name}: `{wrong[0]}`"
        reading.fault(line, f"{what}, where sizes from 1 are needed", f"write {', '.join(columns)}")
        return
    sizes = [int(cell) for cell in cells]
    if columns is PRODUCT:
        reading.entries.append(_product(len(reading.entries), name, sizes))
        return
    # A filter that does not fit once has no output, though the formula of SCALE-Sim may round up to one.
    height, width, rows, taps, *_ = sizes
    if rows > height or taps > width:
        reading.fault(line, f"{name}: a filter of {rows} x {taps} over {height} x {width}", "make the input larger")
        return
    reading.entries.append(_convolution(len(reading.entries), name, sizes))


def _product(number: int, name: str, sizes: Sequence[int]) -> Data:
    rows, columns, depth = sizes
    return {
        "id": number,
        "name": name,
        "operator_type": "Gemm",
        "equation": "O[d][k]+=I[d][c]*W[k][c]",
        "dimension_relations": [],
        "loop_dims": ["C", "D", "K"],
        "loop_sizes": [depth, rows, columns],
        "operand_precision": {**PRECISION},
        "operand_source": {"W": number, "I": number},
    }


def _convolution(number: int, name: str, sizes: Sequence[int]) -> Data:
    """An output that lies partly outside counts, as it does there: what it reads beyond the input is padding."""
    height, width, rows, taps, channels, filters, stride = sizes
    by_channel = BY_CHANNEL in name
    outputs = [-(-(extent - reach + stride) // stride) for extent, reach in ((height, rows), (width, taps))]
    beyond = [
        stride * (out - 1) + reach - extent
        for out, reach, extent in zip(outputs, (rows, taps), (height, width), strict=True)
    ]
    groups, depth = (channels, 1) if by_channel else (1, channels)
    return {
        "id": number,
        "name": name,
        "operator_type": "Conv",
        "equation": "O[b][g][k][oy][ox]+=I[b][g][c][iy][ix]*W[g][k][c][fy][fx]",
        "dimension_relations": [f"iy={stride}*oy+1*fy", f"ix={stride}*ox+1*fx"],
        "loop_dims": ["B", "K", "G", "OX", "OY", "C", "FX", "FY"],
        "loop_sizes": [1, filters, groups, outputs[1], outputs[0], depth, taps, rows],
        "operand_precision": {**PRECISION},
        "operand_source": {"W": number, "I": number},
        "pr_loop_dims": ["IY", "IX"],
        "pr_loop_sizes": [height, width],
        "padding": [[0, max(0, beyond[0])], [0, max(0, beyond[1])]],
    }


def topology_text(workload: Workload) -> Written:
    """The convolutions and products of a workload as SCALE-Sim's convolutions; a product is one over its rows, as
    SCALE-Sim itself writes it. Raises InputError for strides that differ, dilation, and windows of three axes."""
    rows, notes = each_layer(workload, is_mac_layer, lambda layer: [*_convolution_rows(layer)], "SCALE-Sim's topology")
    return Written(_csv(("Layer name", *CONVOLUTION), rows), notes)


def products_text(workload: Workload) -> Written:
    """The convolutions and products of a workload as matrix products: what im2col makes of a convolution."""
    rows, notes = each_layer(workload, is_mac_layer, lambda layer: [*_product_rows(layer)], "SCALE-Sim's topology")
    return Written(_csv(("Layer", *PRODUCT), rows), notes)


def _product_rows(layer: EntryLayer) -> Iterator[tuple[str | int, ...]]:
    groups, rows, columns, depth = contraction(layer).as_product()
    yield from _repeated(layer, groups, (rows, columns, depth))


def _convolution_rows(layer: EntryLayer) -> Iterator[tuple[str | int, ...]]:
    times, sizes = convolution_line(layer)
    found = contraction(layer)
    # What a line can say of groups is that each channel is one: all other groups, and samples, are lines of their
    # own.
    if found.windows and found.channels == 1 and found.groups > 1 and found.rows == 1:
        *extents, _, filters, stride = sizes
        yield (f"{_name(layer)}_{BY_CHANNEL}", *extents, found.groups, filters, stride)
    else:
        yield from _repeated(layer, times, sizes)


def convolution_line(layer: EntryLayer) -> tuple[int, tuple[int, ...]]:
    """How many lines of these sizes (as `CONVOLUTION` has them) a layer is: one for each group and sample.

    Raises ValueError for strides that differ, dilation, and windows of three axes.
    """
    found = contraction(layer)
    windows = _in_order(layer, found)
    if not windows:
        groups, rows, columns, depth = found.as_product()
        return groups, (rows, depth, 1, depth, 1, columns, 1)
    # A window over one axis is one over a second of one position.
    upper, across = (*windows, Window(1, 1, 1, 1))[:2] if len(windows) < 3 else _three(windows)
    # The stride of an axis with one output is never taken.
    strides = {window.stride for window in (upper, across) if window.outputs > 1} or {1}
    if len(strides) > 1:
        raise ValueError(f"strides {upper.stride} and {across.stride}, and a line has one")
    if any(window.dilation > 1 and window.taps > 1 for window in (upper, across)):
        raise ValueError("a dilated filter")
    stride = strides.pop()
    sizes = (_extent(upper, stride), _extent(across, stride), upper.taps, across.taps)
    return found.groups * found.rows, (*sizes, found.channels, found.filters, stride)


def _three(windows: Sequence[Window]) -> tuple[Window, Window]:
    raise ValueError(f"windows over {len(windows)} axes, and a line has two")


def _extent(window: Window, stride: int) -> int:
    return stride * (window.outputs - 1) + window.taps


def _in_order(layer: EntryLayer, found: Contraction) -> tuple[Window, ...]:
    """Height before width: the order in which the input has them."""
    data = "I" if "I" in layer.indices else layer.inputs[0]
    order = [*layer.indices[data]]
    relations = [*layer.relations]
    places = [order.index(one.target) if one.target in order else 0 for one in relations]
    direct = [order.index(loop) for loop in layer.loops if loop in ("OY", "OX", "OZ") and loop in order]
    return tuple(
        window for _, window in sorted(zip((*places, *direct), found.windows, strict=True), key=lambda p: p[0])
    )


def _repeated(layer: EntryLayer, times: int, sizes: Sequence[int]) -> Iterator[tuple[str | int, ...]]:
    """A line for each group and each sample: SCALE-Sim has neither."""
    if times > MOST_LINES:
        raise ValueError(f"{times:,} groups, and each is a line")
    name = _name(layer)
    for number in range(times):
        yield (name if times == 1 else f"{name}_{number}", *sizes)


def _name(layer: EntryLayer) -> str:
    """The layer's name without what SCALE-Sim reads a meaning into: commas, and DP."""
    return re.sub(r"[,\"\r\n]", "_", layer.name).replace(BY_CHANNEL, "Dp")


def _csv(header: Sequence[str], rows: Sequence[Sequence[str | int]]) -> str:
    return "".join(", ".join(map(str, row)) + ",\n" for row in (header, *rows))
