"""`--mapping optimal` as a user has it: certificates in the JSON, a file that stock ZigZag takes, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.zigzag.objective import ObjectiveName, objective
from tests.stock import stock_zigzag


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ran(*options: str) -> int:
    return run(["evaluate", "lenet5", "--no-cache", "--json", "result.json", *options])


def result() -> dict[str, Any]:
    return json.loads(Path("result.json").read_text())


@pytest.mark.parametrize(("arch", "opt"), [("tpu_like", "energy"), ("seneca", "latency")])
def test_stock_zigzag_prices_the_written_mapping_as_the_certificates_say(arch: str, opt: ObjectiveName) -> None:
    assert ran("--arch", arch, "--mapping", "optimal", "--opt", opt, "--gap", "5%") == 0
    workload = yaml.safe_load(Path("onnx2zz_out/workload.yaml").read_text())
    files = (find_accelerator(arch).path, Path("onnx2zz_out/mapping.yaml"), Path("stock"))
    energy, cycles, stock = stock_zigzag(workload, *files, lpf_limit=6)
    found = result()
    assert (energy, cycles) == (found["total"]["energy_pj"], found["total"]["latency_cycles"])
    for layer in found["layers"]:
        price = objective(opt).value(stock[layer["id"]].energy_total, stock[layer["id"]].latency_total2)
        divided = all(
            size % unrolled == 0 for size, unrolled in unrolled_loops(workload[layer["id"]], layer["spatial_mapping"])
        )
        if divided and not layer["below_roofline"]:
            assert layer["certificate"]["price"] == price


def unrolled_loops(entry: dict[str, Any], unrolled: dict[str, dict[str, float]]) -> list[tuple[int, int]]:
    """(size, how often it is unrolled) of each loop."""
    factors = dict.fromkeys(entry["loop_dims"], 1)
    for pairs in unrolled.values():
        for loop, factor in pairs.items():
            factors[loop] *= int(factor)
    return [(size, factors[loop]) for loop, size in zip(entry["loop_dims"], entry["loop_sizes"], strict=True)]


def test_the_total_is_the_sum_and_no_layer_is_worse_than_autos(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("--arch", "eyeriss_like", "--mapping", "auto", "--opt", "energy") == 0
    by_auto = [layer["choice"]["honest_energy_pj"] for layer in result()["layers"]]
    assert ran("--arch", "eyeriss_like", "--mapping", "optimal", "--opt", "energy") == 0
    certificates = [layer["certificate"] for layer in result()["layers"]]
    total = result()["total"]["certificate"]
    for field in ("price", "bound", "priced", "bounded", "left"):
        assert total[field] == pytest.approx(sum(one[field] for one in certificates))
    for auto, one in zip(by_auto, certificates, strict=True):
        assert one["bound"] <= one["price"] <= auto
        assert one["gap"] == pytest.approx(one["price"] / one["bound"] - 1)
    assert "no mapping of the space takes less than" in " ".join(capsys.readouterr().out.split())


def test_a_gap_that_a_budget_does_not_reach_is_told_and_the_exit_code_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--arch", "eyeriss_like", "--mapping", "optimal", "--opt", "EDP", "--mapping-budget", "1")
    assert ran(*asked, "--gap", "0") == 3
    widest = max(layer["certificate"]["gap"] for layer in result()["layers"])
    assert widest > 0
    assert "not proven to be within 0.00% of the best" in capsys.readouterr().err
    assert ran(*asked, "--gap", f"{100 * widest + 1}%") == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--mapping", "auto", "--gap", "1%"), "goes with --mapping optimal"),
        (("--mapping", "optimal", "--gap", "-1%"), "a share of 0 or more"),
        (("--mapping", "optimal", "--gap", "narrow"), "is no share"),
    ],
)
def test_a_gap_that_means_nothing_is_refused(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("--arch", "tpu_like", *options) in (1, 2)
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_demanded_order_of_loops_is_kept() -> None:
    ran("--arch", "seneca_events", "--mapping", "optimal")
    mapping = yaml.safe_load(Path("onnx2zz_out/mapping.yaml").read_text())
    product = next(entry for entry in mapping if entry["name"] == "Gemm")
    assert product["temporal_ordering"] == [["K", "*"]]


def test_an_array_that_computes_in_memory_has_no_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("--arch", "dimc", "--mapping", "optimal") == 1
    assert "computes in memory" in capsys.readouterr().err


def test_tiles_of_a_system_are_mapped_so_too() -> None:
    assert run(["evaluate", "lenet5", "--arch", "seneca_2x2", "--mapping", "optimal", "--no-cache"]) == 0
