"""The user's files after repair, priced by ZigZag, and the figures that are written down for them."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from onnx2zz.cli import main
from onnx2zz.cli.check import check_command
from onnx2zz.formats.shipped_files import Found, choose_mapping, find_accelerator, find_mapping
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.checks.seed_cases import needs_seed_cases, seed_files

pytestmark = needs_seed_cases

DECISIONS = {1: [], 3: [], 6: ["--decide", "missing-field=default"], 7: ["--decide", "capacity=extend"]}


def run(
    accelerator: Path,
    mapping: Path,
    layers: list[WorkloadEntry],
    folder: Path,
    *,
    locality: bool = False,
    lpf_limit: int = 4,
) -> Evaluation:
    workload, options = PricedWorkload("case", "case.yaml", tuple(layers)), PriceOptions(lpf_limit=lpf_limit)
    files = Found(accelerator.stem, accelerator), Found(mapping.stem, mapping)
    return evaluate(EvaluationRequest(workload, *files, options, locality), folder / "zigzag.log")


def repaired(number: int, folder: Path) -> tuple[Path, Path, list[WorkloadEntry]]:
    """The accelerator and the mapping that `check --fix` writes, and the layers of its workload."""
    files = seed_files(number)
    done = CliRunner().invoke(check_command, [*map(str, files), "--fix", "-o", str(folder), *DECISIONS[number]])
    assert done.exit_code == 0, done.output
    accelerator, mapping, workload = (folder / file.name for file in files)
    return accelerator, mapping, yaml.safe_load(workload.read_text())


@pytest.mark.parametrize("locality", [False, True])
@pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.long), 3, 6, 7])
def test_what_the_command_writes_runs(number: int, locality: bool, tmp_path: Path) -> None:
    found = run(*repaired(number, tmp_path), tmp_path, locality=locality)
    assert [layer.error for layer in found.layers] == [None] * len(found.layers)


def test_case_3_with_output_based_relations_costs_what_3_8_1_said(tmp_path: Path) -> None:
    """The accelerator as it is, its DRAM listed first, with locality: 661,077,290.88 pJ, 305,568 cycles.

    That is the net without weights in its pools. As the user wrote them, each pool has 2x2 weights of 16 b, and reads
    them at 4 x 700 pJ from the DRAM that ZigZag takes for the innermost memory: 5,600 pJ more.
    """
    accelerator, mapping, _ = seed_files(3)
    *_, layers = repaired(3, tmp_path)
    as_written = run(accelerator, mapping, layers, tmp_path, locality=True)
    for layer in layers:
        if layer["operator_type"] == "Pooling":
            layer["operand_precision"]["W"] = 0
    without = run(accelerator, mapping, layers, tmp_path, locality=True)
    assert (without.total.energy_pj, without.total.latency_cycles) == (pytest.approx(661_077_290.88, abs=0.01), 305_568)
    assert as_written.total.energy_pj - without.total.energy_pj == pytest.approx(2 * 4 * 700, abs=0.01)
    assert as_written.total.latency_cycles == 305_568


EVENTS = [  # relations, mapping, and what docs/seneca.md says about them
    ("input", "seneca", 65_423_623.9, 257_695),
    ("output", "seneca", 32_973_508.4, 160_069),
    ("output", "seneca_events", 33_913_809.2, 160_069),
]


@pytest.mark.parametrize(("relations", "mapping", "energy", "cycles"), EVENTS)
def test_what_input_based_loops_cost_on_the_event_driven_layout(
    relations: str, mapping: str, energy: float, cycles: int, tmp_path: Path
) -> None:
    *_, workload = seed_files(3)
    layers = yaml.safe_load(workload.read_text()) if relations == "input" else repaired(3, tmp_path)[2]
    accelerator = find_accelerator("seneca_events").path
    found = run(accelerator, find_mapping(mapping).path, layers, tmp_path, lpf_limit=6)
    assert (round(found.total.energy_pj, 1), found.total.latency_cycles) == (energy, cycles)
    page = (Path(__file__).parents[2] / "docs" / "seneca.md").read_text()
    assert f"| {energy:,} | {cycles:,} |" in page


@pytest.mark.long
def test_case_1_with_its_model_has_all_causes_and_no_other(tmp_path: Path) -> None:
    files = [*map(str, seed_files(1)), "--model", "zigzag:resnet18", "--json", str(tmp_path / "found.json")]
    CliRunner().invoke(check_command, files)
    found = yaml.safe_load((tmp_path / "found.json").read_text())["findings"]
    assert {one["code"] for one in found} == {"old-schema", "low-utilization", "missing-padding", "not-in-model"}
    assert not [one for one in found if one["severity"] == "error"]


@pytest.mark.parametrize("name", ["seneca", "seneca_core", "seneca_events", "tpu_like", "edge_tpu_like"])
def test_sound_triples_have_no_error(name: str, tmp_path: Path) -> None:
    accelerator = find_accelerator(name)
    assert main.run(["compile", "lenet5", "-o", str(tmp_path)]) == 0
    files = [str(accelerator.path), str(choose_mapping(None, accelerator).path), str(tmp_path / "workload.yaml")]
    for locality in ([], ["--exploit-data-locality"]):
        done = CliRunner().invoke(check_command, [*files, *locality, "--lpf-limit", "3"])
        assert done.exit_code == 0, done.output
