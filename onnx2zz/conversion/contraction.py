"""What a layer of a workload multiplies, by what its loops do, and not by what they are called.

A loop is a filter's (output and weights), a channel's (input and weights), a row's (output and input), or a group's
(all three). A window is an index of the input that an output loop and a filter loop make together.
"""

from dataclasses import dataclass
from math import prod

from onnx2zz.formats.workload_entry import EntryLayer, Relation

MAC_OPERATORS = ("Conv", "Conv_downsample", "Gemm")
SPATIAL = ("OY", "OX", "OZ")
"""Loops that are positions of an image even where no filter slides over them (a filter of 1 x 1)."""


@dataclass(frozen=True)
class Window:
    """Outputs, filter taps, and how far they lie apart in the input (in elements)."""

    outputs: int
    taps: int
    stride: int
    dilation: int

    @property
    def extent(self) -> int:
        """Elements of the input from the first to the last that is read, padding among them."""
        return self.stride * (self.outputs - 1) + self.dilation * (self.taps - 1) + 1


@dataclass(frozen=True)
class Contraction:
    """Sizes by role: MACs are groups x rows x filters x channels x the outputs and taps of each window."""

    groups: int
    rows: int
    filters: int
    channels: int
    windows: tuple[Window, ...]

    @property
    def macs(self) -> int:
        return self.as_product()[0] * prod(self.as_product()[1:])

    def as_product(self) -> tuple[int, int, int, int]:
        """Groups, and the rows, columns and depth of each one's matrix product (im2col)."""
        rows = self.rows * prod(window.outputs for window in self.windows)
        depth = self.channels * prod(window.taps for window in self.windows)
        return self.groups, rows, self.filters, depth


def is_mac_layer(layer: EntryLayer) -> bool:
    return layer.kind in MAC_OPERATORS and layer.combine == "*" and len(layer.inputs) == 2


def contraction(layer: EntryLayer) -> Contraction:
    """The layer by roles. Raises ValueError where a loop has none of them."""
    data, weights = _operands(layer)
    windows = tuple(_window(layer, relation) for relation in layer.relations)
    taken = {loop for relation in layer.relations for loop in (relation.first, relation.second)}
    sizes: dict[str, int] = {"groups": 1, "rows": 1, "filters": 1, "channels": 1}
    slid: list[Window] = []
    for loop, size in layer.loops.items():
        if loop in taken:
            continue
        where = (loop in layer.indices["O"], loop in layer.indices[data], loop in layer.indices[weights])
        if where == (True, True, False) and loop in SPATIAL:
            slid.append(Window(size, 1, 1, 1))
        else:
            sizes[_role(loop, size, where)] *= size
    return Contraction(sizes["groups"], sizes["rows"], sizes["filters"], sizes["channels"], (*windows, *slid))


def _operands(layer: EntryLayer) -> tuple[str, str]:
    """The operand that is slid over, and the other one."""
    first, second = layer.inputs
    return ("I", "W") if {first, second} == {"I", "W"} else (first, second)


def _role(loop: str, size: int, where: tuple[bool, bool, bool]) -> str:
    roles = {
        (True, True, True): "groups",
        (True, True, False): "rows",
        (True, False, True): "filters",
        (False, True, True): "channels",
    }
    if where in roles:
        return roles[where]
    if size == 1:
        return "groups"
    raise ValueError(f"its loop {loop} belongs to no two operands")


def _window(layer: EntryLayer, relation: Relation) -> Window:
    outputs, taps = (relation.first, relation.a), (relation.second, relation.b)
    if outputs[0] not in layer.indices["O"]:
        outputs, taps = taps, outputs
    if outputs[0] not in layer.indices["O"] or taps[0] in layer.indices["O"]:
        raise ValueError(f"its relation {relation} is no window")
    return Window(layer.loops.get(outputs[0], 1), layer.loops.get(taps[0], 1), outputs[1], taps[1])
