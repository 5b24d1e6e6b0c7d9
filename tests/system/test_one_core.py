"""A system of one core, with nothing off the chip, costs what that core costs: every number, to the last bit."""

import json
from pathlib import Path

import pytest

from tests.json_values import Document
from tests.system.small_systems import evaluated

FIELDS = ("id", "name", "operator_type", "energy_pj", "latency_cycles", "macs", "spatial_utilization", "breakdown")
TOTALS = ("energy_pj", "latency_cycles", "macs")


def result(model: str, arch: str | Path, folder: Path, *options: str) -> Document:
    assert evaluated(model, arch, folder, *options, "--json", str(folder / "result.json")) == 0
    return json.loads((folder / "result.json").read_text())


def check(model: str, core: str, folder: Path, more: str = "", mapping: str | None = None) -> None:
    """Compare both; `mapping`: the file for both, else each chooses."""
    (folder / "one.yaml").write_text(f"name: one\ncore: {core}\n{more}")
    named = ["--mapping", mapping] if mapping else []
    alone = result(model, core, folder / "alone", *named)
    system = result(model, folder / "one.yaml", folder / "system", *named)
    assert {key: alone["total"][key] for key in TOTALS} == {key: system["total"][key] for key in TOTALS}
    assert len(alone["layers"]) == len(system["layers"])
    for ours, theirs in zip(system["layers"], alone["layers"], strict=True):
        assert {key: ours[key] for key in FIELDS} == {key: theirs[key] for key in FIELDS}


@pytest.mark.parametrize("core", ["seneca", "tpu_like", "eyeriss_like"])
def test_lenet5_on_one_core_costs_what_evaluate_says(core: str, tmp_path: Path) -> None:
    check("lenet5", core, tmp_path, mapping=core)


@pytest.mark.long
def test_lenet5_on_one_core_costs_as_much_where_mappings_are_chosen(tmp_path: Path) -> None:
    check("lenet5", "tpu_like", tmp_path)


def test_a_bus_of_one_core_costs_nothing(tmp_path: Path) -> None:
    check("lenet5", "seneca", tmp_path, "topology: {bus: 1, bandwidth: 64}\n", "seneca")


@pytest.mark.long
@pytest.mark.parametrize("model", ["resnet18", "mobilenetv2", "yolov8n"])
def test_a_network_on_one_core_costs_what_evaluate_says(model: str, tmp_path: Path) -> None:
    check(model, "seneca", tmp_path, mapping="seneca")
