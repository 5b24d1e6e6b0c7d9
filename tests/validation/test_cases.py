"""The cases that ship: every figure keeps its band, and is what it was."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import validation_cases
from onnx2zz.pricing.resources import Resources
from onnx2zz.validation.case import COLUMNS, TOTAL, all_cases, find_case, read_case
from onnx2zz.validation.keep import keep
from onnx2zz.validation.run import Held, Outcome, run_case
from tests.present import present

SLOW = ("nvdla_resnet50",)
QUICK = [name for name in all_cases() if name not in SLOW]


def outcome(name: str, folder: Path) -> Outcome:
    return run_case(find_case(name), folder, Resources())


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.long) for name in SLOW)])
def test_a_case_keeps_its_bands_and_its_figures(name: str, tmp_path: Path) -> None:
    found = outcome(name, tmp_path)
    off = {(one.figure.layer, str(one.figure.measure)): one.off_percent for one in found.held if not one.in_band}
    moved = {(one.figure.layer, str(one.figure.measure)): one.ours for one in found.held if not one.as_kept}
    assert (off, moved) == ({}, {})


@pytest.mark.parametrize("name", all_cases())
def test_every_figure_has_a_source_and_ours(name: str) -> None:
    case = find_case(name)
    assert all(figure.source and figure.ours is not None for figure in case.figures)
    assert {figure.run for figure in case.figures} == {run.name for run in case.runs}
    assert any(figure.band is not None for figure in case.figures)


def of_layers(held: Iterable[Held], measure: str) -> dict[str, float]:
    """Of a layer that was run twice the later one holds: CONV3 as CONV4."""
    return {one.figure.layer: present(one.ours) for one in held if str(one.figure.measure) == measure}


def test_the_totals_of_eyeriss(tmp_path: Path) -> None:
    """103.5 ms and 15.4 MiB of table V, and 208.6 MiB with CONV3 as CONV4."""
    held = outcome("eyeriss_alexnet", tmp_path).held
    as_published = [one for one in held if one.figure.run != "conv3_as_conv4"]
    latency, off_chip = (of_layers(as_published, measure) for measure in ("latency_ms", "traffic_mib dram"))
    assert len(latency) == len(off_chip) == 5
    assert sum(latency.values()) == pytest.approx(103.5, rel=0.03)
    assert sum(off_chip.values()) == pytest.approx(15.4, rel=0.02)
    assert sum(of_layers(held, "traffic_mib glb").values()) == pytest.approx(208.6, rel=0.02)


@pytest.mark.long
def test_sizes_of_nvdla_are_in_order(tmp_path: Path) -> None:
    frames = {int(one.figure.run.removeprefix("macs_")): present(one.ours) for one in outcome(SLOW[0], tmp_path).held}
    assert [macs for macs, _ in sorted(frames.items(), key=lambda one: one[1])] == sorted(frames)
    assert len(frames) == 7


def test_an_array_that_computes_in_memory_is_asked_of_its_total(tmp_path: Path) -> None:
    case = own_case(tmp_path, measure="tclk_ns", layer=TOTAL)
    (held,) = run_case(read_case(case), tmp_path, Resources()).held
    assert held.why == "only the total of an array that computes in memory has a clock, an area and a peak"


def test_figures_that_a_result_has_not(tmp_path: Path) -> None:
    """An area of an accelerator whose sidecar has none, energies of a total."""
    said: list[str] = []
    for measure in ("area_mm2", "pj_per_mac register"):
        (held,) = run_case(read_case(own_case(tmp_path, measure=measure, layer=TOTAL)), tmp_path, Resources()).held
        said.append(held.why)
    assert said == ["an area is a total's whose sidecar has areas", "energy by memory is a layer's"]


def own_case(folder: Path, **changes: str) -> Path:
    """A case with one layer of SCALE-Sim's."""
    source = validation_cases()["scale_sim"]
    for file in ("layers.yaml", "layers.mapping.yaml", "ws_32x32.yaml", "ws_32x32.onnx2zz.yaml"):
        (folder / file).write_bytes((source / file).read_bytes())
    run = {"workload": "layers.yaml", "accelerator": "ws_32x32.yaml", "mapping": "layers.mapping.yaml"}
    document = {"title": "Own", "label": "calibration", "source": "here", "runs": {"one": run}}
    (folder / "case.yaml").write_text(yaml.safe_dump(document))
    row = {
        "run": "one",
        "layer": "L1_conv1x1",
        "measure": "cycles",
        "published": "7000",
        "band_percent": "1",
        "ours": "",
        "source": "a page",
        "note": "",
    }
    with (folder / "published.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerow([(row | changes)[column] for column in COLUMNS])
    return folder


@pytest.mark.parametrize(("published", "code"), [("7000", 0), ("6900", 1)])
def test_the_exit_code_says_whether_a_band_is_kept(
    published: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = own_case(tmp_path, published=published)
    assert run(["validate", str(case), "--no-cache", "--json", "-"]) == code
    ((figure,),) = [one["figures"] for one in json.loads(capsys.readouterr().out)["cases"]]
    assert (figure["ours"], figure["in_band"]) == (7023, code == 0)
    assert figure["off_percent"] == pytest.approx(100 * (7023 / float(published) - 1))


def test_a_figure_that_moved_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(own_case(tmp_path, ours="7024.0")), "--no-cache"]) == 1
    assert "not as it was" in capsys.readouterr().out
    assert run(["validate", str(tmp_path), "--no-cache", "--update-golden"]) == 0
    assert run(["validate", str(tmp_path), "--no-cache"]) == 0


def test_what_is_kept_is_all_that_was_there(tmp_path: Path) -> None:
    case = own_case(tmp_path, note='with a "quote", and a comma', band_percent="0.5")
    found = run_case(read_case(case), tmp_path, Resources())
    keep(found)
    (after,) = read_case(case).figures
    assert (after.ours, after.note, after.band, after.published) == (7023.0, found.held[0].figure.note, 0.5, 7000.0)


def test_a_layer_or_a_figure_that_there_is_not(tmp_path: Path) -> None:
    (held,) = run_case(read_case(own_case(tmp_path, layer="L9")), tmp_path, Resources()).held
    assert (held.ours, held.why, held.in_band) == (None, "no L9", False)
    (held,) = run_case(read_case(own_case(tmp_path, measure="latency_ms", layer=TOTAL)), tmp_path, Resources()).held
    assert held.why == "the sidecar has no clock"


def test_all_that_is_wrong_with_a_case_is_said(tmp_path: Path) -> None:
    case = own_case(tmp_path, run="two", measure="speed", published="many", source="")
    with pytest.raises(InputError) as raised:
        read_case(case)
    place = f"{case / 'published.csv'}:2"
    assert [str(problem).split(";")[0] for problem in raised.value.problems] == [
        f"{place}: no run two",
        f"{place}: no measure 'speed'",
        f"{place}: published is 'many'",
        f"{place}: a figure without a source",
    ]
    with pytest.raises(InputError, match="no such case; did you mean scale_sim"):
        find_case("scale_sin")
