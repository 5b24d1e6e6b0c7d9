"""Parts of a graph put into functions, branches and loops: another file of the same meaning."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import helper

from tests.composed.flat import BOOL, INT64, OPSET, Flat, flat_model

OWN = "composed.parts"
FORMS = ("function", "branch", "loop")


@dataclass(frozen=True)
class Wrap:
    """A form, and the names of the nodes that go into it (they stand together)."""

    form: str
    names: frozenset[str]


def wrapped(flat: Flat, wraps: Sequence[Wrap]) -> onnx.ModelProto:
    """The model in which each part stands in a body, later ones around earlier ones."""
    wrapper = _Wrapper(flat)
    for number, wrap in enumerate(wraps):
        wrapper.wrap(wrap, f"part{number}")
    constants = {**flat.constants, **wrapper.constants}
    grown = replace(flat, constants=constants)
    return flat_model(grown, wrapper.nodes, wrapper.functions)


class _Wrapper:
    """Nodes as they are wrapped, with the constants and functions that this needs."""

    def __init__(self, flat: Flat) -> None:
        self.flat = flat
        self.nodes = list(flat.nodes)
        self.held = {node.name: frozenset({node.name}) for node in flat.nodes}
        self.constants: dict[str, np.ndarray] = {}
        self.functions: list[onnx.FunctionProto] = []

    def wrap(self, wrap: Wrap, name: str) -> None:
        places = [i for i, node in enumerate(self.nodes) if self.held[node.name] & wrap.names]
        if not places:
            return
        part = self.nodes[places[0] : places[-1] + 1]
        rest = [*self.nodes[: places[0]], *self.nodes[places[-1] + 1 :]]
        results = self._read_outside(part, rest)
        if any(not self.flat.kinds[r].known for r in results):
            return
        caller = getattr(self, f"_{wrap.form}")(part, results, name)
        self.held[name] = frozenset().union(*(self.held[node.name] for node in part))
        self.nodes = [*self.nodes[: places[0]], caller, *self.nodes[places[-1] + 1 :]]

    def _read_outside(self, part: Sequence[onnx.NodeProto], rest: Sequence[onnx.NodeProto]) -> list[str]:
        read = set(self.flat.outputs).union(*map(reads, rest))
        return [name for node in part for name in node.output if name in read]

    def _function(self, part: Sequence[onnx.NodeProto], results: list[str], name: str) -> onnx.NodeProto:
        """What the part reads, constants among them, becomes its inputs."""
        made = {output for node in part for output in node.output}
        given = [n for n in dict.fromkeys(n for node in part for n in sorted(reads(node))) if n not in made]
        imports = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1), helper.make_opsetid(OWN, 1)]
        self.functions.append(helper.make_function(OWN, name, given, results, list(part), imports))
        return helper.make_node(name, given, results, name, domain=OWN)

    def _branch(self, part: Sequence[onnx.NodeProto], results: list[str], name: str) -> onnx.NodeProto:
        """The branch that is taken; the other one, of the same shapes, is empty of work."""
        self.constants[f"{name}_yes"] = np.array(True)
        then = helper.make_graph(list(part), f"{name}_then", [], self._infos(results))
        fills = [self._fill(result, f"{result}_else", name) for result in results]
        other = [helper.make_value_info(f"{r}_else", self.flat.kinds[r].proto) for r in results]
        nothing = helper.make_graph(fills, f"{name}_else", [], other)
        return helper.make_node("If", [f"{name}_yes"], results, name, then_branch=then, else_branch=nothing)

    def _loop(self, part: Sequence[onnx.NodeProto], results: list[str], name: str) -> onnx.NodeProto:
        """One iteration; what it carries it does not read."""
        self.constants |= {f"{name}_yes": np.array(True), f"{name}_once": np.array(1, np.int64)}
        before = [self._start(result, name) for result in results]
        carried = [helper.make_value_info(f"{r}_before", self.flat.kinds[r].proto) for r in results]
        inputs = [helper.make_tensor_value_info(f"{name}_i", INT64, []), _bool(f"{name}_on")]
        go_on = helper.make_node("Identity", [f"{name}_on"], [f"{name}_go"], f"{name}_go_on")
        body = helper.make_graph(
            [*part, go_on], f"{name}_body", [*inputs, *carried], [_bool(f"{name}_go"), *self._infos(results)]
        )
        return helper.make_node("Loop", [f"{name}_once", f"{name}_yes", *before], results, name, body=body)

    def _infos(self, names: Sequence[str]) -> list[onnx.ValueInfoProto]:
        return [self.flat.info(name) for name in names]

    def _start(self, result: str, name: str) -> str:
        kind, start = self.flat.kinds[result], f"{name}_{result}_start"
        self.constants[start] = np.zeros(kind.fixed, helper.tensor_dtype_to_np_dtype(kind.element))
        return start

    def _fill(self, result: str, output: str, name: str) -> onnx.NodeProto:
        return helper.make_node("Identity", [self._start(result, name)], [output], f"{name}_{output}")


def _bool(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, BOOL, [])


def reads(node: onnx.NodeProto) -> set[str]:
    """What a node reads, its bodies included."""
    read = {name for name in node.input if name}
    for body in (a.g for a in node.attribute if a.HasField("g")):
        made = {o for inner in body.node for o in inner.output} | {i.name for i in (*body.input, *body.initializer)}
        read |= set().union(*map(reads, body.node)) - made
    return read


def draw_wraps(rng: np.random.Generator, flat: Flat) -> tuple[Wrap, ...]:
    """Up to two parts, the second perhaps around the first."""
    count = int(rng.choice((0, 1, 2), p=(0.5, 0.3, 0.2)))
    return tuple(_draw_wrap(rng, [node.name for node in flat.nodes]) for _ in range(count if flat.nodes else 0))


def _draw_wrap(rng: np.random.Generator, names: Sequence[str]) -> Wrap:
    begin = int(rng.integers(0, len(names)))
    end = int(rng.integers(begin, min(len(names), begin + 5))) + 1
    return Wrap(str(rng.choice(FORMS)), frozenset(names[begin:end]))
