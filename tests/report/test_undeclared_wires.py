"""The sentence on wires that nobody declared: who asks the terminal reads it, and its share is that of the result."""

import json
from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run
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
