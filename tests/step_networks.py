"""Recurrent networks of today, each as a Scan, as a Loop or written out: small, every size another one.

The body is one function of a step's tensors; the three forms differ in nothing but who repeats it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Form = Literal["scan", "loop", "unrolled"]
FORMS: tuple[Form, ...] = ("scan", "loop", "unrolled")
Shape = tuple[int, ...]


@dataclass
class Body:
    """Nodes that are written down one after the other, each output under a name of its own."""

    prefix: str = ""
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])

    def __call__(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        names = [f"{self.prefix}{op.lower()}{len(self.nodes)}_{n}" for n in range(outputs)]
        self.nodes.append(helper.make_node(op, [*inputs], names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names


Step = Callable[[Body, Mapping[str, str]], Mapping[str, str]]
"""From the tensors of a step (states and what comes in, by name) to the states after it, and `y`."""


@dataclass(frozen=True)
class Cell:
    """A recurrence: what comes in at each step, its states and weights, and the multiply-accumulates of one step."""

    name: str
    step: Step
    given: Mapping[str, Shape]
    states: Mapping[str, Shape]
    weights: Mapping[str, Shape]
    y: Shape
    macs: int
    constants: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])


def network(cell: Cell, form: Form, steps: int, ends: bool = True, seed: int = 0) -> onnx.ModelProto:
    """The cell over so many steps, from states of zeros: inputs (steps, ...), output `ys` (steps, ...), and with `ends`
    the states after the last step."""
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(0, shape[-1] ** -0.5, shape) for name, shape in cell.weights.items()}
    stored = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    stored += [numpy_helper.from_array(np.zeros(shape, np.float32), f"{n}0") for n, shape in cell.states.items()]
    stored += [numpy_helper.from_array(value, name) for name, value in cell.constants.items()]
    build = {"scan": _scan, "loop": _loop, "unrolled": _unrolled}[form]
    nodes, more = build(cell, steps)
    stored += [numpy_helper.from_array(value, name) for name, value in more.items()]
    inputs = [_info(name, (steps, *shape)) for name, shape in cell.given.items()]
    outputs = [_info("ys", (steps, *cell.y)), *[_info(f"{n}_last", shape) for n, shape in cell.states.items()]]
    graph = helper.make_graph(nodes, f"{cell.name}_{form}", inputs, outputs[: 1 + ends * len(cell.states)], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


Built = tuple[list[onnx.NodeProto], dict[str, np.ndarray]]


def _scan(cell: Cell, steps: int) -> Built:
    body = Body()
    after = cell.step(body, {name: name for name in (*cell.states, *cell.given)})
    given = [_info(n, s) for n, s in {**cell.states, **cell.given}.items()]
    ends = [_info(after[n], s) for n, s in cell.states.items()] + [_info(after["y"], cell.y)]
    graph = helper.make_graph(body.nodes, "step", given, ends)
    outputs = [f"{name}_last" for name in cell.states] + ["ys"]
    read = [f"{name}0" for name in cell.states] + [*cell.given]
    return [helper.make_node("Scan", read, outputs, "scan", body=graph, num_scan_inputs=len(cell.given))], {}


def _loop(cell: Cell, steps: int) -> Built:
    body = Body()
    parts = {name: body("Gather", f"{name}", "i", axis=0) for name in cell.given}
    after = cell.step(body, {**{name: f"{name}_in" for name in cell.states}, **parts})
    body.nodes.append(helper.make_node("Identity", ["go"], ["goes_on"]))
    given = [_info("i", (), TensorProto.INT64), _info("go", (), TensorProto.BOOL)]
    given += [_info(f"{n}_in", s) for n, s in cell.states.items()]
    ends = [_info("goes_on", (), TensorProto.BOOL), *[_info(after[n], s) for n, s in cell.states.items()]]
    graph = helper.make_graph(body.nodes, "step", given, [*ends, _info(after["y"], cell.y)])
    outputs = [f"{name}_last" for name in cell.states] + ["ys"]
    read = ["steps", "true", *[f"{name}0" for name in cell.states]]
    constants = {"steps": np.array(steps, np.int64), "true": np.array(True)}
    return [helper.make_node("Loop", read, outputs, "loop", body=graph)], constants


def _unrolled(cell: Cell, steps: int) -> Built:
    nodes: list[onnx.NodeProto] = []
    state = {name: f"{name}0" for name in cell.states}
    rows: list[str] = []
    for t in range(steps):
        body = Body(f"t{t}/")
        parts = {name: body("Gather", name, f"at{t}", axis=0) for name in cell.given}
        after = cell.step(body, {**state, **parts})
        state = {name: after[name] for name in cell.states}
        rows.append(body("Unsqueeze", after["y"], "first"))
        nodes += body.nodes
    nodes.append(helper.make_node("Concat", rows, ["ys"], "rows", axis=0))
    nodes += [helper.make_node("Identity", [state[name]], [f"{name}_last"]) for name in cell.states]
    constants = {f"at{t}": np.array(t, np.int64) for t in range(steps)}
    return nodes, constants | {"first": np.array([0], np.int64)}


def _info(name: str, shape: Shape, element: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def mamba(inner: int = 6, state: int = 5, rank: int = 3, width: int = 4) -> Cell:
    """A selective state space with everything in the body: projections, discretisation, update, read-out, gate."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        u, z = op("Split", op("MatMul", of["x"], "in_proj"), outputs=2, axis=1)
        u = op("Mul", u, op("Sigmoid", u))
        dt, b, c = op("Split", op("MatMul", u, "x_proj"), "parts", outputs=3, axis=1)
        dt = op("Transpose", op("Softplus", op("Gemm", dt, "dt_proj", "dt_bias")), perm=[1, 0])
        kept = op("Mul", op("Exp", op("Mul", dt, op("Neg", op("Exp", "a_log")))), of["h"])
        h = op("Add", kept, op("Mul", op("Mul", dt, b), op("Transpose", u, perm=[1, 0])))
        y = op("Transpose", op("MatMul", h, op("Transpose", c, perm=[1, 0])), perm=[1, 0])
        y = op("Mul", op("Add", y, op("Mul", u, "d")), op("Mul", z, op("Sigmoid", z)))
        return {"h": h, "y": op("MatMul", y, "out_proj")}

    weights = {"in_proj": (width, 2 * inner), "x_proj": (inner, rank + 2 * state), "dt_proj": (rank, inner)}
    weights |= {"dt_bias": (inner,), "a_log": (inner, state), "d": (1, inner), "out_proj": (inner, width)}
    macs = width * 2 * inner + inner * (rank + 2 * state) + rank * inner + inner * state + inner * width
    parts = {"parts": np.array([rank, state, state], np.int64)}
    return Cell("mamba", step, {"x": (1, width)}, {"h": (inner, state)}, weights, (1, width), macs, parts)


def rwkv4(batch: int = 2, width: int = 5) -> Cell:
    """RWKV-4's time mixing: a token shift, and the running softmax of its WKV with the largest exponent so far."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        def mixed(name: str) -> str:
            share = op("Mul", of["x"], f"mix_{name}")
            other = op("Mul", of["before"], op("Sub", "one", f"mix_{name}"))
            return op("MatMul", op("Add", share, other), f"w_{name}")

        r, k, v = op("Sigmoid", mixed("r")), mixed("k"), mixed("v")
        now = op("Add", k, "bonus")
        top = op("Max", of["pp"], now)
        e1, e2 = op("Exp", op("Sub", of["pp"], top)), op("Exp", op("Sub", now, top))
        above = op("Add", op("Mul", e1, of["aa"]), op("Mul", e2, v))
        below = op("Add", op("Mul", e1, of["bb"]), e2)
        out = op("MatMul", op("Mul", r, op("Div", above, below)), "w_o")
        faded = op("Add", of["pp"], "decay")
        top = op("Max", faded, k)
        e1, e2 = op("Exp", op("Sub", faded, top)), op("Exp", op("Sub", k, top))
        aa = op("Add", op("Mul", e1, of["aa"]), op("Mul", e2, v))
        bb = op("Add", op("Mul", e1, of["bb"]), e2)
        return {"before": op("Identity", of["x"]), "aa": aa, "bb": bb, "pp": top, "y": out}

    vectors = {f"mix_{name}": (width,) for name in "rkv"} | {"bonus": (width,), "decay": (width,)}
    weights = vectors | {f"w_{name}": (width, width) for name in "rkvo"}
    states: dict[str, Shape] = dict.fromkeys(("before", "aa", "bb", "pp"), (batch, width))
    one = {"one": np.ones(1, np.float32)}
    return Cell("rwkv4", step, {"x": (batch, width)}, states, weights, (batch, width), 4 * batch * width * width, one)


def rwkv6(heads: int = 2, size: int = 3, width: int = 5) -> Cell:
    """RWKV-5 and 6: a matrix for each head decays and takes in the outer product of key and value."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        def head(name: str, shape: str) -> str:
            return op("Reshape", op("MatMul", of["x"], f"w_{name}"), shape)

        r, k, v = head("r", "rows"), head("k", "columns"), head("v", "rows")
        pair = op("MatMul", k, v)
        y = op("MatMul", r, op("Add", of["s"], op("Mul", "bonus", pair)))
        s = op("Add", op("Mul", of["s"], op("Exp", op("Neg", op("Exp", head("d", "columns"))))), pair)
        return {"s": s, "y": op("MatMul", op("Reshape", y, "flat"), "w_o")}

    inner = heads * size
    weights = {f"w_{name}": (width, inner) for name in "rkvd"} | {"w_o": (inner, width), "bonus": (heads, size, 1)}
    macs = 4 * width * inner + heads * size * size * 2 + inner * width
    shapes = {"rows": [heads, 1, size], "columns": [heads, size, 1], "flat": [1, inner]}
    constants = {name: np.array(shape, np.int64) for name, shape in shapes.items()}
    return Cell("rwkv6", step, {"x": (1, width)}, {"s": (heads, size, size)}, weights, (1, width), macs, constants)


def lif(batch: int = 2, inputs: int = 5, hidden: int = 7, outputs: int = 3) -> Cell:
    """Two layers of leaky neurons as snnTorch writes them: fade, integrate, compare, reset by subtraction."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        def neuron(current: str, potential: str) -> tuple[str, str]:
            reset = op("Cast", op("Greater", potential, "threshold"), to=TensorProto.FLOAT)
            potential = op("Add", op("Mul", "beta", potential), current)
            potential = op("Sub", potential, op("Mul", reset, "threshold"))
            return op("Cast", op("Greater", potential, "threshold"), to=TensorProto.FLOAT), potential

        spikes, first = neuron(op("Gemm", of["x"], "w1", "b1", transB=1), of["m1"])
        spikes, second = neuron(op("Gemm", spikes, "w2", "b2", transB=1), of["m2"])
        return {"m1": first, "m2": second, "y": spikes}

    weights = {"w1": (hidden, inputs), "b1": (hidden,), "w2": (outputs, hidden), "b2": (outputs,)}
    numbers = {"beta": np.array(0.9, np.float32), "threshold": np.array(0.25, np.float32)}
    macs = batch * (inputs * hidden + hidden * outputs)
    states = {"m1": (batch, hidden), "m2": (batch, outputs)}
    return Cell("lif", step, {"x": (batch, inputs)}, states, weights, (batch, outputs), macs, numbers)


def conv_lif(channels: int = 3, filters: int = 4, size: int = 6, classes: int = 5) -> Cell:
    """A spiking convolution, pooled, and a leaky read-out."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        current = op("Conv", of["x"], "w", "b", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        potential = op("Add", op("Mul", of["m"], "beta"), current)
        spikes = op("Cast", op("Greater", potential, "threshold"), to=TensorProto.FLOAT)
        kept = op("Mul", potential, op("Sub", "one", spikes))
        pooled = op("MaxPool", spikes, kernel_shape=[2, 2], strides=[2, 2])
        out = op("Add", op("Mul", of["v"], "beta"), op("Gemm", op("Flatten", pooled), "fc"))
        return {"m": kept, "v": out, "y": out}

    weights = {"w": (filters, channels, 3, 3), "b": (filters,), "fc": (filters * (size // 2) ** 2, classes)}
    numbers = {"beta": np.array(0.8, np.float32), "threshold": np.array(0.2, np.float32)}
    macs = filters * size * size * channels * 9 + filters * (size // 2) ** 2 * classes
    states = {"m": (1, filters, size, size), "v": (1, classes)}
    ones = {"one": np.array(1.0, np.float32)}
    return Cell("conv_lif", step, {"x": (1, channels, size, size)}, states, weights, (1, classes), macs, numbers | ones)


def lstm(batch: int = 2, inputs: int = 3, hidden: int = 4) -> Cell:
    """An LSTM that is written out: one product for all gates of input and state together, split."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        both = op("Concat", of["x"], of["h"], axis=1)
        i, f, g, o = op("Split", op("Gemm", both, "w", "b"), outputs=4, axis=1)
        kept = op("Mul", op("Sigmoid", f), of["c"])
        c = op("Add", kept, op("Mul", op("Sigmoid", i), op("Tanh", g)))
        h = op("Mul", op("Sigmoid", o), op("Tanh", c))
        return {"h": h, "c": c, "y": h}

    weights = {"w": (inputs + hidden, 4 * hidden), "b": (4 * hidden,)}
    states = {"h": (batch, hidden), "c": (batch, hidden)}
    macs = batch * (inputs + hidden) * 4 * hidden
    return Cell("lstm", step, {"x": (batch, inputs)}, states, weights, (batch, hidden), macs)


def conv_rnn(channels: int = 3, filters: int = 4, size: int = 5) -> Cell:
    """A recurrence of convolutions: input and state, each with its border."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        there = op("Conv", of["x"], "w", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        back = op("Conv", of["h"], "r", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        h = op("Tanh", op("Add", there, back))
        return {"h": h, "y": h}

    weights = {"w": (filters, channels, 3, 3), "r": (filters, filters, 3, 3)}
    macs = size * size * filters * 9 * (channels + filters)
    shape = (1, filters, size, size)
    return Cell("conv_rnn", step, {"x": (1, channels, size, size)}, {"h": shape}, weights, shape, macs)


def shift_register(width: int = 5) -> Cell:
    """A causal convolution that keeps its last inputs as states, one handed on to the next."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        taps = [op("Mul", of[name], f"w{n}") for n, name in enumerate(("x", "one_ago", "two_ago"))]
        y = op("MatMul", op("Sum", *taps), "w")
        return {"one_ago": op("Identity", of["x"]), "two_ago": op("Identity", of["one_ago"]), "y": y}

    weights = {f"w{n}": (width,) for n in range(3)} | {"w": (width, 4)}
    states = {"one_ago": (2, width), "two_ago": (2, width)}
    return Cell("shift_register", step, {"x": (2, width)}, states, weights, (2, 4), 2 * width * 4)


def delta_net(heads: int = 2, keys: int = 3, values: int = 5, width: int = 7) -> Cell:
    """A fast-weight memory with the delta rule: what the key finds in it is taken back before the value goes in."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        def head(name: str, shape: str) -> str:
            return op("Reshape", op("MatMul", of["x"], f"w_{name}"), shape)

        q, k, v, rate = head("q", "keys"), head("k", "keys"), head("v", "values"), op("Sigmoid", head("b", "ones"))
        k = op("Div", k, op("Sqrt", op("ReduceSum", op("Mul", k, k), "last", keepdims=1)))
        change = op("Mul", rate, op("Sub", v, op("MatMul", k, of["s"])))
        s = op("Add", of["s"], op("MatMul", op("Transpose", k, perm=[0, 2, 1]), change))
        return {"s": s, "y": op("MatMul", op("Reshape", op("MatMul", q, s), "flat"), "w_o")}

    weights = {"w_q": (width, heads * keys), "w_k": (width, heads * keys), "w_v": (width, heads * values)}
    weights |= {"w_b": (width, heads), "w_o": (heads * values, width)}
    shapes = {
        "keys": [heads, 1, keys],
        "values": [heads, 1, values],
        "ones": [heads, 1, 1],
        "flat": [1, heads * values],
    }
    constants = {name: np.array(shape, np.int64) for name, shape in {**shapes, "last": [2]}.items()}
    macs = width * (2 * heads * keys + 2 * heads * values + heads) + 3 * heads * keys * values
    return Cell(
        "delta_net", step, {"x": (1, width)}, {"s": (heads, keys, values)}, weights, (1, width), macs, constants
    )


def adaptive_lif(batch: int = 2, inputs: int = 5, hidden: int = 7, classes: int = 3) -> Cell:
    """Recurrent neurons whose spikes raise their thresholds, chosen by Where, and a leaky read-out."""

    def step(op: Body, of: Mapping[str, str]) -> dict[str, str]:
        current = op("Add", op("MatMul", of["x"], "w"), op("MatMul", of["s"], "r"))
        raised = op("Add", op("Mul", "fade", of["a"]), of["s"])
        threshold = op("Add", "least", op("Mul", "rise", raised))
        above = op("Greater", of["m"], threshold)
        m = op("Where", above, op("Sub", of["m"], threshold), op("Add", op("Mul", "leak", of["m"]), current))
        s = op("Cast", op("GreaterOrEqual", m, threshold), to=TensorProto.FLOAT)
        o = op("Add", op("Mul", of["o"], "leak"), op("MatMul", s, "w_o"))
        return {"m": m, "a": raised, "s": s, "o": o, "y": op("Softmax", o, axis=1)}

    states = {"m": (batch, hidden), "a": (batch, hidden), "s": (batch, hidden), "o": (batch, classes)}
    weights = {"w": (inputs, hidden), "r": (hidden, hidden), "w_o": (hidden, classes)}
    numbers = {"fade": 0.9, "least": 0.1, "rise": 0.2, "leak": 0.8}
    constants = {name: np.array(number, np.float32) for name, number in numbers.items()}
    macs = batch * (inputs * hidden + hidden * hidden + hidden * classes)
    return Cell("adaptive_lif", step, {"x": (batch, inputs)}, states, weights, (batch, classes), macs, constants)


CELLS: Sequence[Callable[[], Cell]] = (
    mamba, rwkv4, rwkv6, lif, conv_lif, lstm, conv_rnn, shift_register, delta_net, adaptive_lif,
)  # fmt: skip
