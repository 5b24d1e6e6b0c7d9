"""Every function and command takes a system of cores, or says in a sentence that it does not and what does."""

import json
import pickle
from pathlib import Path

import pytest

import onnx2zz
from onnx2zz.api.drop_in import get_hardware_performance_zigzag
from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import find_accelerator
from tests.json_values import Document

FAST: Document = {"lpf_limit": 2, "cache": False}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python_gives_what_the_command_gives(folder: Path) -> None:
    assert run(["evaluate", "lenet5", "--arch", "seneca_2x2", "--lpf-limit", "2", "--no-cache", "-o", "c"]) == 0
    found = onnx2zz.evaluate("lenet5", "seneca_2x2", output="p", json="p.json", csv="p.csv", **FAST)
    for name in ("schedule.json", "trace.json"):
        assert (folder / "p" / name).read_bytes() == (folder / "c" / name).read_bytes()
    assert json.loads(Path("p.json").read_text()) == json.loads(Path("c/result.json").read_text())
    schedule = json.loads((folder / "p" / "schedule.json").read_text())
    assert found.system is not None
    assert found.system.latency_cycles == max(one["end"] for one in schedule["tiles"] + schedule["transfers"])
    assert sum(core.energy_pj for core in found.system.cores) == pytest.approx(schedule["energy"]["cores_pj"])
    assert [layer.cores for layer in found.system.layers] == [
        tuple(sorted({tile["core"] for tile in schedule["tiles"] if tile["layer"] == number})) for number in range(7)
    ]


def test_a_system_and_a_model_in_memory_need_no_folder(folder: Path) -> None:
    found = onnx2zz.evaluate(onnx2zz.compile("lenet5"), "seneca_2x2", **FAST)
    assert found.system is not None and len(found.system.cores) == 4
    assert list(folder.iterdir()) == []


def test_a_result_goes_from_process_to_process_with_its_schedule() -> None:
    found = onnx2zz.evaluate("lenet5", "seneca_2x2", **FAST)
    again = pickle.loads(pickle.dumps(found))
    assert again == found and again.page() == found.page()
    assert found.schedule is not None and again.schedule.trace() == found.schedule.trace()


def test_what_is_about_one_accelerator_is_refused_on_a_system_and_the_other_way_round() -> None:
    with pytest.raises(
        InputError, match="exploit_data_locality, save_mapping, plot: for one accelerator, and seneca_2x2 is"
    ):
        onnx2zz.evaluate("lenet5", "seneca_2x2", exploit_data_locality=True, save_mapping="m.yaml", plot="f", **FAST)
    with pytest.raises(InputError, match="placement: for a system of cores, and seneca is one accelerator"):
        onnx2zz.evaluate("lenet5", "seneca", placement="p.yaml", **FAST)


def test_options_are_checked_as_on_one_accelerator() -> None:
    with pytest.raises(InputError, match="lpf_limit: is 0"):
        onnx2zz.evaluate("lenet5", "seneca_2x2", lpf_limit=0)
    with pytest.raises(InputError, match="--engine salsa optimises latency or energy"):
        onnx2zz.evaluate("lenet5", "seneca_2x2", engine="salsa", opt="EDP")


def test_a_schedule_does_not_outlive_its_result(folder: Path) -> None:
    onnx2zz.evaluate("lenet5", "seneca_2x2", output="o", **FAST)
    assert (folder / "o" / "schedule.json").is_file() and (folder / "o" / "trace.json").is_file()
    onnx2zz.evaluate("lenet5", "seneca", output="o", **FAST)
    assert not (folder / "o" / "schedule.json").exists() and not (folder / "o" / "trace.json").exists()


def test_every_layer_that_takes_too_long_is_said_and_no_schedule_is_written(folder: Path) -> None:
    with pytest.warns(onnx2zz.IncompleteResult):
        found = onnx2zz.evaluate("lenet5", "seneca_2x2", layer_timeout=1e-3, output="o", **FAST)
    assert found.system is None and all(layer.error for layer in found.layers)
    assert "--layer-timeout" in str(found.layers[0].error)
    assert not (folder / "o" / "schedule.json").exists()


def test_compile_for_a_system_writes_no_mapping_and_says_what_for(folder: Path) -> None:
    assert run(["compile", "lenet5", "--arch", "seneca", "-o", "o"]) == 0
    assert (folder / "o" / "mapping.yaml").is_file()
    assert run(["compile", "lenet5", "--arch", "seneca_4x4", "-o", "o"]) == 0
    assert not (folder / "o" / "mapping.yaml").exists()
    assert json.loads((folder / "o" / "coverage.json").read_text())["arch"] == "seneca_4x4"


def test_compile_for_a_system_that_is_none_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "s.yaml").write_text("name: s\ncore: seneca_core\ntopology: {mesh: [2, 0], bandwidth: 32}\n")
    assert run(["compile", "lenet5", "--arch", "s.yaml", "-o", "o"]) == 1
    assert "s.yaml:3: mesh is [2, 0]" in capsys.readouterr().err
    assert not (folder / "o").exists()


def test_the_zoo_says_that_it_takes_single_accelerators(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zoo", "run", "--model", "lenet5", "--arch", "seneca_2x2"]) == 1
    assert "`onnx2zz evaluate` takes a system" in capsys.readouterr().err


def test_zigzags_function_says_that_it_takes_single_accelerators() -> None:
    with pytest.raises(InputError, match=r"onnx2zz\.evaluate takes a system"):
        get_hardware_performance_zigzag("lenet5", "seneca_2x2", "seneca_core")


@pytest.mark.parametrize("interrupt", ["pricing", "scheduling"])
def test_an_interrupted_run_leaves_no_result(
    interrupt: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"pricing": "onnx2zz.pricing.task.price_task", "scheduling": "onnx2zz.system.search.ordered"}

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    assert run(["evaluate", "lenet5", "--arch", "seneca_2x2", "--lpf-limit", "2", "--jobs", "1"]) == 0
    monkeypatch.setattr(places[interrupt], stop)
    arguments = ["evaluate", "lenet5", "--arch", "seneca_2x2", "--lpf-limit", "2", "--jobs", "1", "--no-cache"]
    capsys.readouterr()
    assert run(arguments) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not (folder / "onnx2zz_out" / "schedule.json").exists()
    assert not [path for path in (folder / "onnx2zz_out").iterdir() if path.name.startswith(".")]


def test_progress_is_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "lenet5", "--arch", "seneca_2x2", "--lpf-limit", "2", "--no-cache"]) == 0
    said = capsys.readouterr().err
    assert "L0_conv1" in said and "schedules" in said


def test_rules_of_a_cores_sidecar_that_a_system_has_no_use_for_are_told(folder: Path) -> None:
    """Its clock and its leakage are used, what silicon does to a layer on one accelerator is not."""
    shipped = Path(find_accelerator("tpu_like_quad").path)
    (folder / "quad.yaml").write_text(shipped.read_text().replace("core: tpu_like_core", "core: core.yaml"))
    (folder / "core.yaml").write_bytes((shipped.parent / "cores" / "tpu_like_core.yaml").read_bytes())
    (folder / "core.onnx2zz.yaml").write_text("clock_mhz: 100\nsystolic_skew: [D1, D2]\nidle_mw: 3\n")
    with pytest.warns(UserWarning, match=r"core.onnx2zz.yaml: systolic_skew, idle_mw: not used on a system of cores"):
        found = onnx2zz.evaluate("lenet5", "quad.yaml", **FAST)
    assert found.total.physical is None
