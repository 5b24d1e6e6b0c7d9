"""Mixtures of experts in the ways that exporters and people write them, and their multiply-accumulates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.nodes import Attribute, make_node
from tests.oracle import distinct

TOKENS, WIDTH, EXPERTS, TOP, INNER = 11, 24, 5, 2, 40
ROUTER = TOKENS * WIDTH * EXPERTS
EACH = 3 * WIDTH * INNER
OPSET = 18


@dataclass
class Builder:
    """Nodes, one after the other; `first` keeps the names of a body apart from those around it."""

    first: int = 0
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    constants: list[onnx.TensorProto] = field(default_factory=list[onnx.TensorProto])

    def number(self, value: Sequence[object] | float | np.ndarray, dtype: type[np.generic] = np.int64) -> str:
        """A constant."""
        name = f"c{self.first + len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def weight(self, *shape: int) -> str:
        return self.number(distinct(np.random.default_rng(5), *shape), np.float32)

    def all(self, op: str, inputs: Sequence[str], outputs: int, **attributes: Attribute) -> list[str]:
        name = f"n{self.first + len(self.nodes)}"
        made = [f"{name}.{index}" for index in range(outputs)]
        self.nodes.append(make_node(op, inputs, made, name, **attributes))
        return made

    def one(self, op: str, *inputs: str, **attributes: Attribute) -> str:
        return self.all(op, inputs, 1, **attributes)[0]

    def body(self, name: str, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[str]) -> onnx.GraphProto:
        results = [helper.make_empty_tensor_value_info(output) for output in outputs]
        return helper.make_graph(self.nodes, name, list(inputs), results, self.constants)

    def model(self, result: str) -> onnx.ModelProto:
        """The model that adds x (TOKENS, WIDTH) to its result."""
        total = self.one("Add", result, "x")
        infos = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [TOKENS, WIDTH])]
        graph = helper.make_graph(
            self.nodes, "mixture", infos, [helper.make_empty_tensor_value_info(total)], self.constants
        )
        imports = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=9)

    def chosen(self, experts: int = EXPERTS, top: int = TOP) -> tuple[str, str]:
        """Weights and numbers of the experts of each token."""
        scores = self.one("Softmax", self.one("MatMul", "x", self.weight(WIDTH, experts)), axis=-1)
        weights, numbers = self.all("TopK", [scores, self.number([top])], 2, axis=-1)
        return weights, numbers

    def zeros(self, *shape: int) -> str:
        return self.number(np.zeros(shape or (TOKENS, WIDTH)), np.float32)

    def expert(self, rows: str) -> str:
        gate, up = (self.one("MatMul", rows, self.weight(WIDTH, INNER)) for _ in range(2))
        swish = self.one("Mul", gate, self.one("Sigmoid", gate))
        return self.one("MatMul", self.one("Mul", swish, up), self.weight(INNER, WIDTH))

    def sent(self, total: str, tokens: str, rank: str = "", weights: str = "") -> str:
        """`total` with an expert's results added at its tokens."""
        found = self.expert(self.one("Gather", "x", tokens, axis=0))
        column = self.one("Unsqueeze", tokens, self.number([1]))
        if rank:
            at = self.one("Concat", column, self.one("Unsqueeze", rank, self.number([1])), axis=1)
            share = self.one("Unsqueeze", self.one("GatherND", weights, at), self.number([1]))
            found = self.one("Mul", found, share)
        return self.one("ScatterND", total, column, found, reduction="add")


def by_number() -> onnx.ModelProto:
    """Where each expert's number stands among the choices."""
    b = Builder()
    weights, numbers = b.chosen()
    total = b.zeros()
    for expert in range(EXPERTS):
        found = b.one("NonZero", b.one("Equal", numbers, b.number(expert)))
        tokens, rank = (b.one("Squeeze", part, b.number([0])) for part in b.all("Split", [found], 2, num_outputs=2))
        total = b.sent(total, tokens, rank, weights)
    return b.model(total)


def by_any() -> onnx.ModelProto:
    """A mask for each expert and token, added with ScatterElements."""
    b = Builder()
    _, numbers = b.chosen()
    total = b.zeros()
    for expert in range(EXPERTS):
        same = b.one("Cast", b.one("Equal", numbers, b.number([[expert]])), to=TensorProto.INT32)
        mask = b.one("Cast", b.one("ReduceMax", same, b.number([1]), keepdims=0), to=TensorProto.BOOL)
        tokens = b.one("Squeeze", b.one("NonZero", mask), b.number([0]))
        found = b.expert(b.one("Gather", "x", tokens, axis=0))
        rows = b.one("Expand", b.one("Unsqueeze", tokens, b.number([1])), b.one("Shape", found))
        total = b.one("ScatterElements", total, rows, found, axis=0, reduction="add")
    return b.model(total)


def by_one_hot() -> onnx.ModelProto:
    """transformers' expert_mask: (experts, top, tokens)."""
    b = Builder()
    weights, numbers = b.chosen()
    hot = b.one("OneHot", numbers, b.number(EXPERTS), b.number([0, 1]), axis=-1)
    mask, total = b.one("Transpose", hot, perm=[2, 1, 0]), b.zeros()
    for expert in range(EXPERTS):
        found = b.one("NonZero", b.one("Gather", mask, b.number(expert), axis=0))
        rank, tokens = (b.one("Gather", found, b.number(row), axis=0) for row in (0, 1))
        total = b.sent(total, tokens, rank, weights)
    return b.model(total)


def by_scattered_weights() -> onnx.ModelProto:
    """Weights scattered to all experts; a column of each that is above zero."""
    b = Builder()
    weights, numbers = b.chosen()
    spread = b.one("ScatterElements", b.zeros(TOKENS, EXPERTS), numbers, weights, axis=1)
    total = b.zeros()
    for expert in range(EXPERTS):
        column = b.one("Slice", spread, b.number([expert]), b.number([expert + 1]), b.number([1]))
        flat = b.one("Reshape", column, b.number([-1]))
        found = b.one("NonZero", b.one("Greater", flat, b.number(0, np.float32)))
        total = b.sent(total, b.one("Reshape", found, b.number([-1])))
    return b.model(total)


def by_not_zero() -> onnx.ModelProto:
    """The same transposed and split, everywhere but where it is zero."""
    b = Builder()
    weights, numbers = b.chosen()
    spread = b.one("ScatterElements", b.zeros(TOKENS, EXPERTS), numbers, weights, axis=1)
    zero = b.one("Equal", b.one("Transpose", spread, perm=[1, 0]), b.number(0, np.float32))
    total = b.zeros()
    for row in b.all("Split", [b.one("Not", zero)], EXPERTS, axis=0, num_outputs=EXPERTS):
        total = b.sent(total, b.one("Gather", b.one("NonZero", row), b.number(1), axis=0))
    return b.model(total)


def by_all_numbers() -> onnx.ModelProto:
    """The choices compared with all numbers at once: (experts, tokens, top)."""
    b = Builder()
    _, numbers = b.chosen()
    every = b.number(np.arange(EXPERTS).reshape(EXPERTS, 1, 1))
    same = b.one("Cast", b.one("Equal", b.one("Unsqueeze", numbers, b.number([0])), every), to=TensorProto.FLOAT)
    mask, total = b.one("ReduceSum", same, b.number([-1]), keepdims=0), b.zeros()
    for expert in range(EXPERTS):
        row = b.one("Slice", mask, b.number([expert]), b.number([expert + 1]), b.number([0]))
        found = b.one("NonZero", b.one("Squeeze", row, b.number([0])))
        total = b.sent(total, b.one("Squeeze", found, b.number([0])))
    return b.model(total)


def by_argmax() -> onnx.ModelProto:
    """One expert a token (Switch)."""
    b = Builder()
    numbers = b.one("ArgMax", b.one("MatMul", "x", b.weight(WIDTH, EXPERTS)), axis=1, keepdims=0)
    total = b.zeros()
    for expert in range(EXPERTS):
        found = b.one("NonZero", b.one("Equal", numbers, b.number(expert)))
        total = b.sent(total, b.one("Squeeze", found, b.number([0])))
    return b.model(total)


def by_argmax_again() -> onnx.ModelProto:
    """Two experts a token, the second chosen once the first is struck out (Phi-3.5-MoE)."""
    b = Builder()
    scores = b.one("MatMul", "x", b.weight(WIDTH, EXPERTS))
    first = b.one("ArgMax", scores, axis=-1, keepdims=1)
    struck = b.number(np.full((TOKENS, 1), -1e9), np.float32)
    second = b.one("ArgMax", b.one("ScatterElements", scores, first, struck, axis=1), axis=-1, keepdims=1)
    numbers, total = b.one("Concat", first, second, axis=-1), b.zeros()
    hot = b.one("OneHot", numbers, b.number(EXPERTS), b.number([0, 1]), axis=-1)
    by_expert = b.one("Transpose", hot, perm=[2, 1, 0])
    for expert in range(EXPERTS):
        found = b.one("NonZero", b.one("Gather", by_expert, b.number(expert), axis=0))
        _, tokens = (b.one("Squeeze", part, b.number([0])) for part in b.all("Split", [found], 2, num_outputs=2))
        total = b.sent(total, tokens)
    return b.model(total)


def compressed() -> onnx.ModelProto:
    """Each expert's rows and their numbers by Compress."""
    b = Builder()
    _, numbers = b.chosen()
    hot = b.one("OneHot", numbers, b.number(EXPERTS), b.number([0, 1]), axis=-1)
    mask, total = b.one("ReduceSum", hot, b.number([1]), keepdims=0), b.zeros()
    for expert in range(EXPERTS):
        mine = b.one("Cast", b.one("Gather", mask, b.number(expert), axis=1), to=TensorProto.BOOL)
        tokens = b.one("Compress", b.number(np.arange(TOKENS)), mine, axis=0)
        found = b.expert(b.one("Compress", "x", mine, axis=0))
        total = b.one("ScatterND", total, b.one("Unsqueeze", tokens, b.number([1])), found, reduction="add")
    return b.model(total)


def _sorted(cut: Callable[[Builder, str, str], list[str]]) -> onnx.ModelProto:
    """Tokens in the order of their experts, cut where another expert begins."""
    b = Builder()
    _, numbers = b.chosen()
    flat = b.one("Reshape", numbers, b.number([-1]))
    count = b.one("Reshape", b.one("Size", flat), b.number([1]))
    _, order = b.all("TopK", [flat, count], 2, axis=0, largest=0)
    tokens = b.one("Div", order, b.number(TOP))
    results = [b.expert(part) for part in cut(b, b.one("Gather", "x", tokens, axis=0), flat)]
    found = b.one("Concat", *results, axis=0)
    return b.model(b.one("ScatterND", b.zeros(), b.one("Unsqueeze", tokens, b.number([1])), found, reduction="add"))


def _counted(b: Builder, flat: str) -> str:
    ones = b.one("ConstantOfShape", b.one("Shape", flat), value=helper.make_tensor("one", TensorProto.INT64, [1], [1]))
    return b.one("ScatterElements", b.number(np.zeros(EXPERTS)), flat, ones, axis=0, reduction="add")


def _sliced(b: Builder, rows: str, flat: str) -> list[str]:
    hot = b.one("OneHot", flat, b.number(EXPERTS), b.number([0, 1]), axis=-1)
    ends = b.one("CumSum", b.one("ReduceSum", hot, b.number([0]), keepdims=0), b.number(0))
    at = [b.number([0]), *(b.one("Gather", ends, b.number([expert]), axis=0) for expert in range(EXPERTS))]
    return [b.one("Slice", rows, at[expert], at[expert + 1], b.number([0])) for expert in range(EXPERTS)]


def _split(b: Builder, rows: str, flat: str) -> list[str]:
    return b.all("Split", [rows, _counted(b, flat)], EXPERTS, axis=0)


def _sequence(b: Builder, rows: str, flat: str) -> list[str]:
    parts = b.one("SplitToSequence", rows, _counted(b, flat), axis=0)
    return [b.one("SequenceAt", parts, b.number(expert)) for expert in range(EXPERTS)]


def in_a_loop(only_hit: bool = False) -> onnx.ModelProto:
    """A Loop over the experts, or over those that were hit; weights of all experts in one tensor each."""
    b, inner = Builder(), Builder(1000)
    _, numbers = b.chosen()
    hot = b.one("OneHot", numbers, b.number(EXPERTS), b.number([0, 1]), axis=-1)
    mask = b.one("Transpose", hot, perm=[2, 1, 0])
    stacked = [b.weight(EXPERTS, *shape) for shape in ((WIDTH, INNER), (WIDTH, INNER), (INNER, WIDTH))]
    trips, expert = b.number(EXPERTS), "step"
    if only_hit:
        counts = b.one("ReduceSum", mask, b.number([1, 2]), keepdims=0)
        hit = b.one("Squeeze", b.one("NonZero", b.one("Greater", counts, b.number(0))), b.number([0]))
        trips, expert = b.one("Squeeze", b.one("Shape", hit)), inner.one("Gather", hit, "step", axis=0)
    found = inner.one("NonZero", inner.one("Gather", mask, expert, axis=0))
    tokens = inner.one("Gather", found, inner.number(1), axis=0)
    gate, up, down = (inner.one("Gather", weight, expert, axis=0) for weight in stacked)
    rows = inner.one("Gather", "x", tokens, axis=0)
    hidden = inner.one("Mul", inner.one("MatMul", rows, gate), inner.one("MatMul", rows, up))
    column = inner.one("Unsqueeze", tokens, inner.number([1]))
    total = inner.one("ScatterND", "before", column, inner.one("MatMul", hidden, down), reduction="add")
    given = [
        helper.make_tensor_value_info("step", TensorProto.INT64, []),
        helper.make_tensor_value_info("going", TensorProto.BOOL, []),
        helper.make_tensor_value_info("before", TensorProto.FLOAT, [TOKENS, WIDTH]),
    ]
    body = inner.body("expert", given, [inner.one("Identity", "going"), total])
    return b.model(b.one("Loop", trips, b.number(True, np.bool_), b.zeros(), body=body))


def of_those_hit() -> onnx.ModelProto:
    """The experts that were hit, one after the other, as a trace has them; a class more than there are experts, and
    each number read twice, for the mask and for the weights (GPT-OSS)."""
    b = Builder()
    weights, numbers = b.chosen()
    shares = b.one("ScatterElements", b.zeros(TOKENS, EXPERTS), numbers, weights, axis=1)
    hot = b.one("OneHot", numbers, b.number(EXPERTS + 1), b.number([0, 1]), axis=-1)
    mask, total = b.one("Transpose", hot, perm=[2, 1, 0]), b.zeros()
    counts = b.one("ReduceSum", mask, b.number([1, 2]), keepdims=0)
    hit = b.one("Transpose", b.one("NonZero", b.one("Greater", counts, b.number(0))), perm=[1, 0])
    for part in b.all("Split", [hit, b.number([1] * EXPERTS)], EXPERTS, axis=0):
        expert = b.one("Reshape", part, b.number([], np.int64))
        found = b.one("NonZero", b.one("Gather", mask, expert, axis=0))
        tokens = b.one("Gather", found, b.number(1), axis=0)
        share = b.one("Gather", b.one("Gather", shares, expert, axis=1), tokens, axis=0)
        rows = b.one("Mul", b.expert(b.one("Gather", "x", tokens, axis=0)), b.one("Unsqueeze", share, b.number([1])))
        total = b.one("ScatterND", total, b.one("Unsqueeze", tokens, b.number([1])), rows, reduction="add")
    return b.model(total)


def guarded() -> onnx.ModelProto:
    """Each expert behind an If that asks whether it has any token."""
    b = Builder()
    _, numbers = b.chosen()
    total = b.zeros()
    for expert in range(EXPERTS):
        found = b.one("NonZero", b.one("Equal", numbers, b.number(expert)))
        tokens = b.one("Gather", found, b.number(0), axis=0)
        any_ = b.one("Greater", b.one("Squeeze", b.one("Shape", tokens)), b.number(0))
        yes, no = Builder(2000 + 100 * expert), Builder(5000 + 100 * expert)
        taken, left = yes.sent(total, tokens), no.one("Identity", total)
        branches = {"then_branch": yes.body("yes", [], [taken]), "else_branch": no.body("no", [], [left])}
        total = b.one("If", any_, **branches)
    return b.model(total)


def with_shared_expert() -> onnx.ModelProto:
    """An expert of all tokens beside the others, with a gate of its own (Qwen-MoE)."""
    model = by_number()
    *nodes, last = model.graph.node
    b = Builder(9000)
    gate = b.one("Sigmoid", b.one("MatMul", "x", b.weight(WIDTH, 1)))
    both = b.one("Add", last.input[0], b.one("Mul", b.expert("x"), gate))
    last.input[0] = both
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *b.nodes, last])
    model.graph.initializer.extend(b.constants)
    return model


def in_groups() -> onnx.ModelProto:
    """The best groups of experts first, then the best experts in them (DeepSeek)."""
    b = Builder()
    scores = b.one("Sigmoid", b.one("MatMul", "x", b.weight(WIDTH, 8)))
    best = b.one("ReduceMax", b.one("Reshape", scores, b.number([TOKENS, 4, 2])), b.number([-1]), keepdims=0)
    _, groups = b.all("TopK", [best, b.number([2])], 2, axis=-1)
    taken = b.one("ScatterElements", b.zeros(TOKENS, 4), groups, b.number(np.ones((TOKENS, 2)), np.float32), axis=1)
    wide = b.one("Expand", b.one("Unsqueeze", taken, b.number([2])), b.number([TOKENS, 4, 2]))
    mask = b.one("Cast", b.one("Reshape", wide, b.number([TOKENS, 8])), to=TensorProto.BOOL)
    left = b.one("Where", mask, scores, b.number(-1e9, np.float32))
    _, numbers = b.all("TopK", [left, b.number([3])], 2, axis=-1)
    total = b.zeros()
    for expert in range(8):
        found = b.one("Transpose", b.one("NonZero", b.one("Equal", numbers, b.number(expert))), perm=[1, 0])
        first = b.one("Slice", found, b.number([0]), b.number([1]), b.number([1]))
        total = b.sent(total, b.one("Squeeze", first, b.number([1])))
    return b.model(total)


ROUTED = ROUTER + TOKENS * TOP * EACH
MIXTURES: dict[str, tuple[Callable[[], onnx.ModelProto], int]] = {
    "by number": (by_number, ROUTED),
    "by any": (by_any, ROUTED),
    "by one-hot": (by_one_hot, ROUTED),
    "by scattered weights": (by_scattered_weights, ROUTED),
    "by not zero": (by_not_zero, ROUTED),
    "by all numbers": (by_all_numbers, ROUTED),
    "by argmax": (by_argmax, ROUTER + TOKENS * EACH),
    "by argmax twice": (by_argmax_again, ROUTED),
    "compressed": (compressed, ROUTED),
    "sorted and sliced": (lambda: _sorted(_sliced), ROUTED),
    "sorted and split": (lambda: _sorted(_split), ROUTED),
    "sorted, a sequence": (lambda: _sorted(_sequence), ROUTED),
    "in a loop": (in_a_loop, ROUTED),
    "in a loop over those hit": (lambda: in_a_loop(only_hit=True), ROUTED),
    "of those hit": (of_those_hit, ROUTED),
    "guarded": (guarded, ROUTED),
    "with a shared expert": (with_shared_expert, ROUTED + TOKENS * (EACH + WIDTH)),
    "in groups": (in_groups, TOKENS * WIDTH * 8 + TOKENS * 3 * EACH),
}
"""Each way with its multiply-accumulates: the router's, and three products for each token and expert of its."""
