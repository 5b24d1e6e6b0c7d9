"""What coverage.json says of nodes and layers behind the numbers."""

import numpy as np
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.files.document import Data
from onnx2zz.formats.coverage import read_coverage
from onnx2zz.pricing.accounted import HostNode, host_nodes, stand_ins
from tests.oracle import distinct, model_of


def test_a_node_of_the_host_is_named() -> None:
    """The k largest of 7 columns, after a product."""
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"], "product"),
        helper.make_node("TopK", ["p", "k"], ["y", "i"], "best"),
    ]
    constants = {"w": distinct(rng, 5, 7), "k": np.array([2], np.int64)}
    coverage = compile_model(model_of(nodes, {"x": distinct(rng, 3, 5)}, constants, ["y", "i"])).coverage
    (node,) = host_nodes(coverage)
    assert (node.node, node.op) == ("best", "TopK") and node.why
    assert stand_ins(coverage) == ()


def test_one_element_is_not_worth_a_mention() -> None:
    said: Data = {"node": "a", "op": "Add", "status": "host", "why": "one element"}
    other: Data = {"node": "b", "op": "TopK", "status": "host", "why": "a partial sort"}
    assert host_nodes(read_coverage({"nodes": [said, other]})) == (HostNode("b", "TopK", "a partial sort"),)


def test_stand_ins_are_layers_of_kind_approximate() -> None:
    kinds = ("exact", "approximate", "movement", "approximate")
    assert stand_ins(read_coverage({"layers": [{"id": i, "kind": kind} for i, kind in enumerate(kinds)]})) == (1, 3)


def test_a_workload_without_coverage_says_nothing() -> None:
    assert host_nodes(None) == () and stand_ins(None) == ()
    empty = read_coverage({"model": "net.onnx"})
    assert host_nodes(empty) == () and stand_ins(empty) == ()
