"""Whether every tensor is made before it is read, in the main graph and in the bodies that its nodes hold."""

from collections.abc import Iterable, Sequence

import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.inference import subgraphs

Nodes = Sequence[onnx.NodeProto]


def check_order(graph: onnx.GraphProto, given: Iterable[str]) -> None:
    """Raises InputError naming every node that reads what is not there yet; `given` are inputs and initializers."""
    made = {*given, ""}
    problems = _problems(graph, made, graph.node)
    problems += [Problem(f"output {o.name}", "is made by no node") for o in graph.output if o.name not in made]
    if problems:
        raise InputError(problems)


def _problems(graph: onnx.GraphProto, made: set[str], nodes: Nodes) -> list[Problem]:
    """The wrong reads of a graph; adds to `made` what its nodes make. `nodes` are those it may read from."""
    problems: list[Problem] = []
    for node in graph.node:
        if not made.issuperset(node.input):
            wanted = dict.fromkeys(name for name in node.input if name not in made)
            problems += [_problem(_label(node), name, nodes) for name in wanted]
        for body in subgraphs(node.attribute):
            problems += _problems_of_body(body, _label(node), made, nodes)
        made.update(node.output)
    return problems


def _problems_of_body(body: onnx.GraphProto, caller: str, made: set[str], nodes: Nodes) -> list[Problem]:
    initializers = [t.name for t in body.initializer] + [t.values.name for t in body.sparse_initializer]
    inner = made | {i.name for i in body.input} | set(initializers)
    found = _problems(body, inner, [*nodes, *body.node])
    found = [Problem(f"node {caller}", problem.what, problem.way_out) for problem in found]
    lost = [o.name for o in body.output if o.name not in inner]
    return found + [Problem(f"node {caller}", f"its body makes no {name}") for name in lost]


def _problem(reader: str, name: str, nodes: Nodes) -> Problem:
    makers = [_label(node) for node in nodes if name in node.output]
    if makers:
        what = f"reads {name}, which node {makers[-1]} makes only later"
        return Problem(f"node {reader}", what, "sort the nodes: ONNX wants each behind those that feed it")
    return Problem(f"node {reader}", f"reads {name}, which nothing makes")


def _label(node: onnx.NodeProto) -> str:
    return node.name or next((o for o in node.output if o), node.op_type)
