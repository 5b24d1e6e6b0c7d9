"""Strides, dilations and pads of the window operators (Conv, the pools), with ONNX's defaults filled in.

Source: ONNX operator pages Conv, MaxPool, AveragePool (auto_pad, ceil_mode).
"""

from dataclasses import dataclass

from onnx2zz.frontend.graph import Node
from onnx2zz.ir.axis import Axis, window
from onnx2zz.ops.loops import filter_loops, output_loops


@dataclass(frozen=True)
class SlidingWindow:
    """One entry per spatial axis, in ONNX's order. `pads` holds (begin, end)."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]

    def axes(self, extents: tuple[int, ...]) -> tuple[Axis, ...]:
        """How the window's loops walk the spatial axes of its input."""
        rank = len(extents)
        return tuple(
            window(o, f, extent, stride, dilation, pad[0])
            for o, f, extent, stride, dilation, pad in zip(
                output_loops(rank), filter_loops(rank), extents, self.strides, self.dilations, self.pads, strict=True
            )
        )


def sliding_window(
    node: Node, kernel: tuple[int, ...], extents: tuple[int, ...], out: tuple[int, ...]
) -> SlidingWindow:
    """The window of a node, for a kernel over spatial `extents` giving spatial sizes `out`."""
    rank = len(extents)
    if tuple(node.integers("kernel_shape") or kernel) != kernel:
        raise ValueError(f"its kernel is {kernel}, its attribute kernel_shape says otherwise")
    strides = tuple(node.integers("strides") or [1] * rank)
    dilations = tuple(node.integers("dilations") or [1] * rank)
    auto_pad = node.text("auto_pad", "NOTSET")
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        pads = _same_pads(kernel, extents, out, strides, dilations, upper=auto_pad == "SAME_UPPER")
    elif auto_pad == "VALID":
        pads = ((0, 0),) * rank
    else:
        flat = node.integers("pads") or [0] * (2 * rank)
        pads = tuple(zip(flat[:rank], flat[rank:], strict=True))
    return SlidingWindow(kernel, strides, dilations, pads)


def _same_pads(
    kernel: tuple[int, ...],
    extents: tuple[int, ...],
    out: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    upper: bool,
) -> tuple[tuple[int, int], ...]:
    pads: list[tuple[int, int]] = []
    # SAME asks for as many elements as the output's size needs; of an odd number the larger half goes to the end
    # (SAME_UPPER) or to the beginning (SAME_LOWER).
    for k, extent, o, s, d in zip(kernel, extents, out, strides, dilations, strict=True):
        total = max(0, (o - 1) * s + d * (k - 1) + 1 - extent)
        small, large = total // 2, total - total // 2
        pads.append((small, large) if upper else (large, small))
    return tuple(pads)
