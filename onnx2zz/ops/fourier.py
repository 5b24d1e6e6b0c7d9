"""DFT and STFT: sums of elements times known turns of the unit circle, real and imaginary parts apart.

Every element of a frame is read for every frequency; a fast transform does less, in an order of its own. A turn is a
constant, known before the run, so these are weighted windows and no products of tensors.

Source: ONNX operator pages DFT (versions 17, 20) and STFT (17).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step, Table
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.axis import window as sliding
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import elementwise
from onnx2zz.ops.known_values import known_value
from onnx2zz.ops.loops import in_order, tensor_loops
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.tabulated import within_reason

TAP = "FX"
HOW = "for the real and the imaginary part one Pooling layer; of complex input two, and their sum"


@dataclass(frozen=True)
class Spectrum:
    """A transform of `length` points: `rows` results from `taps` elements, which `weights` (taps) multiply."""

    length: int
    rows: int
    taps: int
    inverse: bool
    weights: tuple[float, ...]

    def turns(self, part: int, of: int, loop: str) -> Table:
        """What the real (0) or imaginary (1) part of an element adds to the real or imaginary part of a result."""
        within_reason(self.rows, self.taps, of="turns")
        angle = 2 * np.pi * np.outer(np.arange(self.rows), np.arange(self.taps)) / self.length
        sine = -np.sin(angle) if self.inverse else np.sin(angle)
        values = np.cos(angle) if part == of else (sine if part == 0 else -sine)
        scaled = values * np.asarray(self.weights) / (self.length if self.inverse else 1)
        return Table(loop, tuple(tuple(map(float, row)) for row in scaled), TAP)


@lowers("DFT", how=HOW)
def dft(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """input (..., elements, ..., 1 or 2), dft_length, axis -> output (..., frequencies, ..., 2), or 1 if it is real."""
    x, out = node.inputs[0], node.outputs[0]
    shape, result = graph.shape(x), graph.shape(out)
    given = graph.value(node.input(2))
    axis = int(np.ravel(given)[0]) if given is not None else node.integer("axis", 1 if node.version < 20 else -2)
    axis %= len(shape)
    inverse, onesided = bool(node.integer("inverse", 0)), bool(node.integer("onesided", 0))
    length = _length(node, graph, result[axis] if inverse or not onesided else shape[axis])
    taps = min(shape[axis], length // 2 + 1 if inverse and onesided else length)
    mirrored = inverse and onesided
    # A one-sided inverse reads half of a spectrum whose other half is its mirror image. Each of those frequencies
    # counts twice, except the first and, in an even length, the middle one, which are their own mirror images.
    weights = tuple(1.0 if not mirrored or n in (0, length / 2) else 2.0 for n in range(taps))
    loops = tensor_loops(len(shape) - 1)
    axes = tuple(along(loop, e) for loop, e in zip(loops, shape[:-1], strict=True))
    read = Access(x, (*axes[:axis], along(TAP, shape[axis]), *axes[axis + 1 :]))
    spectrum = Spectrum(length, result[axis], taps, inverse, weights)
    layers = tuple(_layers(graph, out, read, spectrum, loops[axis]))
    if not node.input(2) or given is not None:
        return layers
    return tuple(replace(layer, kind="approximate", why="which axis is known at run time only") for layer in layers)


@lowers("STFT", how=HOW)
def stft(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """signal (batch, samples) or (batch, samples, 1 or 2), frame_step, window, frame_length -> output (batch, frames,
    frequencies, 2)."""
    signal, out = node.inputs[0], node.outputs[0]
    step = known_value(node, graph, 1, "window")
    frequencies = graph.shape(out)[2]
    window = node.input(2)
    length = graph.shape(window)[0] if window else int(np.ravel(known_value(node, graph, 3, "window"))[0])
    batch, frames, rows = tensor_loops(3)
    samples = sliding(frames, TAP, graph.shape(signal)[1], int(np.ravel(step)[0]))
    read = Access(signal, (along(batch, graph.shape(signal)[0]), samples))
    if window:
        read = replace(read, prepare=(Step(functions.MUL, Access(window, (along(TAP, length),))),))
    return tuple(_layers(graph, out, read, Spectrum(length, frequencies, length, False, (1.0,) * length), rows))


def _length(node: Node, graph: Graph, default: int) -> int:
    given = graph.value(node.input(1))
    return default if given is None else int(np.ravel(given)[0])


def _layers(graph: Graph, out: str, read: Access, spectrum: Spectrum, rows: str) -> Iterator[Layer]:
    """The layers of both parts of the result; `read` lacks the axis of the element's parts."""
    shape = graph.shape(out)
    # A real signal may come without that axis, too: ONNX Runtime takes it, and exporters write it.
    inner = graph.shape(read.tensor)[len(read.axes) :]
    parts = inner[0] if inner else 1
    loops = tuple(zip(tensor_loops(len(shape) - 1), shape[:-1], strict=True))
    results = tuple(along(loop, size) for loop, size in loops)
    for part in range(shape[-1]):
        final = Access(out, (*results, fixed(shape[-1], part)))
        names = [f"{out}/{part}{of}" for of in range(parts)]
        targets = [Access(name, results) for name in names] if parts > 1 else [final]
        for of, target in enumerate(targets):
            yield Layer(
                operator_type="Pooling",
                loops=in_order((*loops, (TAP, spectrum.taps))),
                output=target,
                inputs=(replace(read, axes=(*read.axes, *(fixed(size, of) for size in inner))),),
                combine=Step(functions.MUL, spectrum.turns(part, of, rows)),
                reduce="sum",
            )
        if parts > 1:
            yield replace(elementwise(out, shape[:-1], tuple(targets), Step(functions.ADD)), output=final)
