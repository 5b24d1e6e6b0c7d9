"""`onnx2zz cross-check`: what is written for another tool, what is read back, and what is said where it cannot say."""

import json
import os
from configparser import ConfigParser
from pathlib import Path
from typing import cast

import pytest
import yaml

from onnx2zz import InputError, cross_check, evaluate
from onnx2zz.cli.main import run
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.second_opinion.counts import CannotSayError, Count
from onnx2zz.second_opinion.layers import distinct
from onnx2zz.second_opinion.process import version_in
from onnx2zz.second_opinion.scale_sim import read_reports, settings, topology
from onnx2zz.second_opinion.systolic import Array as TheirArray
from onnx2zz.second_opinion.systolic import array_of, cycles, product_of, refuse_other_arrays
from onnx2zz.second_opinion.tools import ToolName
from tests.pricing.silicon.systolic import Array, Dataflow, Layer, mapping
from tests.second_opinion.stand_in import stand_in

VALIDATION = Path(__file__).parents[2] / "validation" / "scale_sim"
LAYERS = (str(VALIDATION / "layers.yaml"), "--arch", str(VALIDATION / "ws_32x32.yaml"))
MAPPED = (*LAYERS, "--mapping", str(VALIDATION / "layers.mapping.yaml"))
STRIDED = Layer(channels=32, filters=48, height=15, width=65, taps=3, stride=2)
SAID: dict[Dataflow, tuple[int, ...]] = {
    "ws": (27431, 193536, 13824, 387072),
    "is": (39311, 64512, 193536, 387072),
    "os": (26039, 193536, 387072, 12768),
}
"""Cycles, words of I and W read and of O written: what scalesim 3.0.0 said of this layer on 8 x 16 units."""
OTHER_PYTHON = os.environ.get("ONNX2ZZ_CROSS_CHECK_PYTHON")


@pytest.fixture(autouse=True)
def no_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONNX2ZZ_CROSS_CHECK_PYTHON", raising=False)


@pytest.fixture
def scalesim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(stand_in(tmp_path / "packages")))


def files(folder: Path, array: Array, layer: Layer, sidecar: bool = True) -> tuple[Path, Path, Path]:
    names = tuple(folder / f"{name}.yaml" for name in ("workload", "array", "mapping"))
    for file, document in zip(names, ([layer.entry()], array.accelerator(), [mapping(array, layer)]), strict=True):
        file.write_text(yaml.safe_dump(document, sort_keys=False))
    if sidecar:
        (folder / "array.onnx2zz.yaml").write_text("systolic_skew: [D1, D2]\n")
    return names[0], names[1], names[2]


@pytest.mark.parametrize("dataflow", ["ws", "is", "os"])
def test_the_dataflow_follows_from_the_spatial_loops(tmp_path: Path, dataflow: Dataflow) -> None:
    array = Array(dataflow, 8, 16)
    workload, accelerator, mapped = files(tmp_path, array, STRIDED)
    found = evaluate(workload, accelerator, mapped, cache=False)
    (asked,) = distinct(found.workload, found.layers)
    theirs = array_of(asked, read_hierarchy(array.accelerator()))
    assert theirs == TheirArray(dataflow, 8, 16)
    assert cycles(theirs, product_of(asked.layer)) == SAID[dataflow][0]


@pytest.mark.usefixtures("scalesim")
@pytest.mark.parametrize("dataflow", ["ws", "is", "os"])
def test_counts_of_every_dataflow_are_ours(tmp_path: Path, dataflow: Dataflow) -> None:
    found = cross_check(*files(tmp_path, Array(dataflow, 8, 16), STRIDED), cache=False)
    (layer,) = found.opinions[0].layers
    assert tuple(count.theirs for count in layer.counts) == SAID[dataflow]
    named = {count.what: count.reason for count in layer.counts if count.ratio != 1}
    if dataflow == "os":
        assert "adds rows + columns" in named.pop("words O write o_buffer")
    assert not named


@pytest.mark.usefixtures("scalesim")
def test_a_skew_that_no_sidecar_states_is_the_reason(tmp_path: Path) -> None:
    found = cross_check(*files(tmp_path, Array("ws", 8, 16), STRIDED, sidecar=False), cache=False)
    time = found.opinions[0].layers[0].counts[0]
    assert time.after_rules is None and time.ratio is not None and time.ratio < 1
    assert "no sidecar with `systolic_skew`" in time.reason


@pytest.mark.usefixtures("scalesim")
def test_layers_that_are_alike_run_once(tmp_path: Path) -> None:
    _, accelerator, mapped = files(tmp_path, Array("ws", 8, 16), STRIDED)
    twice = [STRIDED.entry(), {**STRIDED.entry(), "id": 1, "name": "L1_conv", "operand_source": {"I": 1, "W": 1}}]
    (tmp_path / "twice.yaml").write_text(yaml.safe_dump(twice))
    (layer,) = cross_check(tmp_path / "twice.yaml", accelerator, mapped, cache=False).opinions[0].layers
    assert (layer.layer, layer.alike) == ("L0_conv", ("L1_conv",))


@pytest.mark.usefixtures("scalesim")
def test_a_group_is_run_and_counts_as_often_as_there_are_groups(tmp_path: Path) -> None:
    array = Array("ws", 8, 16)
    _, accelerator, _ = files(tmp_path, array, STRIDED)
    entry, mapped = STRIDED.entry(), mapping(array, STRIDED)
    entry["equation"] = "O[g][k][oy][ox]+=W[g][k][c][fy][fx]*I[g][c][iy][ix]"
    entry["loop_dims"], entry["loop_sizes"] = ["G", "K", "OY", "OX", "C", "FY", "FX"], [3, 48, 7, 32, 32, 3, 3]
    cast("list[list[object]]", mapped["temporal_ordering"]).append(["G", 3])
    (tmp_path / "grouped.yaml").write_text(yaml.safe_dump([entry]))
    (tmp_path / "grouped_mapping.yaml").write_text(yaml.safe_dump([mapped]))
    found = cross_check(tmp_path / "grouped.yaml", accelerator, tmp_path / "grouped_mapping.yaml", cache=False)
    (layer,) = found.opinions[0].layers
    assert tuple(count.theirs for count in layer.counts) == tuple(3 * count for count in SAID["ws"])
    assert layer.counts[0].reason == "3 x (108 folds x (2 x 8 + 16 - 2 + 224) - 1)"
    assert all(count.ratio == 1 for count in layer.counts[1:])


@pytest.mark.usefixtures("scalesim")
def test_a_tool_that_stops_says_why(tmp_path: Path) -> None:
    (tmp_path / "packages" / "scalesim" / "scale_sim.py").write_text("raise RuntimeError('wrong numpy')\n")
    found = cross_check(*files(tmp_path, Array("ws", 8, 16), STRIDED), cache=False)
    assert found.incomplete
    assert found.opinions[0].cannot_say == "it stopped: RuntimeError: wrong numpy"


@pytest.mark.usefixtures("scalesim")
def test_the_command_writes_what_it_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "found.json"
    assert run(["cross-check", *MAPPED, "--with", "scalesim", "--no-cache", "--json", str(target)]) == 0
    assert "18 folds x (2 x 32 + 32 - 2 + 784) - 1" in capsys.readouterr().out
    (tool,) = json.loads(target.read_text())["tools"]
    assert (tool["version"], len(tool["layers"])) == ("3.0.0", 3)
    # What SCALE-Sim 3.0.0 itself said of the first layer (validation/scale_sim/published.csv).
    assert [count["theirs"] for count in tool["layers"][0]["counts"]] == [15803, 451584, 18432, 451584]


@pytest.mark.usefixtures("scalesim")
def test_an_array_of_other_dims_is_refused_with_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        "cross-check",
        "lenet5",
        "--arch",
        "meta_prototype",
        "--lpf-limit",
        "3",
        "--with",
        "scalesim",
        "--no-cache",
    ]
    assert run(asked) == 3
    assert "it knows arrays of two dimensions, and this one has 4" in capsys.readouterr().out


@pytest.mark.usefixtures("scalesim")
def test_layers_without_a_dataflow_are_refused_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["cross-check", "lenet5", "--arch", "tpu_like", "--lpf-limit", "3", "--no-cache"]
    assert run([*asked, "--with", "scalesim"]) == 3
    said = capsys.readouterr().out
    assert "L0_conv1: no dataflow follows from K, FX along D1" in said
    assert "L1_pool1: Pooling is no product" in said


def test_an_operand_without_a_buffer_is_refused() -> None:
    document = Array("ws", 8, 16).accelerator()
    memories = document["memories"]
    assert isinstance(memories, dict)
    memories["i1_buffer"]["served_dimensions"] = ["D1"]
    with pytest.raises(CannotSayError, match="I1 has no such memory"):
        refuse_other_arrays(read_hierarchy(document))


def test_what_is_not_installed_or_not_supported_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["cross-check", *MAPPED, "--no-cache"]
    assert run([*asked, "--with", "scalesim", "--with", "timeloop", "--with", "accelforge"]) == 3
    said = capsys.readouterr().out
    assert "pip install scalesim==3.0.0" in said
    assert said.count("not supported: ") == 2


def test_a_python_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cross-check", *MAPPED, "--with", "scalesim", "--python", "no/python", "--no-cache"]) == 1
    assert "--python no/python: no Python starts here" in capsys.readouterr().err


def test_unknown_tools_and_systems_are_refused() -> None:
    with pytest.raises(InputError, match="one of scalesim"):
        cross_check("lenet5", "seneca", tools=cast("list[ToolName]", ["scalsim"]))
    with pytest.raises(InputError, match="a system of cores"):
        cross_check("lenet5", "seneca_2x2")


def test_files_are_those_that_scale_sim_reads() -> None:
    read = ConfigParser()
    read.read_string(settings(TheirArray("is", 4, 32)))
    array = read["architecture_presets"]
    assert (array["Dataflow"], array["ArrayHeight"], array["ArrayWidth"]) == ("is", "4", "32")
    assert topology(["a"], [(15, 65, 3, 2, 32, 48, 2)]).splitlines()[1] == "a, 15, 65, 3, 2, 32, 48, 2,"


def test_reports_of_another_version_are_refused(tmp_path: Path) -> None:
    (tmp_path / "COMPUTE_REPORT.csv").write_text("LayerID, Cycles,\n0, 7,\n")
    with pytest.raises(CannotSayError, match="no column 'Total Cycles'"):
        read_reports(tmp_path, 1)
    with pytest.raises(CannotSayError, match=r"wrote no COMPUTE_REPORT\.csv"):
        read_reports(tmp_path / "nowhere", 1)


def test_ratio_is_of_what_the_rules_leave() -> None:
    assert Count("cycles", 200, 150, 180).ratio == 0.9
    assert Count("cycles", 0, 150).ratio is None


def test_scale_sim_itself(tmp_path: Path) -> None:
    if not OTHER_PYTHON or version_in(OTHER_PYTHON, "scalesim") is None:
        pytest.skip("ONNX2ZZ_CROSS_CHECK_PYTHON names no Python with scalesim")
    for dataflow in SAID:
        folder = tmp_path / dataflow
        folder.mkdir()
        found = cross_check(*files(folder, Array(dataflow, 8, 16), STRIDED), python=OTHER_PYTHON, cache=False)
        assert tuple(count.theirs for count in found.opinions[0].layers[0].counts) == SAID[dataflow]
