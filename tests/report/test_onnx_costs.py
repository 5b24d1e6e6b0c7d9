"""The model's file with costs: all nodes add up to the run, and nothing else of the file changes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

import onnx2zz
from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.frontend.annotated_file import annotated_file
from tests.model_files import read_model, save_model, save_with_weights_beside
from tests.oracle import distinct, model_of

FAST: dict[str, Any] = {"lpf_limit": 2}


def entries(node: onnx.NodeProto | onnx.ModelProto) -> dict[str, str]:
    return {one.key.removeprefix("onnx2zz."): one.value for one in node.metadata_props}


@pytest.mark.parametrize("model", ["lenet5", "yolov8n", "bert_layer"])
def test_costs_of_all_nodes_add_up_to_the_run(model: str, tmp_path: Path) -> None:
    asked = ["evaluate", model, "--arch", "seneca", "--lpf-limit", "2", "-o", str(tmp_path)]
    assert run([*asked, "--onnx", str(tmp_path / "priced.onnx")]) == 0
    total = json.loads((tmp_path / "result.json").read_text())["total"]
    written = read_model(tmp_path / "priced.onnx")
    nodes = [entries(node) for node in written.graph.node]
    for key, whole in (("cycles", "latency_cycles"), ("energy_pj", "energy_pj")):
        found = math.fsum(float(node[key]) for node in nodes if key in node)
        assert found == pytest.approx(total[whole], rel=1e-12)
        assert float(entries(written)[key]) == total[whole]
    assert all("cycles" in node or "in" in node or "cost" in node for node in nodes)
    covered = json.loads((tmp_path / "coverage.json").read_text())["nodes"]
    assert [node["status"] for node in nodes] == [node["status"] for node in covered[: len(nodes)]]


def test_on_a_system_what_no_node_has_stands_at_the_model(tmp_path: Path) -> None:
    """Energies of nodes are those of the cores; with links and the memory off the chip they are the run's."""
    found = onnx2zz.evaluate("lenet5", "seneca_2x2", onnx=tmp_path / "priced.onnx", **FAST)
    written = read_model(tmp_path / "priced.onnx")
    of_nodes = math.fsum(float(entries(node).get("energy_pj", 0)) for node in written.graph.node)
    beside = {name: float(entries(written)[name]) for name in ("links_pj", "offchip_pj")}
    assert math.fsum([of_nodes, *beside.values()]) == pytest.approx(found.total.energy_pj, rel=1e-12)
    assert of_nodes < 0.1 * found.total.energy_pj and all(beside.values())


def test_a_node_of_several_layers_says_so_and_a_fused_one_where_its_cost_stands(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("Gemm", ["x", "w"], ["a"], name="product"),
        helper.make_node("Relu", ["a"], ["b"], name="positive"),
        helper.make_node("Softmax", ["b"], ["c"], name="shares"),
        helper.make_node("Identity", ["c"], ["y"], name="same"),
    ]
    save_model(model_of(nodes, {"x": distinct(rng, 3, 14)}, {"w": distinct(rng, 14, 20)}, ["y"]), tmp_path / "net.onnx")
    found = onnx2zz.evaluate(tmp_path / "net.onnx", "seneca", onnx=tmp_path / "priced.onnx", **FAST)
    gemm, relu, softmax, same = map(entries, read_model(tmp_path / "priced.onnx").graph.node)
    first, *passes = found.layers
    assert gemm["layers"] == first.name and float(gemm["cycles"]) == first.latency_cycles
    assert relu["in"] == f"layer {first.name}, whose cost stands at Gemm product" and "cycles" not in relu
    assert softmax["cost"] == f"the sum of {len(passes)} layers" and len(passes) > 1
    assert float(softmax["energy_pj"]) == pytest.approx(math.fsum(one.energy_pj or 0 for one in passes))
    assert same["cost"] == "renames data, costs nothing"


def test_nothing_else_of_the_file_changes_and_a_second_export_replaces_the_first(tmp_path: Path) -> None:
    """Weights too, whatever others wrote into the metadata, and the model runs as before."""
    rng = np.random.default_rng(2)
    x, w = distinct(rng, 2, 6), distinct(rng, 6, 11)
    model = model_of([helper.make_node("MatMul", ["x", "w"], ["y"], name="n")], {"x": x}, {"w": w}, ["y"])
    model.graph.node[0].metadata_props.add(key="of others", value="stays")
    save_model(model, tmp_path / "net.onnx")
    for file, source in (("once.onnx", "net.onnx"), ("twice.onnx", "once.onnx")):
        onnx2zz.evaluate(tmp_path / source, "seneca", onnx=tmp_path / file, **FAST)
    once, twice = (read_model(tmp_path / name) for name in ("once.onnx", "twice.onnx"))
    assert entries(once.graph.node[0]) == entries(twice.graph.node[0])
    assert entries(twice.graph.node[0])["of others"] == "stays"
    for written in (once, twice):
        for one in (written, *written.graph.node):
            kept = [pair for pair in one.metadata_props if not pair.key.startswith("onnx2zz.")]
            del one.metadata_props[:]
            one.metadata_props.extend(kept)
        assert written == read_model(tmp_path / "net.onnx")


def test_external_weights_stay_where_they_are_and_need_not_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(3)
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": distinct(rng, 2, 6)}, {"w": distinct(rng, 6, 11)}, ["y"]
    )
    save_with_weights_beside(model, tmp_path / "net.onnx", "w.bin")
    (tmp_path / "w.bin").unlink()
    asked = [
        "evaluate",
        str(tmp_path / "net.onnx"),
        "--arch",
        "seneca",
        "--lpf-limit",
        "2",
        "-o",
        str(tmp_path / "out"),
    ]
    assert run([*asked, "--onnx", str(tmp_path / "elsewhere" / "priced.onnx")]) == 0
    assert "its weights stay beside" in capsys.readouterr().err
    assert run([*asked, "--onnx", str(tmp_path / "priced.onnx")]) == 0
    assert "its weights stay" not in capsys.readouterr().err
    written = read_model(tmp_path / "priced.onnx")
    assert written.graph.initializer[0].external_data[0].value == "w.bin"
    assert "cycles" in entries(written.graph.node[0])


def test_what_cannot_be_written_again_is_refused_before_anything_is_priced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(4)
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": distinct(rng, 2, 6)}, {"w": distinct(rng, 6, 11)}, ["y"]
    )
    with pytest.raises(InputError, match="no ONNX file"):
        onnx2zz.evaluate(model, "seneca", onnx=tmp_path / "priced.onnx", **FAST)
    save_model(model, tmp_path / "net.onnx")
    with pytest.raises(InputError, match="is the model itself"):
        onnx2zz.evaluate(tmp_path / "net.onnx", "seneca", onnx=tmp_path / "net.onnx", **FAST)
    onnx2zz.compile(tmp_path / "net.onnx").write(tmp_path / "out")
    workload = str(tmp_path / "out" / "workload.yaml")
    assert run(["evaluate", workload, "--arch", "seneca", "--onnx", str(tmp_path / "priced.onnx")]) == 2
    assert "--onnx: for a MODEL" in capsys.readouterr().err
    (tmp_path / "bad.onnx").write_bytes(b"\xff\xfe" * 40)
    with pytest.raises(InputError, match="is not an ONNX model"):
        annotated_file(tmp_path / "bad.onnx", {}, {})
    assert not (tmp_path / "priced.onnx").exists()
