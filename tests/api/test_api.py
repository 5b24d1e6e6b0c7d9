"""The functions of the package say what the commands say."""

import json
import sys
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import onnx2zz
from onnx2zz.cli.main import run
from onnx2zz.compiler import Compiled
from onnx2zz.errors import InputError
from onnx2zz.files.tabular import Column, Tabular, TextTable, as_html, as_text
from onnx2zz.formats.shipped_files import MODELS, ours
from onnx2zz.pricing.result import as_json
from tests.array_alone import array_alone
from tests.json_values import Document
from tests.model_files import save_model
from tests.small_workloads import conv

FAST: Document = {"lpf_limit": 3}


def network() -> onnx.ModelProto:
    """1x3x1x14 through a convolution, a Relu and a pool; the batch is left open."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="<script>alert(1)</script>", pads=[0, 2, 0, 2]),
        helper.make_node("Relu", ["a"], ["b"], name="relu"),
        helper.make_node("MaxPool", ["b"], ["y"], name="pool", kernel_shape=[1, 2], strides=[1, 2]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 1, 14])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    w = helper.make_tensor("w", TensorProto.FLOAT, [4, 3, 1, 5], [0.5, 1.5, -1.0] * 20)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(helper.make_graph(nodes, "net", [x], [y], [w]), opset_imports=opset, ir_version=8)


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return onnx2zz.compile(network(), dims={"N": 1})


def column(found: Tabular, name: str) -> list[object]:
    """A column of its data frame."""
    frame = found.to_dataframe()
    place = list(map(str, frame)).index(name)
    return [row[place] for row in frame.itertuples(index=False, name=None)]


def in_a_notebook(found: Tabular) -> str:
    """What Jupyter shows: it looks for this method."""
    return str(methodcaller("_repr_html_")(found))


def test_compile_says_what_becomes_of_every_node(compiled: Compiled) -> None:
    assert compiled.fates == {"lowered": 2, "fused": 1}
    assert repr(compiled).splitlines()[0] == "net: 2 layers, 840 MACs; nodes: 2 lowered, 1 fused"
    assert [row["status"] for row in compiled.records()] == ["lowered", "fused", "lowered"]


def test_a_model_may_be_a_path_a_name_or_in_memory(tmp_path: Path) -> None:
    save_model(network(), tmp_path / "net.onnx")
    from_file = onnx2zz.compile(tmp_path / "net.onnx", dims={"N": 1})
    assert from_file.entries == onnx2zz.compile(network(), dims={"N": 1}).entries
    assert onnx2zz.compile("lenet5").entries == onnx2zz.compile(ours(MODELS)["lenet5"]).entries
    with pytest.warns(UserWarning, match="taking lenet5, which ships"):
        onnx2zz.compile("lenet.onnx")


def test_options_that_do_not_exist_are_refused_by_name(compiled: Compiled) -> None:
    misspelt: Document = {"shape": {"x": (1, 3, 1, 14)}}
    with pytest.raises(InputError, match="shape: no such option; these are: shapes, dims"):
        onnx2zz.compile(network(), **misspelt)
    with pytest.raises(InputError, match="no such operand; W, I, O, O_final are"):
        onnx2zz.compile("lenet5", precision={"w": 4})
    with pytest.raises(InputError, match="this one is compiled already"):
        onnx2zz.compile(compiled, dims={"N": 2})


def test_precision_as_the_command_takes_it() -> None:
    narrow = onnx2zz.compile("lenet5", precision={"W": 4, "I": 5}).entries[0]["operand_precision"]
    assert (narrow["W"], narrow["I"], narrow["O"]) == (4, 5, 16)
    assert onnx2zz.compile("lenet5", precision="native").entries[0]["operand_precision"]["W"] == 32


def test_evaluate_says_what_the_command_says(
    compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_model(network(), "net.onnx")
    arguments = ["evaluate", "net.onnx", "--arch", "seneca", "--dim", "N=1", "--lpf-limit", "3", "--json", "c.json"]
    assert run([*arguments, "--no-cache"]) == 0
    found = onnx2zz.evaluate(compiled, "seneca", cache=False, **FAST)
    said, by_command = json.loads(as_json(found)), json.loads((tmp_path / "c.json").read_text())
    assert {**said, "evaluated": 0} == {**by_command, "evaluated": 0}


def test_evaluate_takes_a_workload_file_and_keeps_its_log(compiled: Compiled, tmp_path: Path) -> None:
    compiled.write(tmp_path)
    found = onnx2zz.evaluate(tmp_path / "workload.yaml", "tpu_like", output=tmp_path / "out", cache=tmp_path, **FAST)
    assert len(found.layers) == 2 and (tmp_path / "out/zigzag.log").is_file()
    again = onnx2zz.evaluate(tmp_path / "workload.yaml", "tpu_like", cache=tmp_path, **FAST)
    assert again.evaluated == 0 and again.total == found.total
    with pytest.raises(InputError, match=r"dims, events: for a model; .*workload.yaml is compiled already"):
        onnx2zz.evaluate(tmp_path / "workload.yaml", "tpu_like", events="random", dims={"N": 1})


def test_an_incomplete_evaluation_warns_and_lists_what_it_lacks(tmp_path: Path) -> None:
    """ZigZag prices nothing but products on an array that computes in memory; nobody knows what `own` would cost."""
    model = network()
    model.graph.node.append(helper.make_node("Own", ["a", "b"], ["z"], name="own", domain="my.lab"))
    model.graph.output.append(helper.make_empty_tensor_value_info("z"))
    model.opset_import.append(helper.make_opsetid("my.lab", 1))
    options: Document = {"dims": {"N": 1}, "unsupported": "host"}
    with pytest.warns(onnx2zz.IncompleteResult, match=r"incomplete.*left to the host: own \(my.lab.Own\)") as compiling:
        compiled = onnx2zz.compile(model, **options)
    assert issubclass(onnx2zz.IncompleteResult, UserWarning) and "(incomplete)" in repr(compiled)
    with pytest.warns(onnx2zz.IncompleteResult, match=r"it lacks L1_relu, L2_pool, own: see .unpriced") as evaluating:
        found = onnx2zz.evaluate(model, array_alone(tmp_path), cache=False, **options, **FAST)
    for said in (compiling, evaluating):
        assert [one.filename for one in said if one.category is onnx2zz.IncompleteResult] == [__file__]
    names = [layer.name for layer in found.layers if layer.error]
    assert [one.name for one in found.unpriced] == [*names, "own"] and names
    own = found.unpriced[-1]
    assert (own.op, own.macs, own.why) == ("my.lab.Own", None, "left to the host: no lowering for this operator")
    assert column(found, "name")[-1] == "own"
    assert " (incomplete)" in repr(found).splitlines()[0]


def test_a_whole_evaluation_does_not_warn(compiled: Compiled, recwarn: pytest.WarningsRecorder) -> None:
    assert onnx2zz.evaluate(compiled, "seneca", cache=False, **FAST).unpriced == ()
    assert not [one for one in recwarn if one.category is onnx2zz.IncompleteResult]


def test_a_model_without_layers_is_refused() -> None:
    """A Flatten renames its input."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3, 5])
    graph = helper.make_graph([helper.make_node("Flatten", ["x"], ["y"])], "flat", [x], [
        helper.make_empty_tensor_value_info("y")
    ])  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def evaluated(model: onnx.ModelProto) -> object:
        return onnx2zz.evaluate(model, "seneca")

    functions: tuple[Callable[[onnx.ModelProto], object], ...] = (onnx2zz.compile, onnx2zz.verify, evaluated)
    for function in functions:
        with pytest.raises(InputError, match=r"flat: none of its nodes becomes a layer \(1 view\)"):
            function(model)


def test_everything_wrong_with_an_evaluation_is_said_at_once() -> None:
    with pytest.raises(InputError) as error:
        onnx2zz.evaluate(network(), "sneeca", "no_such_mapping")
    assert [problem.where for problem in error.value.problems] == ["sneeca", "input x", "no_such_mapping"]


def test_an_evaluation_shows_its_layers(compiled: Compiled) -> None:
    found = onnx2zz.evaluate(compiled, "seneca", cache=False, **FAST)
    head, names, *layers, total = repr(found).splitlines()
    assert head.startswith("net on seneca, best latency: ") and head.endswith(" 840 MACs")
    assert names.split()[:4] == ["name", "operator_type", "macs", "latency_cycles"]
    assert [line.split()[1] for line in layers] == ["Conv", "Pooling"] and total.split()[:2] == ["Total", "840"]


def test_a_notebook_shows_a_table_with_every_text_escaped(compiled: Compiled) -> None:
    html = in_a_notebook(compiled)
    assert html.count("<tr>") == 4 and "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_dataframe_has_every_number(compiled: Compiled) -> None:
    found = onnx2zz.evaluate(compiled, "seneca", cache=False, **FAST)
    assert column(found, "operator_type") == ["Conv", "Pooling"]
    assert all(column(found, "energy_pj")) and column(found, "macs") == [840, 0]


def test_without_pandas_it_is_said_how_to_get_it(compiled: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'pip install "onnx2zz\[dataframe\]"'):
        compiled.to_dataframe()


def test_verify_runs_the_layers(compiled: Compiled) -> None:
    values = np.linspace(-1, 1, 42, dtype=np.float32).reshape(1, 3, 1, 14)
    found = onnx2zz.verify(compiled, inputs={"x": values})
    assert found.ok and found.nodes_exact == found.nodes_matched == 2
    assert "volumes and edges agree" in repr(found) and "2 proven, 0 not provable here" in repr(found)
    with pytest.raises(InputError, match="inputs: z: the model has no such input"):
        onnx2zz.verify(compiled, inputs={"z": values})


def test_a_verification_in_which_nothing_ran_is_not_ok() -> None:
    """onnxruntime refuses SAME padding that would be negative."""
    pool = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[1], strides=[4], auto_pad="SAME_LOWER")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 8])
    graph = helper.make_graph([pool], "pool", [x], [helper.make_empty_tensor_value_info("y")])
    found = onnx2zz.verify(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    assert found.mismatches == () and not found.complete and not found.ok


def test_check_finds_what_the_command_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [conv(0, None, "L0_c", k=4, c=3, oy=5, ox=7, fy=3, fx=3)]
    wrong = tmp_path / "workload.yaml"
    wrong.write_text(json.dumps([{**layers[0], "loop_sizes": [1, 4, 5]}]))
    found = onnx2zz.check(wrong, "seneca")
    assert run(["check", str(wrong), "seneca", "--json", "-"]) == 1
    assert found.records() == json.loads(capsys.readouterr().out)["findings"]
    assert not found.ok and repr(found).startswith(f"{found.counts['error']} error")
    assert column(found, "severity") == [one.severity for one in found.findings]


def test_a_long_table_leaves_out_its_middle() -> None:
    table = TextTable("rows", (Column("n", ",d"), Column("name")), tuple((1000 * n, f"r{n}") for n in range(40)))
    lines = as_text(table).splitlines()
    assert lines[:4] == ["rows", "     n  name", "     0  r0", " 1,000  r1"]
    assert lines[12] == "     …  …" and lines[-1] == "39,000  r39" and len(lines) == 23
    assert as_html(table).count("<tr>") == 41
