"""Graphs that lead back into themselves, multiply, or are larger than anything: refused before they cost anything."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.frontend import trace
from tests.hostile.hostile_files import FINE, INPUT_AT_FAULT, NOT_PRICED, model, save, values, verdict


def relu(source: str, made: str, name: str = "") -> onnx.NodeProto:
    return helper.make_node("Relu", [source], [made], name)


def call(function: str, source: str, made: str, name: str = "") -> onnx.NodeProto:
    return helper.make_node(function, [source], [made], name, domain="own")


def function(name: str, nodes: Sequence[onnx.NodeProto]) -> onnx.FunctionProto:
    return helper.make_function(
        "own", name, ["in"], ["out"], nodes, [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    )


def said(proto: onnx.ModelProto, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert verdict(["compile", save(proto, folder), "-o", "out"], folder) == INPUT_AT_FAULT
    return capsys.readouterr().err.splitlines()


def test_a_circle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = said(model([relu("z", "y", "first"), relu("y", "z", "second")]), tmp_path, capsys)
    assert "node first: reads z, which node second makes only later" in line


def test_a_tensor_that_is_made_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = said(model([relu("x", "y", "first"), relu("x", "y", "second")]), tmp_path, capsys)
    assert "node second: makes y, which node first makes already" in line


def test_an_input_that_is_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = said(model([relu("x", "x", "again"), relu("x", "y")]), tmp_path, capsys)
    assert "node again: makes x, which is there already" in line


def test_branches_may_each_make_the_same_name(tmp_path: Path) -> None:
    branch = helper.make_graph([relu("x", "o")], "branch", [], [values("o", None)])
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    proto = model([node, relu("x", "o")])
    proto.graph.input.append(values("c", [], TensorProto.BOOL))
    assert verdict(["compile", save(proto, tmp_path), "-o", "out", "--value", "c=1"], tmp_path) == FINE


def test_a_function_that_calls_itself_by_way_of_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = model([call("Ping", "x", "y")])
    proto.functions.extend(
        [function("Ping", [call("Pong", "in", "out")]), function("Pong", [call("Ping", "in", "out")])]
    )
    (line,) = said(proto, tmp_path, capsys)
    assert "more than 64 bodies and functions" in line and "no function may call itself" in line


def test_functions_that_multiply(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten calls of a function of ten calls ...: 10**9 nodes from a file of 1 kB."""
    monkeypatch.setattr(trace, "MOST_INLINED", 500)
    proto = model([call("F0", "x", "y")])
    for level in range(9):
        steps = ["in", *(f"t{n}" for n in range(9)), "out"]
        inner = relu if level == 8 else partial(call, f"F{level + 1}")
        proto.functions.append(function(f"F{level}", [inner(a, b) for a, b in pairwise(steps)]))
    (line,) = said(proto, tmp_path, capsys)
    assert "one of more than 500 nodes" in line


def test_a_constant_of_a_terabyte_is_never_made(tmp_path: Path) -> None:
    nodes = [helper.make_node("ConstantOfShape", ["s"], ["c"]), helper.make_node("Shape", ["c"], ["y"]), relu("x", "z")]
    proto = model(nodes)
    proto.graph.output.append(values("z", None))
    proto.graph.initializer.append(helper.make_tensor("s", TensorProto.INT64, [2], [2**20, 2**18]))
    assert verdict(["compile", save(proto, tmp_path), "-o", "out"], tmp_path) == FINE


def test_a_weight_of_negative_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = model([helper.make_node("Add", ["x", "w"], ["y"])])
    proto.graph.initializer.append(onnx.TensorProto(name="w", data_type=1, dims=[-3, 7]))
    (line,) = said(proto, tmp_path, capsys)
    assert "tensor w: has -3 elements along an axis" in line


def test_many_problems_are_counted_after_the_first_hundred(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(model([relu(f"q{n}", f"t{n}") for n in range(5000)] + [relu("x", "y")]), tmp_path, capsys)
    assert len(lines) == 101 and lines[-1] == "error: and 4,900 more"


def test_a_million_nodes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused before anything is made of them; 2,000 in a row are fine, each by the other."""
    proto = model([])
    node = relu("x", "y").SerializeToString()
    graph = proto.graph.SerializeToString() + (b"\x0a" + bytes([len(node)]) + node) * 10**6
    proto.ClearField("graph")
    size = encoded(len(graph))
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString() + b"\x3a" + size + graph)
    assert verdict(["compile", "net.onnx", "-o", "out"], tmp_path) == INPUT_AT_FAULT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: net.onnx: graph hostile: has 1,000,000 nodes")


def test_two_thousand_nodes_in_a_row(tmp_path: Path) -> None:
    """Each is read by the next; nothing recurses over them."""
    chain = model([relu(f"t{n}" if n else "x", f"t{n + 1}" if n < 1999 else "y") for n in range(2000)])
    assert verdict(["compile", save(chain, tmp_path), "-o", "out"], tmp_path) == FINE


def half_a_million(result: str) -> list[onnx.NodeProto]:
    """Nodes of a body; the last makes `result`."""
    return [*(relu("x", f"t{n}") for n in range(500_000)), relu("x", result)]


def test_half_a_million_nodes_in_a_branch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    then = helper.make_graph(half_a_million("o"), "then", [], [values("o", None)])
    other = helper.make_graph([relu("x", "p")], "else", [], [values("p", None)])
    (line,) = said(model([helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)]), tmp_path, capsys)
    assert "has 500,003 nodes, those of bodies and functions included; more than 500,000" in line


def test_half_a_million_nodes_in_a_function(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = model([call("F", "x", "y")])
    proto.functions.append(function("F", half_a_million("out")))
    (line,) = said(proto, tmp_path, capsys)
    assert "has 500,002 nodes" in line


def encoded(number: int) -> bytes:
    """A protobuf varint."""
    low = bytes([number & 0x7F | (0x80 if number > 0x7F else 0)])
    return low + encoded(number >> 7) if number > 0x7F else low


def nested(depth: int) -> onnx.NodeProto:
    """An If in an If in an If ..."""
    if not depth:
        return relu("x", "innermost")
    inner, other = nested(depth - 1), relu("x", f"else{depth}")
    then, otherwise = (
        helper.make_graph([node], "branch", [], [helper.make_empty_tensor_value_info(node.output[0])])
        for node in (inner, other)
    )
    return helper.make_node("If", ["c"], [f"chosen{depth}"], then_branch=then, else_branch=otherwise)


def test_ifs_in_ifs(tmp_path: Path) -> None:
    node = nested(20)
    node.output[0] = "y"
    proto = model([node])
    proto.graph.input.append(values("c", [], TensorProto.BOOL))
    assert verdict(["compile", save(proto, tmp_path), "-o", "out", "--value", "c=1"], tmp_path) == FINE


def test_more_ifs_in_ifs_than_protobuf_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Made by hand (a graph's node's attribute's graph's ...), as protobuf does not write it either."""
    data = b""
    for level in range(3 * 50 + 1):
        data = b"\x0a\x32\x2a"[level % 3 : level % 3 + 1] + encoded(len(data)) + data
    (tmp_path / "net.onnx").write_bytes(b"\x3a" + encoded(len(data)) + data)
    assert verdict(["compile", "net.onnx", "-o", "out"], tmp_path) == INPUT_AT_FAULT
    assert capsys.readouterr().err.startswith("error: net.onnx: is not an ONNX model")


def test_a_function_in_an_if_that_leads_back_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    branch = helper.make_graph([call("Ping", "in", "o")], "b", [], [helper.make_empty_tensor_value_info("o")])
    condition = helper.make_node("Constant", [], ["c"], value=helper.make_tensor("t", TensorProto.BOOL, [], [True]))
    choice = helper.make_node("If", ["c"], ["out"], then_branch=branch, else_branch=branch)
    proto = model([call("Ping", "x", "y")])
    proto.functions.append(function("Ping", [condition, choice]))
    (line,) = said(proto, tmp_path, capsys)
    assert "no function may call itself" in line


@pytest.mark.parametrize("version", [2**31, -(2**40), 2**63 - 1, -1, 0])
def test_a_version_that_onnx_cannot_hold(version: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = model([relu("x", "y")])
    proto.opset_import[0].version = version
    (line,) = said(proto, tmp_path, capsys)
    assert f"opset_import ai.onnx: has version {version}" in line


def test_two_billion_windows_with_gaps_between_them(tmp_path: Path) -> None:
    """Windows of 2 every 3 elements: counted, not walked."""
    conv = helper.make_node("Conv", ["x", "w"], ["y"], strides=[1, 3])
    name = save(model([conv], x=(1, 4, 5, 2**31 - 1), w=(6, 4, 3, 2)), tmp_path)
    assert verdict(["compile", name, "-o", "out"], tmp_path) == FINE


@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        ([relu("own", "own", "self"), relu("own", "out")], "node self: reads own, which node self makes only later"),
        ([relu("later", "own", "early"), relu("own", "later"), relu("own", "out")], "node early: reads later"),
        ([relu("in", "other")], "output out: is made by no node"),
        ([relu("x", "out", "outside")], "node outside: reads x, which nothing makes"),
    ],
)
def test_a_function_whose_nodes_are_in_no_order(
    steps: list[onnx.NodeProto], wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What reads itself has no value to be computed; looking for it would never end."""
    proto = model([call("F", "x", "y")])
    proto.functions.append(function("F", steps))
    (line,) = said(proto, tmp_path, capsys)
    assert line.startswith("error: net.onnx: function F: ") and wrong in line


def test_a_domain_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = model([call("F", "x", "y")])
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString().replace(b"own", b"o\xffn"))
    assert verdict(["compile", "net.onnx", "-o", "out", "--unsupported", "host"], tmp_path) == INPUT_AT_FAULT
    assert "not UTF-8" in capsys.readouterr().err


def test_a_weight_of_no_element_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = model([helper.make_node("Add", ["x", "w"], ["y"])])
    proto.graph.initializer.append(onnx.TensorProto(name="w", data_type=2**31 - 1, dims=[7]))
    (line,) = said(proto, tmp_path, capsys)
    assert "tensor w: has element type 2147483647, which there is not" in line


def test_a_node_of_the_host_without_its_first_input_is_verified(tmp_path: Path) -> None:
    node = helper.make_node("Own", ["", "x"], ["z"], domain="own")
    proto = model([node, relu("x", "y")])
    assert verdict(["verify", save(proto, tmp_path), "--unsupported", "host"], tmp_path) == FINE


def test_a_dim_whose_name_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = model([relu("x", "y")])
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString().replace(b"batch", b"b\xff\xfech"))
    assert verdict(["compile", "net.onnx", "-o", "out"], tmp_path) == INPUT_AT_FAULT
    assert "input x: its shape b\\xff\\xfechx4x9x7 is open" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["verify"], ["evaluate", "--arch", "seneca", "--events", "random", "-o", "out"]])
def test_a_run_that_does_not_fit_the_memory_is_refused_before_it_begins(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty tensor takes none, but its other axes are walked."""
    conv = helper.make_node("Conv", ["x", "w"], ["y"], "large", pads=[1, 1, 1, 1])
    proto = model([conv, relu("v", "z")], x=(2**31 - 1, 4, 0, 70), w=(6, 4, 3, 3), v=(3, 5))
    proto.graph.output.append(values("z", None))
    name = save(proto, tmp_path)
    assert verdict([command[0], name, *command[1:]], tmp_path) == INPUT_AT_FAULT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: net.onnx: node large (Conv): its tensors take about") and "GiB" in line


def test_an_input_without_an_element_type_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = model([relu("x", "y", "last")])
    proto.graph.input[0].type.tensor_type.elem_type = 0
    assert verdict(["verify", save(proto, tmp_path)], tmp_path) == NOT_PRICED  # nothing was proven
    assert "not provable here: Relu last: x has no element type" in capsys.readouterr().out


def test_a_call_without_name_and_outputs_in_a_branch(tmp_path: Path) -> None:
    """It goes by no tensor; nothing is looked for in its caller's caller's caller ..."""
    true = helper.make_node("Constant", [], ["c"], value=helper.make_tensor("t", TensorProto.BOOL, [], [True]))
    nameless = helper.make_node("Silent", [], [], domain="own")
    branch = helper.make_graph([relu("x", "o"), nameless], "b", [], [values("o", None)])
    proto = model([true, helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)])
    proto.functions.append(helper.make_function("own", "Silent", [], [], [], [helper.make_opsetid("", 18)]))
    assert verdict(["compile", save(proto, tmp_path), "-o", "out"], tmp_path) == FINE


def test_a_constant_of_no_element_type_is_not_read(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["c"], value=onnx.TensorProto(data_type=2**31 - 1))
    proto = model([constant, helper.make_node("Own", ["c"], ["z"], domain="own"), relu("x", "y")])
    for command in ("compile", "verify"):
        place = ["-o", "out"] if command == "compile" else []
        assert verdict([command, save(proto, tmp_path), "--unsupported", "host", *place], tmp_path) == FINE


def test_a_movement_whose_first_output_is_left_out(tmp_path: Path) -> None:
    node = helper.make_node("Split", ["x"], ["", "s"], axis=2, num_outputs=2)
    assert verdict(["compile", save(model([node, relu("x", "y")]), tmp_path), "-o", "out"], tmp_path) == FINE


def test_nodes_that_nobody_reads(tmp_path: Path) -> None:
    """Nodes that feed nothing cost no layer."""
    proto = model([*(relu("x", f"t{n}") for n in range(2000)), relu("x", "y")])
    assert verdict(["compile", save(proto, tmp_path), "-o", "out"], tmp_path) == FINE
