"""Graphs that lead back into themselves, multiply, or are larger than anything: refused before they cost anything."""

from itertools import pairwise

import onnx
from hostile.hostile_files import FINE, INPUT_AT_FAULT, model, save, values, verdict
from onnx import TensorProto, helper

from onnx2zz.frontend import trace


def relu(source, made, name=""):
    return helper.make_node("Relu", [source], [made], name)


def call(function, source, made, name=""):
    return helper.make_node(function, [source], [made], name, domain="own")


def function(name, nodes):
    return helper.make_function(
        "own", name, ["in"], ["out"], nodes, [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    )


def said(proto: onnx.ModelProto, folder, capsys) -> list[str]:
    assert verdict(["compile", save(proto, folder), "-o", "out"], folder) == INPUT_AT_FAULT
    return capsys.readouterr().err.splitlines()


def test_a_circle(tmp_path, capsys):
    (line,) = said(model([relu("z", "y", "first"), relu("y", "z", "second")]), tmp_path, capsys)
    assert "node first: reads z, which node second makes only later" in line


def test_a_tensor_that_is_made_twice(tmp_path, capsys):
    (line,) = said(model([relu("x", "y", "first"), relu("x", "y", "second")]), tmp_path, capsys)
    assert "node second: makes y, which node first makes already" in line


def test_an_input_that_is_made_again(tmp_path, capsys):
    (line,) = said(model([relu("x", "x", "again"), relu("x", "y")]), tmp_path, capsys)
    assert "node again: makes x, which is there already" in line


def test_branches_may_each_make_the_same_name(tmp_path):
    branch = helper.make_graph([relu("x", "o")], "branch", [], [values("o", None)])
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    proto = model([node, relu("x", "o")])
    proto.graph.input.append(values("c", [], TensorProto.BOOL))
    assert verdict(["compile", save(proto, tmp_path), "-o", "out", "--value", "c=1"], tmp_path) == FINE


def test_a_function_that_calls_itself_by_way_of_another(tmp_path, capsys):
    proto = model([call("Ping", "x", "y")])
    proto.functions.extend(
        [function("Ping", [call("Pong", "in", "out")]), function("Pong", [call("Ping", "in", "out")])]
    )
    (line,) = said(proto, tmp_path, capsys)
    assert "more than 64 bodies and functions" in line and "no function may call itself" in line


def test_functions_that_multiply(tmp_path, capsys, monkeypatch):
    """Ten calls of a function of ten calls ...: 10**9 nodes from a file of 1 kB."""
    monkeypatch.setattr(trace, "MOST_INLINED", 500)
    proto = model([call("F0", "x", "y")])
    for level in range(9):
        steps = ["in", *(f"t{n}" for n in range(9)), "out"]
        inner = relu if level == 8 else lambda a, b, f=f"F{level + 1}": call(f, a, b)
        proto.functions.append(function(f"F{level}", [inner(a, b) for a, b in pairwise(steps)]))
    (line,) = said(proto, tmp_path, capsys)
    assert "one of more than 500 nodes" in line


def test_a_constant_of_a_terabyte_is_never_made(tmp_path):
    proto = model([helper.make_node("ConstantOfShape", ["s"], ["c"]), helper.make_node("Shape", ["c"], ["y"])])
    proto.graph.initializer.append(helper.make_tensor("s", TensorProto.INT64, [2], [2**20, 2**18]))
    assert verdict(["compile", save(proto, tmp_path), "-o", "out"], tmp_path) == FINE


def test_a_weight_of_negative_size(tmp_path, capsys):
    proto = model([helper.make_node("Add", ["x", "w"], ["y"])])
    proto.graph.initializer.append(onnx.TensorProto(name="w", data_type=1, dims=[-3, 7]))
    (line,) = said(proto, tmp_path, capsys)
    assert "tensor w: has -3 elements along an axis" in line


def test_many_problems_are_counted_after_the_first_hundred(tmp_path, capsys):
    lines = said(model([relu(f"q{n}", f"t{n}") for n in range(5000)] + [relu("x", "y")]), tmp_path, capsys)
    assert len(lines) == 101 and lines[-1] == "error: and 4,900 more"


def test_nodes_that_nobody_reads(tmp_path):
    """Nodes that feed nothing cost no layer."""
    proto = model([*(relu("x", f"t{n}") for n in range(2000)), relu("x", "y")])
    assert verdict(["compile", save(proto, tmp_path), "-o", "out"], tmp_path) == FINE
