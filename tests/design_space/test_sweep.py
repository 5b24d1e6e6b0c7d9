"""Whole sweeps: the numbers of single evaluations, each unit once, and nothing lost or done twice after a kill."""

import csv
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from onnx2zz.cli.main import run
from onnx2zz.design_space import run as sweep_run
from onnx2zz.design_space.columns import COLUMNS, SweptRun
from onnx2zz.design_space.design import filling
from onnx2zz.design_space.designs import designs
from onnx2zz.design_space.plan import Run, plan
from onnx2zz.design_space.reading import read_spec
from onnx2zz.design_space.results import Results
from onnx2zz.design_space.run import sweep
from onnx2zz.errors import InputError
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.mapping_entry import read_mapping
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.pricing.accounted import HostNode
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.physical import instances
from onnx2zz.pricing.price_cache import NoStore
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation, LayerResult, Total
from tests.command_line import TELLS_EACH_LAYER
from tests.docs_commands import DOCS, console_commands
from tests.json_values import Document, load_document
from tests.model_files import save_model
from tests.present import not_installed, present

CORE: Document = {
    "template": "seneca",
    "name": "core",
    "parameters": {"npes": [4, 24], "technology": {"gf22": {"energy": 1}, "n7": {"energy": 0.4}}},
    "set": {
        "operational_array.sizes.D1": "npes",
        "operational_array.unit_energy": "old * technology.energy",
        "memories.*.r_cost": "old * technology.energy",
        "memories.event_register.ports.*.bandwidth_max": "max(16 * npes, old)",
        "memories.event_register.size": "max(16 * npes, old)",
        "sidecar.memories.data_memory.um2_per_bit": "old * technology.energy",
    },
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    products(tmp_path / "small.onnx", 24, 36, 20)
    products(tmp_path / "other.onnx", 24, 36, 42)
    return tmp_path


def products(path: Path, *sizes: int) -> None:
    """A chain of matrix products; one of the two models' is in the other as well."""
    weights = [
        numpy_helper.from_array(np.arange(a * b, dtype=np.float32).reshape(a, b), f"w{n}")
        for n, (a, b) in enumerate(pairwise(sizes))
    ]
    x = helper.make_tensor_value_info("t0", TensorProto.FLOAT, [3, sizes[0]])
    y = helper.make_tensor_value_info(f"t{len(weights)}", TensorProto.FLOAT, [3, sizes[-1]])
    nodes = [helper.make_node("MatMul", [f"t{n}", f"w{n}"], [f"t{n + 1}"]) for n in range(len(weights))]
    save_model(helper.make_model(helper.make_graph(nodes, path.stem, [x], [y], weights)), path)


def write_spec(**changed: object) -> None:
    document: Document = {
        "models": ["small.onnx"],
        "accelerators": ["tpu_like", CORE],
        "options": {"lpf_limit": 4},
    } | changed
    Path("sweep.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def rows(folder: Path | str = "onnx2zz_sweep", table: str = "runs") -> list[dict[str, str]]:
    with Path(folder, f"{table}.csv").open() as file:
        return list(csv.DictReader(file))


def swept(capsys: pytest.CaptureFixture[str], *options: str):
    """Exit code and how many units were priced for how many layers."""
    code = run(["sweep", "sweep.yaml", "--jobs", "1", *options])
    said = capsys.readouterr()
    assert code in (0, 3), said.err
    words = said.err.splitlines()[-1].split()
    return code, int(words[1].replace(",", "")), int(words[5].replace(",", "")), said


def test_the_numbers_are_those_of_single_evaluations(capsys: pytest.CaptureFixture[str]) -> None:
    write_spec(options={"lpf_limit": 4, "opt": ["latency", "energy"]})
    swept(capsys)
    found = rows()
    assert len(found) == 5 * 2
    for row in found:
        files = f"--arch onnx2zz_sweep/accelerators/{row['accelerator']}.yaml"
        files += f" --mapping onnx2zz_sweep/accelerators/{row['accelerator']}.mapping.yaml"
        options = f"--opt {row['opt']} --lpf-limit {row['lpf_limit']} --no-cache --json - --jobs 1"
        assert run(["evaluate", f"{row['model']}.onnx", *files.split(), *options.split()]) == 0
        total = json.loads(capsys.readouterr().out)["total"]
        assert (float(row["energy_pj"]), float(row["latency_cycles"])) == (
            total["energy_pj"],
            total["latency_cycles"],
        )
        assert int(row["macs"]) == total["macs"]
        if "physical" in total:
            assert float(row["area"]) == total["physical"]["area_um2"]
            assert float(row["latency_ns"]) == total["physical"]["latency_ns"]


def test_a_unit_is_priced_once_whatever_runs_it_is_in(capsys: pytest.CaptureFixture[str]) -> None:
    """24x36 and 36x20, 24x36 and 36x42: three distinct layers of four, on five accelerators."""
    write_spec(models=["small.onnx", "other.onnx"])
    assert swept(capsys)[1:3] == (3 * 5, 4 * 5)


def test_the_cache_is_shared_with_single_evaluations(capsys: pytest.CaptureFixture[str]) -> None:
    write_spec(accelerators=["seneca"])
    assert run(["evaluate", "small.onnx", "--arch", "seneca", "--lpf-limit", "4"]) == 0
    capsys.readouterr()
    assert swept(capsys)[1:3] == (0, 2)


def test_what_is_finished_is_not_done_again_even_without_the_cache(capsys: pytest.CaptureFixture[str]) -> None:
    write_spec()
    first = swept(capsys, "--cache", "one")
    before = rows()
    again = swept(capsys, "--cache", "another")
    assert (first[1], again[1], rows()) == (10, 0, before)
    write_spec(models=["small.onnx", "other.onnx"])
    assert swept(capsys, "--cache", "another")[1] == 10
    assert [row for row in rows() if row["model"] == "small"] == before


def test_a_batch_that_did_not_end_is_taken_up_from_its_prices(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first batch ends, the second is interrupted after one price."""
    write_spec()
    monkeypatch.setattr(sweep_run, "BATCH", 2)
    runs = plan(read_spec(folder / "sweep.yaml"))
    memory = Kept()
    seen: list[str] = []

    def interrupt(done: int, total: int, layer: str) -> None:
        seen.append(layer)
        if len(seen) == 2 * 2 + 1 + 2:  # all of the first batch and its end, one whole unit of the second
            raise KeyboardInterrupt

    with Results(folder / "out") as results:
        with pytest.raises(KeyboardInterrupt):
            sweep(runs, folder / "out", results, Resources(store=memory, watch=interrupt), lambda state: None)
        assert results.finished() == {one.key for one in runs[:2]}
    with Results(folder / "out") as results:
        state = sweep(runs, folder / "out", results, Resources(store=memory), lambda state: None)
        assert (state.done, state.priced) == (5, 3 * 2 - 1)
        whole = results.runs([one.key for one in runs])
    with Results(folder / "anew") as results:
        sweep(runs, folder / "anew", results, Resources(), lambda state: None)
        assert results.runs([one.key for one in runs]) == whole


class Kept(NoStore):
    """A memory that lasts as long as the test."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str):
        return json.loads(self.values[key]) if key in self.values else None

    def put(self, key: str, value: object) -> None:
        self.values[key] = json.dumps(value)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_and_started_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_spec(accelerators=["tpu_like", "edge_tpu_like", "seneca"])
    command = [
        sys.executable,
        "-c",
        TELLS_EACH_LAYER,
        "sweep",
        "sweep.yaml",
        "--jobs",
        "1",
        "--cache",
        "kept",
        "-o",
        "killed",
    ]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    for line in present(started.stderr):
        if line.startswith("4/6"):  # three are done
            started.send_signal(signal.SIGKILL)
            break
    present(started.stderr).close()
    assert started.wait(60) == -signal.SIGKILL
    assert not Path("killed/runs.csv").exists()
    _, priced, _, _ = swept(capsys, "--cache", "kept", "-o", "killed")
    assert 1 <= priced <= 3
    swept(capsys, "--cache", "fresh", "-o", "whole")
    assert rows("killed") == rows("whole")
    assert rows("killed", "layers") == rows("whole", "layers")


def test_macs_of_the_host_leave_a_run_without_totals_as_well() -> None:
    layer = LayerResult(0, "L0_conv", "Conv", 12.5, 70.0, 960)
    whole = Evaluation("net", "npe", "3", "0", "latency", Total(12.5, 70.0, 960, False), (layer,), 1, 1, 0)
    lost = replace(
        whole,
        total=replace(whole.total, incomplete=True),
        host=(HostNode("a", "TopK", ""), HostNode("b", "If", "", None)),
    )
    energy, not_priced = (column for column in COLUMNS if column.name in ("energy_pj", "not_priced"))
    neither_asks_for_it: Any = None
    swept_ = [SweptRun(neither_asks_for_it, one, 0.0) for one in (whole, lost)]
    assert [energy.value(one) for one in swept_] == [12.5, None]
    assert [not_priced.value(one) for one in swept_] == [0, 1]


def test_a_layer_without_a_price_leaves_its_run_without_totals(capsys: pytest.CaptureFixture[str]) -> None:
    """36 x 20 weights of 8 bit do not fit 4096 bit; 24 x 36 neither."""
    tiny = {
        "template": "seneca_core",
        "parameters": {"bits": [4096, 2**20]},
        "set": {"memories.data_memory.size": "bits"},
    }
    write_spec(accelerators=[tiny])
    code, _, _, said = swept(capsys)
    assert code == 3
    assert "2 of 2 runs done, 1 with layers that have no price" in said.out
    small, large = rows()
    assert (small["energy_pj"], small["latency_cycles"], small["not_priced"]) == ("", "", "2")
    assert float(large["energy_pj"]) > 0
    assert [row["accelerator"] for row in rows(table="pareto")] == ["seneca_core_bits1048576"]
    assert all(layer["error"] for layer in rows(table="layers")[:2])
    assert swept(capsys)[1] == 0  # a failure is a finished run


def test_area_is_the_sidecars_where_it_has_a_figure(folder: Path) -> None:
    """Bits x um2 per bit; one memory for each unit where it serves no dimension."""
    write_spec(accelerators=[CORE])
    runs = (one for one in plan(read_spec(folder / "sweep.yaml")) if isinstance(one, Run))
    by_name = {one.design.name: one for one in runs}
    run_ = by_name["core_npes24_technologyn7"]
    event, registers = 16 * 24 * 3.6, 24 * 1024 * 3.6
    assert sweep_run.area(run_) == pytest.approx(event + registers + 2097152 * 0.2 * 0.4 + 68719476736 * 0.003)


def test_area_without_a_sidecar_is_zigzags_fields(folder: Path) -> None:
    write_spec(accelerators=["eyeriss_like"])
    (only,) = plan(read_spec(folder / "sweep.yaml"))
    assert isinstance(only, Run)
    hierarchy = read_hierarchy(only.design.document)
    document: Document = only.design.document
    areas = {str(name): memory["area"] for name, memory in document["memories"].items()}
    memories = sum(areas[m.name] * instances(m, hierarchy) for m in hierarchy.memories)
    assert sweep_run.area(only) == pytest.approx(memories + 0.1 * hierarchy.units)


def test_a_mapping_that_filled_the_array_fills_it_again() -> None:
    mapping: list[Document] = [
        {"name": "default", "spatial_mapping": {"D1": ["K, 32"], "D2": ["C, 4", "FX, 8"]}},
        {"name": "Add", "spatial_mapping": {"D1": ["G, 16"]}},
        {"name": "Conv"},
    ]
    filled = filling(mapping, {"D1": 32, "D2": 32}, {"D1": 48, "D2": 64})
    assert [entry.spatial_mapping for entry in read_mapping(filled)] == [
        {"D1": ("K, 48",), "D2": ("C, 4", "FX, 8")},
        {"D1": ("G, 16",)},
        None,
    ]
    assert mapping[0]["spatial_mapping"]["D1"] == ["K, 32"]


def test_wrong_settings_are_said_at_once_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {"operational_array.sizes.D9": "npes", "memories.*.r_cost": "old * tecnology", "memories.l1.size": "1"}
    write_spec(accelerators=[CORE | {"set": broken}], models=["small.onnx", {"model": "lenet5", "dim": {"n": 3}}])
    assert run(["sweep", "sweep.yaml"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("error: sweep.yaml:") for line in lines[:3])
    for line, said in zip(lines, ("no dimension D9", "did you mean technology?", "l1 is not there"), strict=False):
        assert said in line
    assert len(lines) == 4  # and lenet5 has no dim n
    assert not Path("onnx2zz_sweep").exists()


def test_what_zigzag_refuses_is_said_before_anything_is_priced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without_ports = load_document(find_accelerator("seneca").path)
    del without_ports["memories"]["data_memory"]["ports"]
    (folder / "mine.yaml").write_text(yaml.safe_dump(without_ports))
    write_spec(accelerators=["tpu_like", "mine.yaml"])
    assert run(["sweep", "sweep.yaml"]) == 1
    assert re.search(r"error: sweep.yaml:5: mine: .*data_memory.*ports", capsys.readouterr().err)
    with Results(folder / "onnx2zz_sweep") as results:
        assert not results.finished()


def test_a_mapping_chosen_for_each_layer(capsys: pytest.CaptureFixture[str]) -> None:
    write_spec(accelerators=["tpu_like"], options={"mapping": ["own", "auto", "optimal"], "lpf_limit": 3})
    swept(capsys)
    own, auto, optimal = rows()
    assert (own["mapping"], auto["mapping"], optimal["mapping"]) == ("own", "auto", "optimal")
    assert float(auto["latency_cycles"]) <= float(own["latency_cycles"])
    assert float(optimal["latency_cycles"]) <= float(own["latency_cycles"])
    assert len(list(Path("onnx2zz_sweep/mappings").iterdir())) == 2


def test_a_dry_run_prices_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_spec()
    assert run(["sweep", "sweep.yaml", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "5 runs"
    assert not Path("onnx2zz_sweep").exists()


def test_a_file_that_is_another_program_s(folder: Path) -> None:
    connection = sqlite3.connect(folder / "sweep.sqlite")
    connection.execute("CREATE TABLE runs (id, what)")
    connection.close()
    with pytest.raises(InputError, match="another program's"):
        Results(folder)


def test_parameters_are_columns(capsys: pytest.CaptureFixture[str]) -> None:
    write_spec(accelerators=[CORE])
    swept(capsys)
    assert [(row["npes"], row["technology"]) for row in rows()] == [
        ("4", "gf22"),
        ("4", "n7"),
        ("24", "gf22"),
        ("24", "n7"),
    ]


def test_two_designs_of_one_name(tmp_path: Path) -> None:
    taken: Document = {"template": "seneca", "name": "core_npes4_technologyn7", "set": {}}
    write_spec(accelerators=[CORE, taken])
    with pytest.raises(InputError, match="a second accelerator is called core_npes4_technologyn7"):
        designs(read_spec(tmp_path / "sweep.yaml").accelerators)


def test_parquet_holds_what_the_csv_holds(capsys: pytest.CaptureFixture[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_spec(accelerators=["tpu_like"])
    swept(capsys, "--parquet")
    (row,) = parquet.read_table("onnx2zz_sweep/runs.parquet").to_pylist()
    assert (row["energy_pj"], row["model"]) == (float(rows()[0]["energy_pj"]), "small")


def test_a_package_that_is_missing_is_said_before_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("onnx2zz.api.extras.find_spec", not_installed)
    write_spec()
    assert run(["sweep", "sweep.yaml", "--parquet"]) == 1
    assert 'pip install "onnx2zz[parquet]"' in capsys.readouterr().err


def test_the_page_s_example_and_commands(folder: Path) -> None:
    (example,) = re.findall(r"```yaml\n(models:.*?)```", (DOCS / "sweep.md").read_text(), re.DOTALL)
    (folder / "cores.yaml").write_text(example)
    (chips,) = re.findall(r"```yaml title=\"chips.yaml\"\n(.*?)```", (DOCS / "sweep.md").read_text(), re.DOTALL)
    (folder / "chips.yaml").write_text(chips)
    for command in console_commands("sweep"):
        assert run(shlex.split(command)[1:]) == 0, command
    assert Path("onnx2zz_sweep/front.svg").stat().st_size > 1000
    assert len(rows(table="pareto")) >= 2


@pytest.mark.skipif(os.name != "posix", reason="timers that end a process")
def test_a_layer_that_takes_too_long_is_tried_again_at_the_next_start(capsys: pytest.CaptureFixture[str]) -> None:
    write_spec(accelerators=["tpu_like"])
    assert run(["sweep", "sweep.yaml", "--jobs", "1", "--layer-timeout", "0.001"]) == 3
    said = capsys.readouterr()
    assert "0 of 1 runs done" in said.out
    assert "took longer than 0.001 s (--layer-timeout); runs with this layer are tried again" in said.err
    assert rows() == []
    assert swept(capsys)[:2] == (0, 2) and len(rows()) == 1


def test_a_workload_is_looked_at_once_for_all_accelerators(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from onnx2zz.pricing import inputs

    looked: list[str] = []

    def look(workload: PricedWorkload) -> tuple[()]:
        looked.append(workload.model)
        return ()

    monkeypatch.setattr(inputs, "_workload_problems", look)
    write_spec(accelerators=["tpu_like", "edge_tpu_like", "seneca"], models=["small.onnx", "other.onnx"])
    swept(capsys)
    assert sorted(looked) == ["other", "small"]
