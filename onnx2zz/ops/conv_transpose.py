"""ConvTranspose: one Conv layer for each sub-pixel phase of its stride.

Output element o takes the filter taps f with stride * i + dilation * f - pad = o for some input element i. So all
elements o = stride * q + phase share their taps, a stride's worth apart, and form a convolution of stride 1 over q
whose filter is that part of the weights, backwards.

Source: ONNX operator page ConvTranspose (output_shape, output_padding, auto_pad); the phases are those of sub-pixel
convolution, https://arxiv.org/abs/1609.07009.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along, split, window
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.conv import channel_bias
from onnx2zz.ops.elementwise import elementwise
from onnx2zz.ops.loops import filter_loops, output_loops, tensor_loops
from onnx2zz.ops.movement import whole
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.tabulated import within_reason

MOST_PHASES = 1 << 14
"""Each is a layer; strides of 16 along three axes make 4,096."""


@dataclass(frozen=True)
class Phase:
    """The output elements `stride * q + offset` of one axis (q < positions) and the taps that reach them.

    Tap j of `taps` is the weights' element `last - step * j`, and reads input element `q + spread * j + start`.
    """

    offset: int
    stride: int
    positions: int
    taps: int
    last: int
    step: int
    spread: int
    start: int


@lowers("ConvTranspose", how="one Conv layer for each sub-pixel phase, prod(strides) of them")
def conv_transpose(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, spatial...), w (C, K/group, kernel...) -> (N, K, spatial...)."""
    each_axis = [phases_of_axis(node, graph, axis) for axis in range(len(graph.shape(node.inputs[0])) - 2)]
    count = math.prod(map(len, each_axis))
    if count > MOST_PHASES:
        raise ValueError(f"its strides cut it into {count:,} layers, more than {MOST_PHASES:,}")
    layers = [_phase_layer(node, graph, combined) for combined in product(*each_axis)]
    return _with_bias(_with_useful_macs(layers, node, graph), node, graph)


def phases_of_axis(node: Node, graph: Graph, axis: int) -> tuple[Phase, ...]:
    """The phases of one spatial axis of a ConvTranspose."""
    rank = len(graph.shape(node.inputs[0])) - 2
    stride = (node.integers("strides") or [1] * rank)[axis]
    dilation = (node.integers("dilations") or [1] * rank)[axis]
    kernel, out = graph.shape(node.inputs[1])[2 + axis], graph.shape(node.outputs[0])[2 + axis]
    pad = pad_begin(node, graph, axis, stride, dilation)
    return phases(stride, dilation, kernel, out, pad)


def phases(stride: int, dilation: int, kernel: int, out: int, pad: int) -> tuple[Phase, ...]:
    """The phases of an axis of `out` elements, `pad` of which are cut off before the first."""
    within_reason(min(stride, out), kernel, of="elements of phases")
    return tuple(_phase(offset, stride, dilation, kernel, out, pad) for offset in range(min(stride, out)))


def _phase(offset: int, stride: int, dilation: int, kernel: int, out: int, pad: int) -> Phase:
    # Output element o gets input i through tap f where o + pad = i * stride + f * dilation. So the remainder by the
    # stride decides which taps reach an element: all elements of one remainder are a plain convolution of their own,
    # without the zeros that a transposed convolution is often padded with.
    reaching = [f for f in range(kernel) if (offset + pad - dilation * f) % stride == 0]
    common = math.gcd(stride, dilation)
    last = reaching[-1] if reaching else 0
    return Phase(
        offset=offset,
        stride=stride,
        positions=-(-(out - offset) // stride),
        taps=len(reaching),
        last=last,
        step=stride // common,
        spread=dilation // common,
        start=(offset + pad - dilation * last) // stride,
    )


def pad_begin(node: Node, graph: Graph, axis: int, stride: int, dilation: int) -> int:
    """The output elements cut off at the beginning of an axis."""
    rank = len(graph.shape(node.inputs[0])) - 2
    automatic = node.text("auto_pad", "NOTSET")
    if "output_shape" not in node.protos and automatic == "VALID":
        return 0
    if "output_shape" not in node.protos and automatic == "NOTSET":
        return (node.integers("pads") or [0] * rank)[axis]
    # What is cut off in all follows from the sizes. The odd element goes to the end for SAME_UPPER and to the beginning
    # otherwise, also where output_shape is given without auto_pad, as onnxruntime has it.
    extent, out = graph.shape(node.inputs[0])[2 + axis], graph.shape(node.outputs[0])[2 + axis]
    reach = (graph.shape(node.inputs[1])[2 + axis] - 1) * dilation + 1
    extra = (node.integers("output_padding") or [0] * rank)[axis]
    total = max(0, (extent - 1) * stride + extra + reach - out)
    return total // 2 if automatic == "SAME_UPPER" else total - total // 2


def _phase_layer(node: Node, graph: Graph, combined: Sequence[Phase]) -> Layer:
    """The convolution that writes one phase of every axis. Without a tap it has no operations: a fill with zeros."""
    x, w, out = node.inputs[0], node.inputs[1], node.outputs[0]
    x_shape, w_shape, out_shape = graph.shape(x), graph.shape(w), graph.shape(out)
    group = node.integer("group", 1)
    rank = len(combined)
    o_loops, f_loops = output_loops(rank), filter_loops(rank)
    channels = split((("G", group), ("C", w_shape[0] // group)), w_shape[0])
    spatial = tuple(zip(combined, o_loops, f_loops, range(2, rank + 2), strict=True))
    x_axes = (window(o, f, x_shape[i], dilation=p.spread, pad=-p.start) for p, o, f, i in spatial)
    w_axes = (along(f, w_shape[i], p.last, -p.step) for p, _, f, i in spatial)
    out_axes = (along(o, out_shape[i], p.offset, p.stride) for p, o, _, i in spatial)
    return Layer(
        operator_type="Conv",
        loops=(
            ("B", x_shape[0]),
            ("K", w_shape[1]),
            ("G", group),
            *((o, p.positions) for p, o, _, _ in reversed(spatial)),
            ("C", w_shape[0] // group),
            *((f, p.taps) for p, _, f, _ in reversed(spatial)),
        ),
        output=Access(out, (along("B", x_shape[0]), split((("G", group), ("K", w_shape[1])), out_shape[1]), *out_axes)),
        inputs=(
            Access(x, (along("B", x_shape[0]), channels, *x_axes)),
            Access(w, (channels, along("K", w_shape[1]), *w_axes)),
        ),
        combine=Step(functions.MUL),
        reduce="sum",
    )


def _with_useful_macs(layers: Sequence[Layer], node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Notes each phase's share of input elements x weights per input channel: what no border or crop adds or hides.

    Phases beyond a short output have no layer; the first layer carries their share.
    """
    x, w = graph.shape(node.inputs[0]), graph.shape(node.inputs[1])
    inner = filter_loops(len(x) - 2)
    taps = [math.prod(size for loop, size in layer.loops if loop in inner) for layer in layers]
    shares = [math.prod(x) * w[1] * count for count in taps]
    first = next((i for i, share in enumerate(shares) if share), 0)
    shares[first] += math.prod(x) * math.prod(w[1:]) - sum(shares)
    return tuple(replace(layer, macs_useful=share) for layer, share in zip(layers, shares, strict=True))


def _with_bias(layers: tuple[Layer, ...], node: Node, graph: Graph) -> tuple[Layer, ...]:
    """A constant bias rides on every phase; a variable one is added to the whole output."""
    name, out = node.input(2), node.outputs[0]
    if not name:
        return layers
    if name in graph.static:
        biases = (channel_bias(layer, name) for layer in layers)
        return tuple(with_steps(layer, Step(functions.ADD, bias)) for layer, bias in zip(layers, biases, strict=True))
    shape = graph.shape(out)
    partial = f"{out}/product"
    products = (replace(layer, output=replace(layer.output, tensor=partial)) for layer in layers)
    vector = Access(name, (along(tensor_loops(len(shape))[1], shape[1]),))
    return (
        *products,
        elementwise(out, shape, (replace(whole(graph, out), tensor=partial), vector), Step(functions.ADD)),
    )
