"""Exit code 0 is for what happened: compile, evaluate, verify and compare say what they lack."""

import csv
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from onnx import helper

from onnx2zz.cli.main import run
from onnx2zz.formats.workload_entry import WorkloadEntry
from tests.array_alone import array_alone
from tests.json_values import Document
from tests.model_files import save_model
from tests.oracle import distinct, model_of
from tests.small_workloads import strip

RNG = np.random.default_rng(0)
CONV = helper.make_node("Conv", ["x", "w"], ["a"], "conv")
OPERANDS = {"x": distinct(RNG, 1, 3, 5, 8)}, {"w": distinct(RNG, 4, 3, 2, 3)}
CONV_MACS = 4 * 3 * 2 * 3 * 4 * 6
FAST = ("--lpf-limit", "3", "--no-cache")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(nodes: list[onnx.NodeProto], outputs: list[str], **constants: np.ndarray) -> str:
    model = model_of(nodes, OPERANDS[0], {**OPERANDS[1], **constants}, outputs)
    model.opset_import.append(helper.make_opsetid("my.lab", 1))
    save_model(model, "net.onnx")
    return "net.onnx"


def losing_a_product() -> str:
    mix = helper.make_node("Mix", ["a", "v"], ["y"], "mix", domain="my.lab")
    return save([CONV, mix], ["y"], v=distinct(RNG, 6, 7))


def test_work_that_may_be_left_to_the_host_is_named_and_what_there_is_is_written(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compile", losing_a_product(), "--unsupported", "host", "-o", "out"]) == 3
    said = capsys.readouterr()
    assert f"1 layers, {CONV_MACS:,} MACs (incomplete)" in said.out
    assert "incomplete: left to the host: mix (my.lab.Mix) with unknown MACs: no lowering" in said.err
    totals = json.loads((here / "out/coverage.json").read_text())["totals"]
    assert totals == {"nodes": 2, "layers": 1, "macs": CONV_MACS, "incomplete": True}
    assert len(yaml.safe_load((here / "out/workload.yaml").read_text())) == 1


@pytest.mark.parametrize("compiled_before", [False, True])
def test_an_evaluation_without_the_work_of_the_host_is_incomplete_everywhere(
    compiled_before: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = [losing_a_product(), "--unsupported", "host"]
    if compiled_before:
        assert run(["compile", *model]) == 3
        model = []
    assert run(["evaluate", *model, "--arch", "seneca", "--csv", "c.csv", "--json", "r.json", *FAST]) == 3
    said = capsys.readouterr()
    assert "The total is incomplete: left to the host: mix (my.lab.Mix) with unknown MACs" in said.out
    (foot,) = [line for line in said.out.splitlines() if line.startswith("Incomplete ")]
    assert foot.split()[1] == f"{CONV_MACS:,}"
    assert "incomplete: left to the host: mix (my.lab.Mix)" in said.err
    result = json.loads((here / "r.json").read_text())
    assert result["total"]["incomplete"] is True and result["total"]["macs"] == CONV_MACS
    assert [(node["node"], node["macs"]) for node in result["host"]] == [("mix", None)]
    conv, mix = csv.DictReader((here / "c.csv").open())
    assert conv["error"] == "" and (mix["name"], mix["energy_pj"], mix["macs"]) == ("mix", "", "")
    assert mix["error"].startswith("left to the host: mix (my.lab.Mix) with unknown MACs")


def test_a_host_without_macs_is_no_reason_for_another_exit_code(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gate = helper.make_node("Gate", ["a"], ["y"], "gate", domain="my.lab")
    assert run(["compile", save([CONV, gate], ["y"]), "--unsupported", "host"]) == 0
    assert run(["evaluate", "--arch", "seneca", "--json", "r.json", *FAST]) == 0
    best = helper.make_node("TopK", ["a", "k"], ["y", "i"], "best")
    assert run(["compile", save([CONV, best], ["y", "i"], k=np.array([2]))]) == 0
    assert json.loads((here / "r.json").read_text())["total"]["incomplete"] is False
    assert "ncomplete" not in capsys.readouterr().out


NO_LAYER = {
    "all views": [helper.make_node("Flatten", ["x"], ["y"], "flat")],
    "all folded": [helper.make_node("Shape", ["x"], ["y"], "shape")],
    "all on the host": [helper.make_node("NonZero", ["x"], ["y"], "select")],
}


@pytest.mark.parametrize("nodes", NO_LAYER.values(), ids=NO_LAYER)
@pytest.mark.parametrize(
    "command", [["compile", "-o", "out"], ["evaluate", "--arch", "seneca", "-o", "out"], ["verify"]]
)
def test_a_model_of_which_no_layer_is_left_is_an_error(
    command: list[str], nodes: list[onnx.NodeProto], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, save(nodes, ["y"])]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: net.onnx: none of its nodes becomes a layer (1 ")
    assert not (here / "out").exists()
    assert run(["explain", "net.onnx", nodes[0].name]) == 0


def proof() -> Document:
    return json.loads(Path("proof.json").read_text())


def test_nothing_run_is_no_proof(capsys: pytest.CaptureFixture[str]) -> None:
    """onnxruntime refuses this pool: with strides above the kernel, SAME padding would be negative."""
    pool = helper.make_node("MaxPool", ["x"], ["y"], "pool", kernel_shape=[1, 1], strides=[1, 4], auto_pad="SAME_LOWER")
    assert run(["verify", save([pool], ["y"]), "--json", "proof.json"]) == 3
    said = capsys.readouterr().out
    assert "not provable here: MaxPool pool: " in said and "padding values must be non-negative" in said.replace(
        "\n", " "
    )
    assert said.splitlines()[-1] == "nodes: 0 proven, 1 not provable here, 0 differing"
    assert [proof()[f"nodes_{what}"] for what in ("proven", "not_provable", "differing")] == [0, 1, 0]


def test_a_part_that_was_not_run_is_no_whole_proof(capsys: pytest.CaptureFixture[str]) -> None:
    pool = helper.make_node("MaxPool", ["x"], ["y"], "pool", kernel_shape=[1, 1], strides=[1, 4], auto_pad="SAME_LOWER")
    assert run(["verify", save([CONV, pool], ["a", "y"]), "--json", "proof.json"]) == 3
    assert "1 of 2 nodes compute" in capsys.readouterr().out.replace("\n", " ")
    assert [proof()[f"nodes_{what}"] for what in ("proven", "not_provable", "differing")] == [1, 1, 0]


def test_what_only_moves_data_is_proven_by_volumes_and_edges(capsys: pytest.CaptureFixture[str]) -> None:
    nodes = [helper.make_node("Transpose", ["x"], ["y"], "turn", perm=[0, 2, 3, 1])]
    assert run(["verify", save(nodes, ["y"]), "--movement", "cost"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "nodes: 1 proven (1 by volumes and edges), 0 not provable here, 0 differing"


def test_a_whole_proof_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    relu = helper.make_node("Abs", ["a"], ["y"], "abs")
    assert run(["verify", save([CONV, relu], ["a", "y"])]) == 0
    said = capsys.readouterr().out
    assert "2 of 2 nodes compute" in said.replace("\n", " ")
    assert said.splitlines()[-1] == "nodes: 2 proven, 0 not provable here, 0 differing"


def test_what_differs_is_counted_and_stronger_than_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", save([CONV], ["a"]), "-o", "out"]) == 0
    (entry,) = yaml.safe_load(Path("out/workload.yaml").read_text())
    entry["loop_sizes"][entry["loop_dims"].index("C")] = 2
    Path("hand.yaml").write_text(yaml.safe_dump([entry]))
    assert run(["verify", "net.onnx", "--workload", "hand.yaml"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "nodes: 0 proven, 0 not provable here, 1 differing"


def evaluated(layers: list[WorkloadEntry], arch: str, file: str) -> int:
    Path("net.yaml").write_text(yaml.safe_dump(layers, sort_keys=False))
    return run(["evaluate", "net.yaml", "--arch", arch, "--json", file, *FAST])


def test_a_comparison_says_what_its_results_lack(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluated(strip()[:2], array_alone(Path()), "some.json") == 3
    assert evaluated(strip()[:2], "tpu_like", "all.json") == 0
    capsys.readouterr()
    assert run(["compare", "all.json", "some.json", "--html", "c.html"]) == 3
    whole, partial, *_ = capsys.readouterr().out.splitlines()
    cycles = json.loads(Path("some.json").read_text())["total"]["latency_cycles"]
    assert partial.startswith(f"B: net.yaml on aimc: {cycles:,.0f} cycles, ")
    assert partial.endswith("pJ (incomplete: 1 of 2 layers are not priced)") and "incomplete" not in whole
    assert run(["compare", "all.json", "all.json", "--html", "c.html"]) == 0


def test_a_result_without_any_price_has_no_cycles_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    pool: WorkloadEntry = {**strip()[1], "id": 0, "operand_source": {"I": 0, "W": 0}}
    assert evaluated([pool], array_alone(Path()), "none.json") == 3
    said = capsys.readouterr().out
    assert "Not priced" in said and "The total is incomplete: 0 of 1 layers are priced." in said
    assert run(["compare", "none.json", "none.json", "--html", "c.html"]) == 3
    lines = capsys.readouterr().out.splitlines()
    said = "net.yaml on aimc: nothing is priced (incomplete: 1 of 1 layers are not priced)"
    assert lines[:2] == [f"A: {said}", f"B: {said}"]


def test_a_comparison_says_what_was_left_to_the_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", losing_a_product(), "--unsupported", "host", "--arch", "seneca", *FAST]) == 3
    capsys.readouterr()
    assert run(["compare", *["onnx2zz_out/result.json"] * 2, "--html", "c.html"]) == 3
    line = capsys.readouterr().out.splitlines()[0]
    assert "cycles" in line and "(incomplete: left to the host: mix (my.lab.Mix) with unknown MACs" in line
