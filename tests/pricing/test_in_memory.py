"""Whole networks on arrays that compute in memory: prices are ZigZag's, the rest goes to a companion."""

from pathlib import Path

import pytest
import yaml

import onnx2zz
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import ACCELERATORS, MAPPINGS, zigzags
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.in_memory import InMemoryTotal, in_memory_total
from onnx2zz.pricing.result import Evaluation, LayerResult
from onnx2zz.zigzag.in_memory_array import InMemoryArray
from tests.present import present
from tests.small_workloads import add, conv, gemm, pool
from tests.stock import stock_zigzag

LPF = 4


def residual() -> list[WorkloadEntry]:
    return [
        conv(0, None, "L0_stem", k=16, c=3, oy=12, ox=10, fy=3, fx=3),
        conv(1, 0, "L1_branch", k=16, c=16, oy=12, ox=10, fy=1, fx=1),
        add(2, (1, 0), "L2_add", g=16, oy=12, ox=10),
        pool(3, 2, "L3_pool", g=16, oy=6, ox=5, fy=2, fx=2, stride=(2, 2)),
        gemm(4, 3, "L4_fc", k=10, c=480),
    ]


def evaluated(folder: Path, arch: str) -> Evaluation:
    (folder / "net.yaml").write_text(yaml.safe_dump(residual(), sort_keys=False))
    return onnx2zz.evaluate(folder / "net.yaml", arch, "zigzag:default_imc", lpf_limit=LPF, cache=False)


@pytest.mark.parametrize("arch", ["dimc", "aimc"])
def test_products_are_stock_zigzags_and_the_rest_has_a_price(tmp_path: Path, arch: str) -> None:
    found = evaluated(tmp_path, arch)
    files = zigzags(ACCELERATORS)[arch], zigzags(MAPPINGS)["default_imc"]
    energy, cycles, stock = stock_zigzag(residual(), *files, tmp_path / "stock", lpf_limit=LPF, in_memory_compute=True)
    products = [layer for layer in found.layers if layer.priced_on is None]
    assert [(layer.id, layer.energy_pj, layer.latency_cycles) for layer in products] == [
        (number, one.energy_total, one.latency_total2) for number, one in sorted(stock.items())
    ]
    assert sum(present(layer.latency_cycles) for layer in products) == cycles
    beside = {layer.name: layer.priced_on for layer in found.layers if layer.priced_on is not None}
    assert beside == {"L2_add": "vector_unit", "L3_pool": "vector_unit"}
    assert not found.total.incomplete
    assert found.total.energy_pj > energy


@pytest.mark.parametrize("arch", ["dimc", "aimc"])
def test_clock_and_area_are_what_the_drop_in_returns(tmp_path: Path, arch: str) -> None:
    found = present(evaluated(tmp_path, arch).total.in_memory)
    _, _, clock, area, _ = onnx2zz.get_hardware_performance_zigzag_imc(
        residual(), arch, "default_imc", lpf_limit=LPF, dump_folder=tmp_path / "out"
    )
    assert (found.array.tclk_ns, found.array.area_mm2) == (clock, area)
    assert sum(found.array.tclk_by_part.values()) == pytest.approx(clock)
    assert sum(found.array.area_by_part.values()) == pytest.approx(area)


def test_areas_of_the_parts_add_up_where_cells_have_one(tmp_path: Path) -> None:
    """ZigZag's own files call the memory of the cells as the array's part: the one hid the other."""
    accelerator = yaml.safe_load(zigzags(ACCELERATORS)["dimc"].read_text())
    accelerator["memories"]["cells"]["area"] = 2e-6
    (tmp_path / "chip.yaml").write_text(yaml.safe_dump(accelerator, sort_keys=False))
    array = present(evaluated(tmp_path, str(tmp_path / "chip.yaml")).total.in_memory).array
    assert array.area_by_part["cells"] == pytest.approx((128 * 128 + 1) * 2e-6)
    assert sum(array.area_by_part.values()) == pytest.approx(array.area_mm2)


def test_what_the_companion_does_is_priced_as_on_the_companion_alone(tmp_path: Path) -> None:
    found = evaluated(tmp_path, "dimc")
    alone = onnx2zz.evaluate(tmp_path / "net.yaml", "vector_unit", lpf_limit=LPF, cache=False)
    for layer in found.layers[2:4]:
        other = alone.layers[layer.id]
        assert (layer.energy_pj, layer.latency_cycles) == (other.energy_pj, other.latency_cycles)


ARRAY = InMemoryArray(
    False, 2.0, {}, 0.5, {}, 1000.0, {"mults": 30.0, "adders_pv": 50.0, "cells": 20.0}, 1.0, 20.0, 2.0
)
LAYERS = (
    LayerResult(0, "a", "Conv", energy_pj=800.0, latency_cycles=100.0, macs=4000),
    LayerResult(1, "b", "Add", energy_pj=200.0, latency_cycles=50.0, macs=0, priced_on="lanes"),
)


def total(mhz: float | None, toggle: float | None) -> InMemoryTotal:
    return in_memory_total(ARRAY, LAYERS, "lanes", mhz, toggle)


def test_time_is_each_ones_cycles_at_its_own_clock() -> None:
    assert (total(None, None).latency_ns, total(None, None).companion_latency_ns) == (300.0, 100.0)
    assert (total(100.0, None).latency_ns, total(100.0, None).companion_latency_ns) == (700.0, 500.0)


def test_rates_count_two_operations_a_mac() -> None:
    found = total(None, None)
    assert (found.tops, found.topsw) == (pytest.approx(8000 / 300e3), pytest.approx(8000 / 1000))
    assert (found.array_tops, found.array_topsw) == (pytest.approx(8000 / 200e3), pytest.approx(8000 / 800))


def test_the_peak_at_a_toggle_rate_spares_what_inputs_drive() -> None:
    assert total(None, None).topsw_peak_at_toggle == pytest.approx(2 * 1000 / 100)
    assert total(None, 0.25).topsw_peak_at_toggle == pytest.approx(2 * 1000 / (20 + 20))


def test_a_companion_of_ones_own(tmp_path: Path) -> None:
    """A file beside the sidecar, at a clock of its own."""
    for name, target in (("dimc", "array"), ("tpu_like", "lanes")):
        (tmp_path / f"{target}.yaml").write_bytes(zigzags(ACCELERATORS)[name].read_bytes())
    (tmp_path / "array.onnx2zz.yaml").write_text("companion: lanes.yaml\n")
    (tmp_path / "lanes.onnx2zz.yaml").write_text("clock_mhz: 125\n")
    found = evaluated(tmp_path, str(tmp_path / "array.yaml"))
    assert {layer.priced_on for layer in found.layers} == {None, "lanes"}
    cycles = sum(present(layer.latency_cycles) for layer in found.layers if layer.priced_on)
    assert present(found.total.in_memory).companion_latency_ns == pytest.approx(cycles * 8)


def test_a_companion_that_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "array.yaml").write_bytes(zigzags(ACCELERATORS)["dimc"].read_bytes())
    (tmp_path / "array.onnx2zz.yaml").write_text("companion: lanes.yaml\n")
    with pytest.raises(InputError, match="lanes"):
        evaluated(tmp_path, str(tmp_path / "array.yaml"))
