"""Small ONNX models, drawn: a producer, what lies between, and readers, nothing square and nothing alike."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import lcm, prod

import numpy as np
import onnx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from onnx2zz.compiler import Compiled, compile_model
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, model_of

Shape = tuple[int, ...]
MOST_ELEMENTS = 1500


@dataclass
class Sketch:
    """Nodes so far; every tensor has a shape."""

    draw: st.DrawFn
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])
    constants: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    inputs: list[str] = field(default_factory=list[str])
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(17))

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def one_of(self, *choices: int) -> int:
        return self.draw(st.sampled_from(choices))

    def input(self, *shape: int) -> str:
        name = f"x{len(self.inputs)}"
        self.inputs.append(name)
        self.shapes[name] = shape
        return name

    def constant(self, *shape: int) -> str:
        name = f"w{len(self.constants)}"
        self.constants[name] = distinct(self.rng, *shape)
        return name

    def integers(self, *values: int) -> str:
        name = f"w{len(self.constants)}"
        self.constants[name] = np.array(values, np.int64)
        return name

    def add(self, op: str, *operands: str, **attributes: Attribute) -> str:
        """A node of one output, whose shape ONNX infers."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(make_node(op, list(operands), [name], name, **attributes))
        self.shapes[name] = self._inferred(name)
        return name

    def _inferred(self, name: str) -> Shape:
        inferred = onnx.shape_inference.infer_shapes(self.model([name]), data_prop=True)
        (output,) = inferred.graph.output
        return tuple(dim.dim_value for dim in output.type.tensor_type.shape.dim)

    def model(self, outputs: list[str]) -> onnx.ModelProto:
        given = {name: np.zeros(self.shapes[name], np.float32) for name in self.inputs}
        return model_of(self.nodes, given, self.constants, outputs)

    # what a network has

    def image(self) -> str:
        return self.input(self.one_of(1, 1, 2), self.one_of(2, 3, 4, 6), self.integer(4, 7), self.integer(5, 9))

    def conv(self, x: str, filters: int | None = None) -> str:
        """Windows of any stride, dilation and padding that leave at least one output."""
        channels, *space = self.shapes[x][1:]
        group = self.draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
        filters = filters or group * self.integer(1, max(1, 6 // group))
        group = group if filters % group == 0 else 1
        kernel = [self.integer(1, min(3, extent)) for extent in space]
        weights = self.constant(filters, channels // group, *kernel)
        return self.add("Conv", x, weights, group=group, **self._windows(kernel, space))

    def _windows(self, kernel: list[int], space: list[int]) -> dict[str, Attribute]:
        fits = all(2 * (k - 1) < extent for k, extent in zip(kernel, space, strict=True))
        return {
            "strides": [self.one_of(1, 1, 2, 3) for _ in kernel],
            "dilations": [self.one_of(1, 1, 2) if fits else 1 for _ in kernel],
            "pads": [self.integer(0, k - 1) for k in (*kernel, *kernel)],
        }

    def plain_conv(self, x: str, filters: int | None = None) -> str:
        """A convolution whose output has the rows and columns of its input."""
        channels = self.shapes[x][1]
        rows, columns = self.one_of(1, 3), self.one_of(1, 3)
        weights = self.constant(filters or self.one_of(2, 3, 4, 5), channels, rows, columns)
        return self.add("Conv", x, weights, pads=[rows // 2, columns // 2] * 2)

    def strided_1x1(self, x: str) -> str:
        weights = self.constant(self.integer(2, 5), self.shapes[x][1], 1, 1)
        return self.add("Conv", x, weights, strides=[2, self.one_of(1, 2, 3)])

    def depthwise(self, x: str) -> str:
        channels, *space = self.shapes[x][1:]
        kernel = [min(3, space[0]), min(2, space[1])]
        weights = self.constant(channels, 1, *kernel)
        return self.add("Conv", x, weights, group=channels, **self._windows(kernel, space))

    def transposed(self, x: str) -> str:
        """A transposed convolution: one layer for each phase of its stride."""
        kernel, filters = [self.integer(1, 3), self.integer(1, 3)], self.integer(2, 4)
        weights = self.constant(self.shapes[x][1], filters, *kernel)
        pads = [self.integer(0, k - 1) for k in (*kernel, *kernel)]
        return self.add("ConvTranspose", x, weights, strides=[self.one_of(1, 2), self.one_of(2, 3)], pads=pads)

    def pool(self, x: str) -> str:
        space = list(self.shapes[x][2:])
        kernel = [self.integer(1, min(3, extent)) for extent in space]
        op = self.draw(st.sampled_from(("MaxPool", "AveragePool")))
        strides = [self.one_of(1, 2, 2, 3) for _ in kernel]
        return self.add(op, x, kernel_shape=kernel, strides=strides, pads=[self.integer(0, k - 1) for k in kernel * 2])

    def sum(self, x: str) -> str:
        """The sum of a tensor and what a convolution makes of it."""
        return self.add("Add", x, self.plain_conv(x, self.shapes[x][1]))

    def product(self, x: str) -> str:
        """A tensor times one factor for each channel, which the run brings."""
        return self.add("Mul", x, self.input(1, self.shapes[x][1], 1, 1))

    def gemm(self, x: str) -> str:
        flat = x if len(self.shapes[x]) == 2 else self.add("Flatten", x)
        return self.add("Gemm", flat, self.constant(self.shapes[flat][1], self.integer(3, 9)))

    def concat(self, x: str) -> str:
        return self.add("Concat", x, self.plain_conv(x), self.plain_conv(x), axis=1)

    def slice(self, x: str) -> str:
        """Some of one axis, now and then every other position only."""
        axis = self.integer(1, 3)
        extent = self.shapes[x][axis]
        start = self.integer(0, max(0, extent - 2))
        end = self.integer(start + 1, extent)
        bounds = [self.integers(n) for n in (start, end, axis, self.one_of(1, 1, 2))]
        return self.add("Slice", x, *bounds)

    def transpose(self, x: str) -> str:
        order = self.draw(st.sampled_from(((0, 1, 3, 2), (0, 2, 1, 3), (0, 3, 2, 1), (0, 2, 3, 1))))
        return self.add("Transpose", x, perm=list(order))


Stage = Callable[[Sketch, str], str]
WORK: dict[str, Stage] = {
    "conv": Sketch.conv,
    "plain conv": Sketch.plain_conv,
    "1x1 in strides": Sketch.strided_1x1,
    "depthwise": Sketch.depthwise,
    "transposed": Sketch.transposed,
    "pool": Sketch.pool,
    "sum": Sketch.sum,
    "product": Sketch.product,
    "gemm": Sketch.gemm,
}
"""What becomes layers."""
VIEWS: dict[str, Stage] = {"concat": Sketch.concat, "slice": Sketch.slice, "transpose": Sketch.transpose}
"""What lies between layers, and moves nothing itself."""
FLAT = frozenset(("gemm",))


@dataclass(frozen=True)
class Drawn:
    """A model, compiled."""

    model: onnx.ModelProto
    compiled: Compiled


def fits(sketch: Sketch, name: str) -> bool:
    """Whether a tensor is one to go on with: it has elements, and not too many."""
    return 0 < prod(sketch.shapes[name]) <= MOST_ELEMENTS


def of_drawn(examples: int) -> settings:
    """Settings of a test that draws so many models, each evaluated in a folder of its own."""
    return settings(max_examples=examples, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def one_layer_models(draw: st.DrawFn, kind: str) -> Drawn:
    """One operator on an image."""
    sketch = Sketch(draw)
    return finished(sketch, [WORK[kind](sketch, sketch.image())])


@st.composite
def regrouped(draw: st.DrawFn) -> Drawn:
    """Two grouped convolutions, whose groups have different sizes."""
    sketch = Sketch(draw)
    first, second = draw(st.sampled_from(((2, 3), (3, 2), (3, 5), (2, 5), (4, 6))))
    channels = lcm(first, second)
    x = sketch.input(1, first, 2, 3)
    made = sketch.add("Conv", x, sketch.constant(channels, 1, 1, 2), group=first)
    weights = sketch.constant(second * sketch.integer(1, 2), channels // second, 2, 1)
    return finished(sketch, [sketch.add("Conv", made, weights, group=second)])


@st.composite
def chains(draw: st.DrawFn, readers: int = 2, between: bool = True, work: tuple[str, ...] = tuple(WORK)) -> Drawn:
    """A producer, now and then a view, then one or several readers of the same tensor."""
    sketch = Sketch(draw)
    producers = [kind for kind in work if kind not in FLAT]
    made = WORK[draw(st.sampled_from(producers))](sketch, sketch.image())
    if draw(st.booleans()):
        made = sketch.add("Relu", made)
    read = made
    if between and fits(sketch, made) and draw(st.booleans()):
        read = VIEWS[draw(st.sampled_from(sorted(VIEWS)))](sketch, made)
    outputs = [made] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, readers))):
        if fits(sketch, read):
            outputs.append(WORK[draw(st.sampled_from(work))](sketch, read))
    return finished(sketch, list(dict.fromkeys(outputs)) or [read])


def finished(sketch: Sketch, outputs: list[str]) -> Drawn:
    model = sketch.model(outputs)
    return Drawn(model, compile_model(model, name="drawn"))
