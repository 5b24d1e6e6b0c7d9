"""Graphs as long as wanted, each the same few nodes over and over: what a compile takes must grow with their number."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.nodes import Attribute, make_node

FOREIGN = "example.foreign"
LOCAL = "example.local"
LARGEST_LOOP = 16  # iterations; a loop is unrolled up to 64


class Chain:
    """A graph under construction: no shapes between its ends, initializers stored once."""

    def __init__(self, *shape: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.input = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
        self.functions: list[onnx.FunctionProto] = []

    def node(self, op: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Attribute) -> str:
        """A node; the name of its first output."""
        names = [f"t{len(self.nodes)}", *(f"t{len(self.nodes)}.{n}" for n in range(1, outputs))]
        self.nodes.append(make_node(op, list(inputs), names, domain=domain, **attributes))
        return names[0]

    def layer(self, read: str) -> str:
        """A node that is one layer; it reads a tensor of the input's shape, and the input."""
        return self.node("Mul", read, "x")

    def whole(self, *values: int) -> str:
        """A list of whole numbers."""
        return self._constant(np.asarray(values, np.int64))

    def number(self, value: float) -> str:
        """A number."""
        return self._constant(np.asarray(value, np.float32))

    def _constant(self, value: np.ndarray) -> str:
        name = f"c.{value.dtype}.{'x'.join(map(str, value.ravel()))}.{value.ndim}"
        self.constants.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def model(self, *outputs: str) -> onnx.ModelProto:
        """The finished model."""
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "chain", [self.input], results, list(self.constants.values()))
        opsets = [helper.make_opsetid(domain, version) for domain, version in (("", 17), (FOREIGN, 1), (LOCAL, 1))]
        return helper.make_model(graph, opset_imports=opsets, functions=self.functions, ir_version=8)


Link = Callable[[Chain, str, int], str]


def linked(links: Sequence[Link], shape: Sequence[int], nodes: int) -> onnx.ModelProto:
    """`nodes` links in turn, each reading the one before, between two layers; a link's number counts from 0."""
    chain = Chain(*shape)
    last = chain.node("Relu", "x")
    for number in range(nodes):
        last = links[number % len(links)](chain, last, number)
    return chain.model(chain.node("Softmax", last))


def op(name: str, *more: str, outputs: int = 1, domain: str = "", **attributes: Attribute) -> Link:
    """A link of one node, whose other inputs are constants of the chain."""
    return lambda chain, last, number: chain.node(name, last, *more, outputs=outputs, domain=domain, **attributes)


def _with_sizes(name: str, *sizes: int) -> Link:
    return lambda chain, last, number: chain.node(name, last, chain.whole(*sizes))


def _rows(chain: Chain, source: str, start: int, end: int) -> str:
    return chain.node("Slice", source, *map(chain.whole, (start, end, 1)))


def _first_row_off(chain: Chain, last: str, number: int) -> str:
    return _rows(chain, last, 1, 2**40)


def _first_row(chain: Chain, last: str, number: int) -> str:
    return _rows(chain, last, 0, 1)


def slices(nodes: int) -> onnx.ModelProto:
    return linked([_first_row_off], (1, nodes + 2, 3), nodes)


def slices_between_layers(nodes: int) -> onnx.ModelProto:
    return linked([_first_row_off, op("Softmax")], (1, nodes + 2, 3), nodes)


def parts_of_one(nodes: int) -> onnx.ModelProto:
    """Slices of one tensor, put together again."""
    chain = Chain(1, nodes, 3)
    source = chain.node("Relu", "x")
    parts = [_rows(chain, source, n, n + 1) for n in range(nodes)]
    return chain.model(chain.node("Softmax", chain.node("Concat", *parts, axis=1)))


def _split(chain: Chain, nodes: int) -> list[str]:
    first = chain.node("Split", chain.node("Relu", "x"), outputs=nodes, axis=1)
    return [first, *(f"{first}.{n}" for n in range(1, nodes))]


def split_read(nodes: int) -> onnx.ModelProto:
    """One Split, a layer for each two parts, their results put together."""
    chain = Chain(1, nodes // 2, 3)
    rows = [chain.node("Add", *pair) for pair in pairwise(_split(chain, nodes // 2))]
    return chain.model(chain.node("Softmax", chain.node("Concat", *rows, axis=1)))


def split_out(nodes: int) -> onnx.ModelProto:
    """One Split whose parts leave the graph."""
    chain = Chain(1, nodes, 3)
    return chain.model(*_split(chain, nodes))


def copies(nodes: int) -> onnx.ModelProto:
    """A Concat that copies each of its inputs: one tensor, again and again."""
    chain = Chain(2, 3)
    return chain.model(chain.node("Softmax", chain.node("Concat", *(["x"] * nodes), axis=1)))


def concats(nodes: int) -> onnx.ModelProto:
    """Each Concat takes in one more layer's output."""
    chain = Chain(1, 1, 3)
    last = chain.node("Relu", "x")
    for _ in range(nodes // 2):
        last = chain.node("Concat", last, chain.layer("x"), axis=1)
    return chain.model(chain.node("Softmax", last))


def inserts(nodes: int) -> onnx.ModelProto:
    """A sequence that grows element by element, and is joined."""
    chain = Chain(1, 2, 3)
    last = chain.node("SequenceEmpty")
    for _ in range(nodes // 2):
        last = chain.node("SequenceInsert", last, chain.layer("x"))
    return chain.model(chain.node("ConcatFromSequence", last, axis=1))


def inserts_read(nodes: int) -> onnx.ModelProto:
    """The same at the front, and each element taken out again."""
    chain = Chain(1, 2, 3)
    last, row = chain.node("SequenceEmpty"), "x"
    for _ in range(nodes // 3):
        last = chain.node("SequenceInsert", last, row, chain.whole(0))
        row = chain.layer(chain.node("SequenceAt", last, chain.whole(0)))
    return chain.model(row)


def erases(nodes: int) -> onnx.ModelProto:
    """A sequence of a Split's parts that loses its elements one by one."""
    chain = Chain(1, nodes, 3)
    last = chain.node("SplitToSequence", chain.node("Relu", "x"), axis=1)
    for _ in range(nodes - 1):
        last = chain.node("SequenceErase", last)
    return chain.model(chain.node("SequenceAt", last, chain.whole(0)))


def _nonzero(chain: Chain, last: str, number: int) -> str:
    return chain.node("Cast", chain.node("NonZero", last), to=TensorProto.FLOAT)


def _top(chain: Chain, last: str, number: int) -> str:
    return chain.node("TopK", last, chain.whole(3), outputs=2)


def hosts_fed(nodes: int) -> onnx.ModelProto:
    """Each host reads the one before and a layer of its own."""
    chain = Chain(1, 2, 3)
    last = chain.node("Relu", "x")
    for _ in range(nodes // 2):
        last = chain.node("Gate", last, chain.layer("x"), domain=FOREIGN)
    return chain.model(last)


def reads_of_one(nodes: int) -> onnx.ModelProto:
    """Layers that read one tensor, added up."""
    chain = Chain(1, 2, 3)
    first = last = chain.node("Relu", "x")
    for _ in range(nodes // 2):
        last = chain.node("Add", last, chain.layer(first))
    return chain.model(last)


def unary_tapped(nodes: int) -> onnx.ModelProto:
    """Each result leaves the graph, so that no node can ride on the layer before."""
    chain = Chain(1, 2, 3)
    taps = [chain.node("Relu", "x")]
    for _ in range(nodes):
        taps.append(chain.node("Sigmoid", taps[-1]))
    return chain.model(*taps)


def unary_joined(nodes: int) -> onnx.ModelProto:
    """Each result is read again at the end."""
    chain = Chain(1, 2, 3)
    taps = [chain.node("Relu", "x")]
    for _ in range(nodes // 2):
        taps.append(chain.node("Sigmoid", taps[-1]))
    last = taps[-1]
    for tap in reversed(taps):
        last = chain.node("Mul", last, tap)
    return chain.model(last)


def _swish(chain: Chain, last: str, number: int) -> str:
    return chain.node("Mul", last, chain.node("Sigmoid", last))


def _plus(chain: Chain, last: str, number: int) -> str:
    return chain.node("Add", last, chain.number(number % 7 + 0.5))


def _product(chain: Chain, last: str, number: int) -> str:
    return chain.node("MatMul", last, "x")


def constants(nodes: int) -> onnx.ModelProto:
    """Arithmetic on constants, its result added."""
    chain = Chain(2, 3)
    last = chain.number(0.25)
    for number in range(nodes):
        last = _plus(chain, last, number)
    return chain.model(chain.node("Softmax", chain.node("Add", "x", last)))


def shape_arithmetic(nodes: int) -> onnx.ModelProto:
    """Reshapes to shapes that are worked out as exporters do."""

    def link(chain: Chain, last: str, number: int) -> str:
        rows = chain.node("Gather", chain.node("Shape", last), chain.whole(0))
        shape = chain.node("Concat", rows, chain.whole(-1), axis=0)
        return chain.layer(chain.node("Reshape", last, shape))

    return linked([link], (2, 15), nodes // 5)


def _graph(
    name: str, nodes: Sequence[onnx.NodeProto], inputs: Sequence[str], outputs: Sequence[str]
) -> onnx.GraphProto:
    kinds = {"i": TensorProto.INT64, "go": TensorProto.BOOL, "stay": TensorProto.BOOL}
    read, written = (
        [helper.make_tensor_value_info(n, kinds.get(n, TensorProto.FLOAT), None) for n in names]
        for names in (inputs, outputs)
    )
    return helper.make_graph(nodes, name, read, written)


def loops(nodes: int) -> onnx.ModelProto:
    """Loops behind each other, each unrolled."""
    steps = [helper.make_node("Mul", ["v", "x"], ["w"]), helper.make_node("Identity", ["go"], ["stay"])]
    body = _graph("body", steps, ["i", "go", "v"], ["stay", "w"])
    link: Link = lambda chain, last, number: chain.node("Loop", chain.whole(LARGEST_LOOP), "", last, body=body)  # noqa: E731
    return linked([link], (2, 3), nodes // (2 * LARGEST_LOOP))


def branches(nodes: int) -> onnx.ModelProto:
    """Ifs whose condition is known; a branch reads what is around it."""

    def link(chain: Chain, last: str, number: int) -> str:
        known = chain.node("Less", chain.whole(0), chain.whole(1))
        taken, left = (
            _graph(name, [helper.make_node(name, [last, "x"], [f"b{number}.{name}"])], [], [f"b{number}.{name}"])
            for name in ("Mul", "Add")
        )
        return chain.node("If", known, then_branch=taken, else_branch=left)

    return linked([link], (2, 3), nodes // 3)


def calls(nodes: int, depth: int = 1) -> onnx.ModelProto:
    """Calls of a function behind each other, each of which calls another, `depth` of them in all."""
    chain = Chain(2, 3)
    bodies = [helper.make_node("Mul", ["a", "c"], ["b"])]
    bodies += [helper.make_node(f"F{n}", ["a", "c"], ["b"], domain=LOCAL) for n in range(1, depth)]
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(LOCAL, 1)]
    chain.functions = [
        helper.make_function(LOCAL, f"F{n}", ["a", "c"], ["b"], [body], imports) for n, body in enumerate(bodies, 1)
    ]
    last = "x"
    for _ in range(nodes // (depth + 1)):
        last = chain.node(f"F{depth}", last, "x", domain=LOCAL)
    return chain.model(last)


def _gather_rows(chain: Chain, last: str, number: int) -> str:
    return chain.node("Gather", last, chain.whole(1, 2, 3), axis=1)


def _quantised(chain: Chain, last: str, number: int) -> str:
    scale, zero = (
        chain.number(0.125),
        chain.constants.setdefault("zero", numpy_helper.from_array(np.asarray(3, np.uint8), "zero")).name,
    )
    return chain.node("DequantizeLinear", chain.node("QuantizeLinear", last, scale, zero), scale, zero)


def of(links: Sequence[Link], *shape: int, a_link: int = 1) -> Callable[[int], onnx.ModelProto]:
    """A kind of chain; `a_link`: the nodes of a link."""
    return lambda nodes: linked(links, shape, nodes // a_link)


CHAINS: Mapping[str, Callable[[int], onnx.ModelProto]] = {
    "Slice": slices,
    "Slice, layers between": slices_between_layers,
    "Slices of one tensor, joined": parts_of_one,
    "one Split, parts read": split_read,
    "one Split, parts leave": split_out,
    "one Concat, inputs copied": copies,
    "Concat": concats,
    "SequenceInsert": inserts,
    "SequenceInsert, SequenceAt": inserts_read,
    "SequenceErase": erases,
    "NonZero": of([_nonzero], 2, 3, a_link=2),
    "TopK": of([_top], 2, 3),
    "TopK, layers between": of([_top, op("Mul", "x")], 2, 3),
    "foreign": of([op("Gate", domain=FOREIGN)], 2, 3),
    "foreign, fed by layers": hosts_fed,
    "Transpose": of([op("Transpose", perm=[1, 2, 0])], 2, 3, 5),
    "Transpose, layers between": of([op("Transpose", perm=[1, 2, 0]), op("Mul", "x")], 3, 3, 3),
    "Expand": of([_with_sizes("Expand", 4, 3)], 1, 3),
    "Expand, Slice": of([_with_sizes("Expand", 2, 4, 3), _first_row], 2, 1, 3),
    "Reshape": of([_with_sizes("Reshape", 5, 6), _with_sizes("Reshape", 2, 15)], 2, 15),
    "Unsqueeze, Squeeze": of([_with_sizes("Unsqueeze", 1), _with_sizes("Squeeze", 1)], 2, 15),
    "Identity": of([op("Identity")], 2, 3),
    "Gather": of([_gather_rows, _with_sizes("Pad", 0, 1, 0, 1)], 2, 5),
    "unary": of([op("Sigmoid"), op("Relu")], 2, 3),
    "unary, results leave": unary_tapped,
    "unary, results read again": unary_joined,
    "swish": of([_swish], 2, 3, a_link=2),
    "Add of a constant": of([_plus], 2, 3),
    "layers": of([op("Mul", "x")], 2, 3),
    "layers that read one tensor": reads_of_one,
    "MatMul": of([_product], 3, 3),
    "quantised": of([_quantised], 2, 3, a_link=2),
    "constants folded": constants,
    "shape arithmetic": shape_arithmetic,
    "Loop": loops,
    "If": branches,
    "function": calls,
    "functions in functions": partial(calls, depth=9),
}
"""Kind -> a graph of about so many nodes once bodies are inlined."""
