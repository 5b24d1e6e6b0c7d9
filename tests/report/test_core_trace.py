"""The trace of a run on one accelerator: layers one after the other, phases and counters that add up to its numbers."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from onnx2zz.cli.main import run
from tests.small_workloads import conv, gemm, pool

NETWORK = [
    conv(0, None, "L0_stem", k=12, c=3, oy=14, ox=6, fy=3, fx=1),
    pool(1, 0, "L1_pool", g=12, oy=7, ox=6, fy=2, fx=1, stride=(2, 1)),
    gemm(2, 1, "L2_fc", k=10, c=504),
]


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The result and the trace."""
    folder: Path = tmp_path_factory.mktemp("trace")
    (folder / "net.yaml").write_text(yaml.safe_dump(NETWORK, sort_keys=False))
    asked = ["evaluate", str(folder / "net.yaml"), "--arch", "seneca", "--lpf-limit", "2", "-o", str(folder)]
    assert run([*asked, "--trace", str(folder / "t.json")]) == 0
    return tuple(json.loads((folder / name).read_text()) for name in ("result.json", "t.json"))


def of_track(trace: Any, number: int) -> list[Any]:
    return [one for one in trace["traceEvents"] if one["ph"] == "X" and one["tid"] == number]


def test_layers_follow_each_other_and_take_their_cycles(traced: tuple[Any, Any]) -> None:
    result, trace = traced
    layers = of_track(trace, 0)
    assert [(one["name"], one["dur"]) for one in layers] == [
        (layer["name"], pytest.approx(layer["latency_cycles"])) for layer in result["layers"]
    ]
    assert layers[0]["ts"] == 0
    assert all(one["ts"] + one["dur"] == other["ts"] for one, other in pairwise(layers))
    assert layers[-1]["ts"] + layers[-1]["dur"] == pytest.approx(result["total"]["latency_cycles"])


def test_phases_fill_each_layer(traced: tuple[Any, Any]) -> None:
    result, trace = traced
    phases, layers = of_track(trace, 1), of_track(trace, 0)
    for layer, span in zip(result["layers"], layers, strict=True):
        within = [one for one in phases if span["ts"] <= one["ts"] < span["ts"] + span["dur"]]
        told = {one["name"]: one["dur"] for one in within}
        cycles = layer["breakdown"]["cycles"]
        assert told["computing"] == pytest.approx(cycles["steps"])
        assert sum(told.values()) == pytest.approx(sum(cycles.values())) == pytest.approx(span["dur"])


def test_what_a_cycle_costs_adds_up_to_the_energy(traced: tuple[Any, Any]) -> None:
    result, trace = traced
    counters = [one for one in trace["traceEvents"] if one["ph"] == "C"]
    for layer, one in zip(result["layers"], counters, strict=False):
        assert sum(one["args"].values()) * layer["latency_cycles"] == pytest.approx(layer["energy_pj"])
    assert not any(counters[-1]["args"].values())


def test_of_a_system_it_is_the_systems_trace(tmp_path: Path) -> None:
    asked = ["evaluate", "lenet5", "--arch", "seneca_2x2", "--lpf-limit", "2", "-o", str(tmp_path)]
    assert run([*asked, "--trace", str(tmp_path / "t.json")]) == 0
    assert (tmp_path / "t.json").read_text() == (tmp_path / "trace.json").read_text()
