"""The sentence on wires that nobody declared: who asks the terminal reads it, and its share is that of the result."""

import json
from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.formats.yaml_source import parse_yaml
from onnx2zz.pricing.certificate import Certificate
from onnx2zz.pricing.choice_record import UndeclaredRecord
from onnx2zz.report.choices import proven
from onnx2zz.report.undeclared_wires import ChosenLayer, undeclared_wires
from onnx2zz.zigzag.objective import ObjectiveName, objective
from tests.small_workloads import gemm


def test_the_share_is_of_the_whole_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [gemm(0, None, "L0_few", k=3, c=64), gemm(1, 0, "L1_many", k=40, c=3), gemm(2, 1, "L2_few", k=5, c=40)]
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(layers))
    command = ["evaluate", str(tmp_path / "net.yaml"), "--arch", "seneca", "--mapping", "auto", "-o", str(tmp_path)]
    assert run([*command, "--no-cache", "--json", str(tmp_path / "result.json")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    found = [layer["choice"] for layer in json.loads((tmp_path / "result.json").read_text())["layers"]]
    shares = [one["undeclared"]["saves"] if one["undeclared"] else 0 for one in found]
    cycles = [one["honest_latency_cycles"] for one in found]
    share = sum(a * b for a, b in zip(shares, cycles, strict=True)) / sum(cycles)
    assert [share > 0 for share in shares] == [True, False, True]
    assert f"a sum over C across D1 would save at least {share:.1%} of the latency (2 layers, " in said
    assert "say so in seneca.onnx2zz.yaml: interconnect: {adder_trees: [D1]}" in said


def needing(*keys: str) -> ChosenLayer:
    """A layer of 60 pJ and 50 cycles of which a fifth would be saved by wires that these lines declare."""
    undeclared: UndeclaredRecord = {
        "needs": [{"what": f"wire {number}", "key": key} for number, key in enumerate(keys)],
        "saves": 0.2,
        "spatial_mapping": {},
        "honest_energy_pj": 60.0,
        "honest_latency_cycles": 40.0,
    }
    return ChosenLayer(
        "L0",
        {
            "origin": "enumerated",
            "honest_energy_pj": 60.0,
            "honest_latency_cycles": 50.0,
            "priced": 1,
            "enumerated": 1,
            "reason": "no other is better",
            "runners_up": [],
            "undeclared": undeclared,
        },
    )


def test_lines_of_one_name_become_one_that_yaml_reads_whole() -> None:
    keys = (
        *("adder_trees: [D2]", "adder_trees: [D1]", "diagonals: [[D2, D1]]", "diagonals: [[D1, D2]]"),
        *("multicast: {I1: [D1]}", "multicast: {I1: [D3]}", "multicast: {I2: [D2]}"),
    )
    (said,) = undeclared_wires([needing(*keys)], "chip", objective("latency"))
    assert parse_yaml(said[said.index("interconnect:") :], "sidecar").data == {
        "interconnect": {
            "adder_trees": ["D1", "D2"],
            "multicast": {"I1": ["D1", "D3"], "I2": ["D2"]},
            "diagonals": [["D1", "D2"], ["D2", "D1"]],
        }
    }


@pytest.mark.parametrize("opt", ["latency", "EDP"])
def test_products_of_energy_and_cycles_are_no_network_s_when_they_are_summed(opt: ObjectiveName) -> None:
    (said,) = undeclared_wires([needing("adder_trees: [D1]")], "chip", objective(opt))
    assert ("of the EDP summed over the layers" in said) == (opt == "EDP")
    proof = proven(Certificate(opt, 3000.0, 2500.0, 0.2, 1, 1, 0, "every unrolling"))
    assert ("pJ x cycles of EDP summed over the layers: no mapping" in proof) == (opt == "EDP")
