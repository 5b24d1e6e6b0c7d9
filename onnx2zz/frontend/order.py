"""Whether every tensor is made once, before it is read: in the main graph, in bodies that nodes hold, in functions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.inference import graphs_in
from onnx2zz.frontend.sorting import in_order
from onnx2zz.frontend.state import label_of


class Makers:
    """Who makes each tensor of a graph, and of those around it; looked up only when something is wrong."""

    def __init__(self, graph: onnx.GraphProto | onnx.FunctionProto, outer: "Makers | None" = None):
        self.graph, self.outer = graph, outer

    @cached_property
    def _first(self) -> Mapping[str, str]:
        return {name: label_of(node) for node in reversed(self.graph.node) for name in node.output}

    def of(self, name: str) -> str | None:
        """The node that makes a tensor."""
        return self._first.get(name) or (self.outer.of(name) if self.outer else None)


def check_order(graph: onnx.GraphProto, given: Iterable[str], ordered: Sequence[onnx.NodeProto]) -> None:
    """Raises InputError naming every node that reads what is not there, or makes what is there already, whatever order
    the nodes stand in; `given` are inputs and initializers, `ordered` the nodes as `in_order` has them."""
    made = {*given, ""}
    problems = [*_problems(ordered, {*_given(graph)}, made, Makers(graph))]
    problems += [Problem(f"output {o.name}", "is made by no node") for o in graph.output if o.name not in made]
    if problems:
        raise InputError(problems)


def check_functions(functions: Iterable[onnx.FunctionProto]) -> None:
    """The same for functions, which see nothing but their inputs."""
    problems: list[Problem] = []
    for function in functions:
        name, made = f"function {function.name}", {*function.input, ""}
        found = [*_problems(in_order(function.node), {*function.input}, made, Makers(function))]
        problems += [Problem(f"{name}: {problem.where}", problem.what, problem.way_out) for problem in found]
        problems += [Problem(f"{name}: output {o}", "is made by no node") for o in function.output if o not in made]
    if problems:
        raise InputError(problems)


def _problems(nodes: Sequence[onnx.NodeProto], own: set[str], made: set[str], makers: Makers) -> Iterator[Problem]:
    """What is wrong in a graph that holds `own` before its first node, its nodes in order; adds to `made` what they
    make."""
    for node in nodes:
        if not made.issuperset(node.input):
            wanted = dict.fromkeys(name for name in node.input if name not in made)
            yield from (_unmade(label_of(node), name, makers) for name in wanted)
        for body in graphs_in(node):
            yield from _problems_of_body(body, label_of(node), made, makers)
        if not own.isdisjoint(node.output):
            yield from (_twice(label_of(node), name, makers) for name in node.output if name in own)
        own.update(filter(None, node.output))
        made.update(node.output)


def _given(graph: onnx.GraphProto) -> Iterator[str]:
    """What a graph holds before its first node."""
    yield from (info.name for info in graph.input)
    yield from (tensor.name for tensor in graph.initializer)
    yield from (tensor.values.name for tensor in graph.sparse_initializer)


def _problems_of_body(body: onnx.GraphProto, caller: str, made: set[str], outer: Makers) -> Iterator[Problem]:
    inner = [name for name in _given(body) if name not in made]
    inner += [name for node in body.node for name in node.output if name not in made]
    made.update(_given(body))
    for problem in _problems(in_order(body.node), {*_given(body)}, made, Makers(body, outer)):
        yield Problem(f"node {caller}", problem.what, problem.way_out)
    yield from (Problem(f"node {caller}", f"its body makes no {o.name}") for o in body.output if o.name not in made)
    made.difference_update(inner)


def _unmade(reader: str, name: str, makers: Makers) -> Problem:
    maker = makers.of(name)
    if maker is None:
        return Problem(f"node {reader}", f"reads {name}, which nothing makes")
    what = f"reads {name}, which node {maker} makes only later"
    return Problem(f"node {reader}", what, "no order helps: these nodes feed each other in a circle")


def _twice(label: str, name: str, makers: Makers) -> Problem:
    maker = makers.of(name)
    there = f"node {maker} makes" if maker not in (None, label) else "is there"
    return Problem(f"node {label}", f"makes {name}, which {there} already", "give each tensor a name of its own")
