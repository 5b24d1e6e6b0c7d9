"""`onnx2zz evaluate` as the user types it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.zigzag.search import stage
from tests.array_alone import array_alone
from tests.json_values import Document
from tests.model_files import save_model
from tests.small_workloads import strip

FAST = ("--lpf-limit", "3")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(strip()[:2], sort_keys=False))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compiled(folder: Path, arch: str | None = None, mapping: str = "K") -> None:
    """What `compile` leaves behind."""
    (folder / "onnx2zz_out").mkdir()
    (folder / "net.yaml").rename(folder / "onnx2zz_out" / "workload.yaml")
    (folder / "onnx2zz_out" / "coverage.json").write_text(json.dumps({"model": "net.onnx", "arch": arch}))
    links = {"O": "O", "W": "I2", "I": "I1"}
    entry = {"name": "default", "spatial_mapping": {"D1": [f"{mapping}, 4"]}, "memory_operand_links": links}
    (folder / "onnx2zz_out" / "mapping.yaml").write_text(yaml.safe_dump([entry]))


def test_a_workload_on_an_accelerator(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml", "--arch", "tpu_like", "--csv", "layers.csv", *FAST]) == 0
    out, err = capsys.readouterr()
    assert "net.yaml on tpu_like" in out and "L0_stem" in out and "Total" in out
    assert "1/2 L0_stem" in err
    result = json.loads((folder / "onnx2zz_out" / "result.json").read_text())
    assert result["total"]["macs"] == 12 * 3 * 14 * 7 * 2
    assert (folder / "onnx2zz_out" / "zigzag.log").stat().st_size > 0
    assert len((folder / "layers.csv").read_text().splitlines()) == 1 + 2


def test_json_on_stdout_is_nothing_but_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml", "--arch", "tpu_like", "--json", "-", *FAST]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == json.loads((folder / "onnx2zz_out" / "result.json").read_text())


def test_without_a_model_it_takes_what_was_compiled(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compiled(folder)
    assert run(["evaluate", "--arch", "tpu_like.yaml", "--json", "r/result.json", *FAST]) == 0
    err = capsys.readouterr().err
    assert "note: tpu_like.yaml does not exist: taking tpu_like" in err
    result = json.loads((folder / "r" / "result.json").read_text())
    assert (result["model"], result["accelerator"]) == ("net.onnx", "tpu_like")
    assert result["layers"][0]["spatial_mapping"]["D1"] == {"K": 12}


def test_the_compiled_mapping_counts_for_the_accelerator_it_was_compiled_for(folder: Path) -> None:
    compiled(folder, arch="tpu_like")
    assert run(["evaluate", "--arch", "tpu_like", *FAST]) == 0
    stem = json.loads((folder / "onnx2zz_out" / "result.json").read_text())["layers"][0]
    assert stem["spatial_mapping"]["D1"] == {"K": 4} and "choice" not in stem


def test_on_another_accelerator_a_mapping_is_chosen_and_the_compiled_one_stays(folder: Path) -> None:
    compiled(folder, arch="edge_tpu_like")
    written = (folder / "onnx2zz_out" / "mapping.yaml").read_text()
    assert run(["evaluate", "--arch", "tpu_like", *FAST]) == 0
    assert "choice" in json.loads((folder / "onnx2zz_out" / "result.json").read_text())["layers"][0]
    assert (folder / "onnx2zz_out" / "mapping.yaml").read_text() == written
    assert "on tpu_like" in (folder / "onnx2zz_out" / "tpu_like.mapping.yaml").read_text()


@pytest.mark.parametrize(("arch", "mapping"), [("tpu_like", "auto"), ("seneca", "seneca")])
def test_without_a_mapping_ours_for_the_accelerators_name_counts_or_one_is_chosen(
    arch: str, mapping: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "net.yaml", "--arch", arch, *FAST]) == 0
    assert f"mapping {mapping}, " in capsys.readouterr().out


def product_of(folder: Path, rows: int, columns: int) -> None:
    """A model that multiplies 1 x rows by rows x columns."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", rows])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    weights = numpy_helper.from_array(np.arange(rows * columns, dtype=np.float32).reshape(rows, columns), "w")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"], "fc")], "product", [x], [y], [weights])
    save_model(helper.make_model(graph), folder / "product.onnx")


def test_a_model_is_compiled_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    product_of(folder, 24, 36)
    command = ["evaluate", "product.onnx", "--arch", "seneca", "--dim", "batch=1", "--json", "-", *FAST]
    assert run(command) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["model"], result["total"]["macs"]) == ("product", 24 * 36)
    assert result["layers"][0]["spatial_mapping"] == {"D1": {"K": 8}}
    out = folder / "onnx2zz_out"
    assert json.loads((out / "coverage.json").read_text())["arch"] == "seneca"
    assert run(["evaluate", "--arch", "seneca", "--json", "-", *FAST]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == result["total"]


def test_what_one_sample_costs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    product_of(folder, 3, 5)
    arguments = ["evaluate", "product.onnx", "--arch", "seneca", "--dim", "batch=2", "--no-cache", *FAST]
    assert run([*arguments, "--per", "sample", "-o", "one"]) == 0
    printed = capsys.readouterr().out
    written = json.loads((folder / "one" / "result.json").read_text())
    total, per = written["total"], written["per"]
    assert per["energy_pj"] * per["count"] == pytest.approx(total["energy_pj"])
    assert per["per_second"] == pytest.approx(per["count"] * 500e6 / total["latency_cycles"]), "the sidecar's clock"
    assert "For a sample: " in printed and per["count"] == 2
    assert run([*arguments, "--per", "token", "-o", "none"]) == 1
    assert "no input names rows of a table of weights; --per token=N" in capsys.readouterr().err
    assert not (folder / "none").exists()


def test_an_unresolved_shape_and_a_wrong_accelerator_are_said_together(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    product_of(folder, 24, 36)
    assert run(["evaluate", "product.onnx", "--arch", "senecca"]) == 1
    err = capsys.readouterr().err
    assert "did you mean seneca" in err and "batch" in err
    assert not (folder / "onnx2zz_out").exists()


def test_options_of_models_are_not_for_workloads(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml", "--arch", "tpu_like", "--dim", "batch=1"]) == 2
    assert "--dim: for a MODEL; a workload is compiled already" in capsys.readouterr().err


def test_nothing_compiled_yet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--arch", "tpu_like"]) == 1
    assert capsys.readouterr().err == (
        "error: onnx2zz_out/workload.yaml: nothing is compiled here; "
        "name a model, or run `onnx2zz compile MODEL` first\n"
    )
    assert not (folder / "onnx2zz_out").exists()


def test_every_wrong_name_is_said_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "lost.yaml", "--arch", "tpu_lik", "--mapping", "edge_tpu_lik"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("error: tpu_lik: no such file, and no accelerator of that name ships; did you mean tpu")
    assert lines[1] == "error: lost.yaml: cannot be read (No such file or directory); give a YAML file"
    assert "did you mean edge_tpu_like" in lines[2]
    assert sorted(path.name for path in folder.iterdir()) == ["net.yaml"]


def test_a_run_that_does_not_start_leaves_nothing_behind(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = strip()[:2]
    layers[1]["operand_source"] = {"I": 4, "W": 1}
    (folder / "net.yaml").write_text(yaml.safe_dump(layers))
    assert run(["evaluate", "net.yaml", "--arch", "tpu_like"]) == 1
    assert "error: net.yaml: layer 1 (L1_pool): the source of I is 4, which is no earlier layer" in (
        capsys.readouterr().err
    )
    assert [path.name for path in folder.iterdir()] == ["net.yaml"]


def test_a_layer_that_cannot_be_priced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml", "--arch", array_alone(folder), "--json", "-", *FAST]) == 3
    out, err = capsys.readouterr()
    assert [layer["error"] is None for layer in json.loads(out)["layers"]] == [True, False]
    assert json.loads(out)["total"]["incomplete"] is True
    assert "not priced: L1_pool: skipped: ZigZag prices no Pooling layer on an array that computes in memory" in err


@pytest.mark.parametrize("search", [("--search", "exhaustive"), ("--paranoid",)])
def test_the_search_changes_nothing_but_the_time(
    search: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    totals: list[Document] = []
    for how in ((), search):
        assert run(["evaluate", "net.yaml", "--arch", "tpu_like", "--json", "-", *how, *FAST]) == 0
        out, err = capsys.readouterr()
        totals.append(json.loads(out)["total"])
        assert "warning" not in err
    assert totals[0] == totals[1]


def test_a_search_that_had_to_be_replaced_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = stage.best_orderings

    def too_cheap(*arguments: Any) -> Any:
        winners = honest(*arguments)
        return replace(winners, best={opt: replace(best, energy=1.5) for opt, best in winners.best.items()})

    monkeypatch.setattr(stage, "best_orderings", too_cheap)
    assert run(["evaluate", "net.yaml", "--arch", "tpu_like", *FAST]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert [line.split(":")[1] for line in warnings] == [" L0_stem", " L1_pool"]
    assert all("ZigZag's own search took over, since our price (1.5 pJ" in line for line in warnings)


def test_the_cache_is_shown_and_cleared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cache", "info", "--cache", "kept"]) == 0
    assert "nothing is kept" in capsys.readouterr().out
    command = ["evaluate", "net.yaml", "--arch", "tpu_like", "--mapping", "zigzag:tpu_like", "--cache", "kept", *FAST]
    assert run([*command, "--json", "-"]) == 0
    capsys.readouterr()
    assert run(["cache", "info", "--cache", "kept"]) == 0
    assert ": 4 entries in" in capsys.readouterr().out  # two layers, that the files fit, that one is faultless
    assert run(["cache", "clear", "--cache", "kept"]) == 0
    assert "4 entries cleared" in capsys.readouterr().out
    assert run([*command, "--json", "-"]) == 0
    assert not any(layer["from_cache"] for layer in json.loads(capsys.readouterr().out)["layers"])


def test_the_cache_is_the_users_unless_told_otherwise(cache_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "net.yaml", "--arch", "tpu_like", "--json", "-", *FAST]
    assert run([*command, "--no-cache"]) == 0
    assert list(cache_home.iterdir()) == []
    assert run(command) == 0
    assert (cache_home / "onnx2zz" / "prices-1.sqlite").is_file()


def test_a_cache_that_cannot_be_used_costs_a_warning(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "kept").write_text("a file in the way")
    assert run(["evaluate", "net.yaml", "--arch", "tpu_like", "--cache", "kept/inside", *FAST]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1 and "is not used" in warnings[0]


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml"]) == 2
    assert "--arch" in capsys.readouterr().err
    assert run(["evaluate", "net.yaml", "--arch", "tpu_like", "--opt", "beauty"]) == 2


def a_network(folder: Path):
    """A convolution and its ReLU, its weights in the file, and inputs of which a third is not zero."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1, 3, 6, 9)).astype(np.float32) * (rng.random((1, 3, 6, 9)) < 0.3)
    weights = numpy_helper.from_array(rng.normal(size=(8, 3, 2, 3)).astype(np.float32), "w")
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], "conv"), helper.make_node("Relu", ["a"], ["y"], "relu")]
    info = [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)]
    output = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8, 5, 7])]
    graph = helper.make_graph(nodes, "net", info, output, [weights])
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "a.onnx")
    np.savez(folder / "x.npz", x=x.astype(np.float32))
    return x


def test_events_stand_beside_the_dense_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = a_network(folder)
    assert run(["evaluate", "a.onnx", "--arch", "seneca", "--events", "x.npz", "--csv", "a.csv", *FAST]) == 0
    out = capsys.readouterr().out
    result = json.loads((folder / "onnx2zz_out" / "result.json").read_text())
    assert "Event-driven, on the inputs in x.npz" in out and "random weights" not in out
    (layer,), total = result["layers"], result["total"]
    assert layer["events"]["density"] == {"I": pytest.approx(np.count_nonzero(x) / x.size)}
    assert layer["events"]["noc_events"] == total["events"]["noc_events"] == np.count_nonzero(x)
    assert total["events"]["noc_energy_pj"] == 2 * np.count_nonzero(x)  # 2 pJ an event: seneca.onnx2zz.yaml
    assert 0 < total["events"]["energy_pj"] < total["energy_pj"]
    assert {(one["operand"], one["memory"]) for one in layer["events"]["breakdown"]} > {("W", "register_file")}
    assert total["physical"]["latency_ns"] == total["latency_cycles"] * 2  # 500 MHz
    assert result["events_from"] == {"inputs": "x.npz", "random_weights": 0, "not_run": []}
    head, row = (folder / "a.csv").read_text().splitlines()
    assert "corrected_energy_pj,static_energy_pj,latency_ns,density_I,density_W" in head
    assert str(layer["events"]["noc_events"]) in row


def test_without_a_sidecar_nothing_stands_beside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml", "--arch", "tpu_like", "--json", "-", *FAST]) == 0
    result = json.loads(capsys.readouterr().out)
    assert not {"sidecar", "events_from"} & result.keys()
    assert not {"physical", "events"} & (result["total"].keys() | result["layers"][0].keys())


def test_events_need_the_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml", "--arch", "seneca", "--events", "random"]) == 2
    assert "--events runs the network: name its MODEL" in capsys.readouterr().err


def test_inputs_and_sidecar_at_fault_are_said_together(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_network(folder)
    np.savez(folder / "y.npz", y=np.zeros(3))
    (folder / "mine.yaml").write_text(find_accelerator("seneca").path.read_text())
    (folder / "mine.onnx2zz.yaml").write_text("clock_mhz: 0\nmemories:\n  datamemory: {um2_per_bit: 1}\n")
    assert run(["evaluate", "a.onnx", "--arch", "mine.yaml", "--events", "y.npz"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: mine.onnx2zz.yaml:1: clock_mhz is 0, and a number above 0 is needed",
        "error: mine.onnx2zz.yaml:3: the accelerator has no memory datamemory; did you mean data_memory?; "
        "it has: event_register, register_file, data_memory, shared_memory",
        "error: y.npz: y: the model has no such input; it has: x",
    ]
    assert not (folder / "onnx2zz_out").exists()
    assert run(["evaluate", "a.onnx", "--arch", "seneca", "--events", "z.npz"]) == 1
    assert "z.npz: no such file; --events takes `random`, or a .npz file" in capsys.readouterr().err


def test_events_do_not_drive_an_array_that_computes_in_memory(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_network(folder)
    assert run(["evaluate", "a.onnx", "--arch", "aimc", "--events", "random", *FAST]) == 1
    assert "events do not drive it" in capsys.readouterr().err


def test_a_sidecar_changes_no_price_and_no_cache_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also: a warm run with a sidecar and events does without ZigZag."""
    a_network(folder)
    (folder / "mine.yaml").write_text(find_accelerator("seneca").path.read_text())
    command = ["evaluate", "a.onnx", "--arch", "mine.yaml", "--mapping", "seneca", "--json", "-", *FAST]
    assert run(command) == 0
    plain = json.loads(capsys.readouterr().out)
    (folder / "mine.onnx2zz.yaml").write_text(
        "corrections:\n  registers: {memory: data_memory, operand: I1, factor: 0.5}\n"
    )
    code = (
        "import sys\nfrom onnx2zz.cli.main import run\ncode = run(sys.argv[1:])\nassert 'zigzag' not in sys.modules\n"
    )
    warm = subprocess.run(
        [sys.executable, "-c", code + "sys.exit(code)", *command, "--events", "random"], capture_output=True, text=True
    )
    assert warm.returncode == 0, warm.stderr
    found = json.loads(warm.stdout)
    (before,), (after,) = plain["layers"], found["layers"]
    assert after["from_cache"] and found["evaluated"] == 0
    assert after["energy_pj"] == before["energy_pj"]
    (correction,) = after["physical"]["corrections"]
    assert correction["corrected_pj"] == correction["zigzag_pj"] / 2 > 0
    expected = before["energy_pj"] - correction["corrected_pj"]
    assert found["total"]["physical"]["corrected_energy_pj"] == pytest.approx(expected)
    assert found["sidecar"]["corrections"][0]["name"] == "registers"


def test_auto_writes_the_mapping_that_it_chose_and_says_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml", "--arch", "seneca", "--mapping", "auto", *FAST]) == 0
    out = capsys.readouterr().out
    assert "mapping auto" in out and "Next best" in out
    result = json.loads((folder / "onnx2zz_out" / "result.json").read_text())
    stem = result["layers"][0]
    assert stem["choice"]["honest_latency_cycles"] >= stem["roofline_cycles"]
    assert stem["choice"]["reason"] and stem["choice"]["priced"] >= 1
    written = yaml.safe_load((folder / "onnx2zz_out" / "mapping.yaml").read_text())
    assert "default" in [entry["name"] for entry in written]
    again = ["evaluate", "net.yaml", "--arch", "seneca", "--mapping", "onnx2zz_out/mapping.yaml", "--json", "-", *FAST]
    assert run(again) == 0
    assert json.loads(capsys.readouterr().out)["total"] == result["total"]


def test_auto_starts_from_a_mapping_file_of_ones_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.yaml").write_text("- {name: default, spatial_mapping: {D1: ['K, 4']}}\n")
    command = ["evaluate", "net.yaml", "--arch", "seneca", "--mapping", "auto:mine.yaml", "--mapping-rules", "free"]
    assert run([*command, "--mapping-budget", "2", "--json", "-", *FAST]) == 0
    stem = json.loads(capsys.readouterr().out)["layers"][0]
    mine = [other for other in stem["choice"]["runners_up"] if other["origin"] == "mapping file"]
    assert [other["spatial_mapping"] for other in mine] == [{"D1": {"K": 4}}]


@pytest.mark.parametrize("more", [("--opt", "EDP"), ("--paranoid",), ("--mapping", "auto"), ("--arch", "tpu_like")])
def test_annealing_is_refused_where_it_means_nothing(more: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "net.yaml", "--arch", "seneca", "--engine", "salsa", *more]) == 2
    assert "salsa" in capsys.readouterr().err


@pytest.mark.parametrize(
    "switch",
    [("--mixed-mapping",), ("--temporal", "even"), pytest.param(("--engine", "salsa"), marks=pytest.mark.long)],
)
def test_zigzags_switches_are_reachable(switch: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["evaluate", "net.yaml", "--arch", "seneca", "--mapping", "generated", "--json", "-", *switch, *FAST]) == 0
    )
    assert json.loads(capsys.readouterr().out)["total"]["incomplete"] is False
