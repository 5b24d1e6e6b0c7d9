"""Sweeps over systems of cores: the numbers of single evaluations, rows for designs that a model does not fit, and what
does not go with what."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

import onnx2zz
from onnx2zz.design_space.plan import plan
from onnx2zz.design_space.reading import read_spec
from onnx2zz.errors import IncompleteResult, InputError
from onnx2zz.formats.shipped_files import find_accelerator
from tests.json_values import Document
from tests.model_files import save_model

ROW: Document = {
    "template": "seneca_2x2",
    "name": "row",
    "parameters": {"width": [1, 3], "bits": [64, 2097152]},
    "set": {
        "topology.mesh.0": "width",
        "topology.mesh.1": 1,
        "topology.bandwidth": "old / 2",
        "offchip.bandwidth": "2 * old",
        "core.memories.data_memory.size": "bits",
    },
}
LIMIT = 3


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    sizes = (24, 100, 20)
    weights = [
        numpy_helper.from_array(np.ones((a, b), np.float32), f"w{n}") for n, (a, b) in enumerate(pairwise(sizes))
    ]
    x = helper.make_tensor_value_info("t0", TensorProto.FLOAT, [3, sizes[0]])
    y = helper.make_tensor_value_info("t2", TensorProto.FLOAT, [3, sizes[-1]])
    nodes = [helper.make_node("MatMul", [f"t{n}", f"w{n}"], [f"t{n + 1}"]) for n in range(2)]
    save_model(helper.make_model(helper.make_graph(nodes, "small", [x], [y], weights)), tmp_path / "small.onnx")
    return tmp_path


def spec(**changed: object) -> Document:
    return {
        "models": ["small.onnx"],
        "accelerators": [ROW],
        "options": {"lpf_limit": LIMIT, "schedule": ["layers", "pipeline"]},
    } | changed


def problems(**changed: object) -> str:
    with pytest.raises(InputError) as error:
        onnx2zz.sweep(spec(**changed))
    return "\n".join(map(str, error.value.problems))


def test_rows_are_what_single_evaluations_of_the_written_files_say(folder: Path) -> None:
    """Each run again from the file that the sweep wrote, and what its parameters make of the system."""
    with pytest.warns(IncompleteResult):
        found = onnx2zz.sweep(spec(), output=folder / "out")
    fitting = [row for row in found.records() if row["bits"] > 64]
    assert {(row["width"], row["schedule"]) for row in fitting} == {(w, s) for w in (1, 3) for s in found_schedules()}
    for row in fitting:
        file = folder / "out" / "accelerators" / f"{row['accelerator']}.yaml"
        told = yaml.safe_load(file.read_text())
        assert (told["topology"]["mesh"], told["topology"]["bandwidth"]) == ([row["width"], 1], 16)
        assert told["offchip"]["bandwidth"] == 64
        again = onnx2zz.evaluate("small.onnx", str(file), lpf_limit=LIMIT, schedule=row["schedule"])
        system = again.system
        assert system is not None
        assert (row["energy_pj"], row["latency_cycles"]) == (again.total.energy_pj, again.total.latency_cycles)
        interval, bound = (
            (system.pipeline.interval_cycles, system.pipeline.interval_bound_cycles)
            if system.pipeline
            else (system.latency_cycles, system.bound_cycles)
        )
        assert (row["interval_cycles"], row["bound_cycles"]) == (interval, bound)
        assert row["gap"] == interval / bound
        assert row["cores"] == sum(core.busy_cycles > 0 for core in system.cores) <= row["width"]


def found_schedules() -> tuple[str, str]:
    return "layers", "pipeline"


def test_a_design_with_too_little_memory_is_a_row_that_says_why(folder: Path) -> None:
    with pytest.warns(IncompleteResult):
        found = onnx2zz.sweep(spec(), output=folder / "out")
    small = [row for row in found.records() if row["bits"] == 64]
    assert len(small) == len(found.runs) / 2
    for row in small:
        assert row["energy_pj"] is row["interval_cycles"] is row["cores"] is None
        assert "memories" in row["problem"], row["problem"]
    assert all(row["problem"] is None for row in found.records() if row["bits"] > 64)
    # And it is done: nothing is tried again.
    with pytest.warns(IncompleteResult):
        again = onnx2zz.sweep(spec(), output=folder / "out")
    assert (again.priced, again.runs) == (0, found.runs)


def test_a_system_as_it_is_beside_an_accelerator(folder: Path) -> None:
    asked = spec(accelerators=["seneca_core", "seneca_2x2"], options={"lpf_limit": LIMIT, "schedule": "layers"})
    found = onnx2zz.sweep(asked, html=folder / "page.html")
    one, system = found.runs
    assert (one["schedule"], one["cores"], system["schedule"], system["taken"]) == (None, None, "layers", "layers")
    told = onnx2zz.evaluate("small.onnx", "seneca_2x2", lpf_limit=LIMIT, schedule="layers")
    assert system["latency_cycles"] == told.total.latency_cycles
    # Each of four cores has what one has, its off-chip level apart.
    assert system["area"] == pytest.approx(4 * one["area"])
    assert len(list((folder / "page_runs").glob("*.html"))) == 2


def test_the_front_of_systems_is_of_cores_interval_latency_and_energy(tmp_path: Path) -> None:
    def pareto(*accelerators: object) -> tuple[str, ...]:
        (tmp_path / "s.yaml").write_text(yaml.safe_dump({"models": ["lenet5"], "accelerators": list(accelerators)}))
        return read_spec(tmp_path / "s.yaml").pareto

    assert pareto("seneca_2x2", ROW) == ("cores", "interval_cycles", "latency_cycles", "energy_pj")
    assert pareto("seneca_2x2", "seneca") == ("energy_pj", "latency_cycles", "area")


def test_options_of_one_schedule_are_of_no_account_for_another(tmp_path: Path) -> None:
    options: Document = {"schedule": ["layers", "pipeline", "auto"], "frames": [2, 5], "cores": ["all", "fewest"]}
    document = spec(accelerators=["seneca_2x2"], options=options, models=["lenet5"])
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(document))
    asked = [one.scheduling for one in plan(read_spec(tmp_path / "s.yaml"))]
    assert {(one.schedule, one.frames, one.cores) for one in asked if one} == {
        ("layers", 1, None),
        *(("pipeline", frames, cores) for frames in (2, 5) for cores in (None, "fewest")),
        ("auto", 2, None),
        ("auto", 5, None),
    }


def test_what_does_not_go_together_is_said_at_once() -> None:
    told = problems(options={"schedule": "layers", "frames": 3, "cores": ["any", "many"], "locality": True})
    for said in ("frames is 3", "several answers of one run", "all and fewest", "locality is of single accelerators"):
        assert said in told, told
    assert "schedule is of systems" in problems(accelerators=["seneca"])
    assert "none" not in problems(options={"schedule": "layers", "cores": "fewest"})


def test_fields_that_a_system_does_not_have() -> None:
    told = problems(accelerators=[{**ROW, "set": {"topology.width": "width * bits", "sidecar.clock_mhz": 3}}])
    assert "width is not there" in told and "a core's is `core.sidecar" in told, told
    other = Path("pairs.yaml")
    core = str(find_accelerator("seneca_core").path)
    document = {"cores": {0: core, 1: core}, "topology": {"ring": 2, "bandwidth": 8}}
    other.write_text(yaml.safe_dump(document))
    assert "not one `core: NAME`" in problems(accelerators=[{**ROW, "template": "pairs.yaml"}])


def test_an_array_of_another_size_is_filled_again(folder: Path) -> None:
    """seneca_core's mapping has 8 channels on its 8 NPEs; twice as many NPEs take 16, in half the cycles or so."""
    wide: Document = {**ROW, "parameters": {"npes": [8, 16]}, "set": {"core.operational_array.sizes.D1": "npes"}}
    # So that twice the units find their inputs and sums.
    wide["set"]["core.memories.event_register.size"] = "16 * npes"
    wide["set"]["core.memories.event_register.ports.*.bandwidth_max"] = "16 * npes"
    asked = spec(accelerators=[wide], options={"lpf_limit": LIMIT, "schedule": "pipeline"})
    found = onnx2zz.sweep(asked, output=folder / "out")
    narrow, broad = (row["interval_cycles"] for row in found.records())
    assert broad < 0.75 * narrow
    assert "K, 16" in (folder / "out" / "accelerators" / "row_npes16.mapping.yaml").read_text()
