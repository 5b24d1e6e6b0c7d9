"""Pools: windows over each channel, and whole-channel reductions.

Source: ONNX operator pages MaxPool, AveragePool, LpPool, GlobalMaxPool, GlobalAveragePool, GlobalLpPool.
"""

import math
from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step, Table
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer, Reduction
from onnx2zz.ops.loops import filter_loops, in_order, output_loops
from onnx2zz.ops.pad import past_pads
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.sliding_window import SlidingWindow, sliding_window
from onnx2zz.ops.tabulated import within_reason


@lowers("MaxPool", how="one Pooling layer")
def max_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, spatial...): the largest element of each window; padding never wins."""
    window = _window(node, graph)
    return (past_pads(replace(pool_layer(node, graph, window, "max"), pad_value=-math.inf), graph),)


@lowers("AveragePool", how="one Pooling layer")
def average_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, spatial...): the sum of each window, divided by the number of elements that count."""
    window = _window(node, graph)
    layer = pool_layer(node, graph, window, "sum")
    steps = divisors(node, graph.shape(node.inputs[0]), graph.shape(node.outputs[0]), window)
    return (past_pads(replace(layer, after=steps), graph),)


def _window(node: Node, graph: Graph) -> SlidingWindow:
    kernel = tuple(node.integers("kernel_shape"))
    return sliding_window(node, kernel, graph.shape(node.inputs[0])[2:], graph.shape(node.outputs[0])[2:])


def pool_layer(node: Node, graph: Graph, window: SlidingWindow, reduce: Reduction) -> Layer:
    """The loop nest of a window reduction of a node's first input."""
    x, out = node.inputs[0], node.outputs[0]
    return windows((x, graph.shape(x)), (out, graph.shape(out)), window, reduce)


Named = tuple[str, tuple[int, ...]]


def windows(x_tensor: Named, out_tensor: Named, window: SlidingWindow, reduce: Reduction) -> Layer:
    """The same for tensors (name, shape) in NCHW; loops B, G, O*, F* as in ZigZag's hand-written workloads."""
    x, out = x_tensor[1], out_tensor[1]
    o_loops, f_loops = output_loops(len(x) - 2), filter_loops(len(x) - 2)
    channels = (along("B", x[0]), along("G", x[1]))
    return Layer(
        operator_type="Pooling",
        loops=in_order(
            (
                ("B", x[0]),
                ("G", x[1]),
                *zip(o_loops, out[2:], strict=True),
                *zip(f_loops, window.kernel, strict=True),
            )
        ),
        output=Access(out_tensor[0], (*channels, *map(along, o_loops, out[2:]))),
        inputs=(Access(x_tensor[0], (*channels, *window.axes(x[2:]))),),
        combine=Step(functions.IDENTITY),
        reduce=reduce,
    )


def divisors(node: Node, x: tuple[int, ...], out_shape: tuple[int, ...], window: SlidingWindow) -> tuple[Step, ...]:
    """One division for each spatial axis: by the number of taps that count at each output position.

    With count_include_pad the declared padding counts; what ceil_mode reaches beyond it never does. Shapes in NCHW.
    """
    extents, out = x[2:], out_shape[2:]
    steps: list[Step] = []
    # The number of taps that count is a product over the axes, so the division is one for each axis by a table, and no
    # table of all positions is needed.
    for i, loop in enumerate(output_loops(len(extents))):
        within_reason(out[i], window.kernel[i], of="elements of windows")
        before, after = window.pads[i] if node.integer("count_include_pad", 0) else (0, 0)
        first = [o * window.strides[i] - window.pads[i][0] for o in range(out[i])]
        taps = range(0, window.kernel[i] * window.dilations[i], window.dilations[i])
        counts = [sum(-before <= f + t < extents[i] + after for t in taps) for f in first]
        steps.append(Step(functions.DIV, Table(loop, tuple(map(float, counts)))))
    return tuple(steps)


@lowers("GlobalAveragePool", how="one Pooling layer over the whole channel")
def global_average_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, spatial...) -> (N, C, 1...): the mean of each channel."""
    elements = math.prod(graph.shape(node.inputs[0])[2:])
    mean = Step(functions.SCALE, parameters=(1.0 / elements,))
    return (replace(global_pool(node, graph, "sum"), after=(mean,)),)


@lowers("GlobalMaxPool", how="one Pooling layer over the whole channel")
def global_max_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, spatial...) -> (N, C, 1...): the largest element of each channel."""
    return (global_pool(node, graph, "max"),)


def global_pool(node: Node, graph: Graph, reduce: Reduction) -> Layer:
    """The loop nest of a reduction over all spatial axes, which the filter loops walk."""
    return whole_channels((node.inputs[0], graph.shape(node.inputs[0])), node.outputs[0], reduce)


def whole_channels(x_tensor: Named, out: str, reduce: Reduction) -> Layer:
    """The same for a tensor (name, shape) in NCHW."""
    x = x_tensor[1]
    f_loops = filter_loops(len(x) - 2)
    channels = (along("B", x[0]), along("G", x[1]))
    return Layer(
        operator_type="Pooling",
        loops=in_order((("B", x[0]), ("G", x[1]), *zip(f_loops, x[2:], strict=True))),
        output=Access(out, (*channels, *(fixed() for _ in f_loops))),
        inputs=(Access(x_tensor[0], (*channels, *map(along, f_loops, x[2:]))),),
        combine=Step(functions.IDENTITY),
        reduce=reduce,
    )


@lowers("LpPool", how="one Pooling layer")
def lp_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, spatial...): the root of the sum of each window's p-th powers."""
    power, root = lp_steps(node.number("p", 2))
    layer = pool_layer(node, graph, _window(node, graph), "sum")
    return (past_pads(replace(layer, combine=power, after=(root,)), graph),)


@lowers("GlobalLpPool", how="one Pooling layer over the whole channel")
def global_lp_pool(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (N, C, spatial...) -> (N, C, 1...): the root of the sum of each channel's p-th powers."""
    power, root = lp_steps(node.number("p", 2))
    return (replace(global_pool(node, graph, "sum"), combine=power, after=(root,)),)


def lp_steps(p: float) -> tuple[Step, Step]:
    """What an Lp norm does to each element, and to their sum."""
    return Step(functions.ABS_POWER, parameters=(p,)), Step(functions.RAISED, parameters=(1.0 / p,))
