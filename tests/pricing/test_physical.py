"""Corrected energy, static energy, time and area: by hand."""

import pytest
import yaml

from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.shipped_files import ACCELERATORS, shipped
from onnx2zz.formats.workload_entry import WorkloadEntry, read_layer
from onnx2zz.pricing.physical import LayerPhysical, instances, layer_physical, total_physical
from onnx2zz.pricing.silicon.flow import PricedLayer
from onnx2zz.sidecar.figures import Correction, MemoryFigures, Sidecar
from onnx2zz.zigzag.accelerator import load_accelerator
from onnx2zz.zigzag.layer_price import LayerPrice, LevelEnergy, Traffic
from tests.present import present

HIERARCHY = read_hierarchy(
    {
        "memories": {
            "register": {"size": 100, "area": 7.0, "operands": ["I1", "O"], "served_dimensions": ["D2"]},
            "dram": {"size": 40000, "area": 1.5, "operands": ["I1", "I2", "O"], "served_dimensions": ["D1", "D2"]},
        },
        "operational_array": {"dimensions": ["D1", "D2"], "sizes": [3, 5]},
    }
)
LEVELS = (
    LevelEnergy("I", "register", 10.0, "I1", (Traffic("read_to_low", 60, 6.0), Traffic("write_from_high", 20, 4.0))),
    LevelEnergy("I", "dram", 50.0, "I1", (Traffic("read_to_low", 20, 50.0),)),
    LevelEnergy("W", "dram", 30.0, "I2", (Traffic("read_to_low", 12, 30.0),)),
    LevelEnergy("O", "register", 9.0, "O", (Traffic("read_to_high", 4, 2.0), Traffic("write_from_low", 60, 7.0))),
)
PRICE = LayerPrice(111.0, 1000.0, 1.0, (), (), 12.0, LEVELS)
WIDTHS = {"I": 8, "W": 8, "O": 16, "O_final": 8}


ENTRY: WorkloadEntry = {
    "id": 0,
    "operator_type": "Gemm",
    "equation": "O[k][d]=I[d][c]*W[c][k]",
    "loop_dims": ["K", "D", "C"],
    "loop_sizes": [4, 5, 3],
    "operand_precision": WIDTHS,
}


def physical(sidecar: Sidecar, widths: dict[str, int] = WIDTHS) -> LayerPhysical:
    layer = present(read_layer(0, {**ENTRY, "operand_precision": widths}))
    return layer_physical(PricedLayer(layer, PRICE, HIERARCHY), sidecar)


def corrected(*corrections: Correction, widths: dict[str, int] = WIDTHS) -> LayerPhysical:
    return physical(Sidecar("x", corrections=corrections), widths)


@pytest.mark.parametrize(
    ("correction", "difference"),
    [
        (Correction("half", "dram", "I1", factor=0.5), -25.0),
        (Correction("other registers", "register", "I1", "read", 0.0, 0.25), -6.0 + 0.25 * 60),
        (Correction("writes", "register", "I1", "write", 3.0), 2 * 4.0),
        (Correction("up is a read", "register", "O", "read", 2.0), 2.0),
        (Correction("hops", "dram", "I2", pj_per_operation=0.1), 0.1 * 60),
    ],
)
def test_a_correction_scales_one_energy_and_adds_to_it(correction: Correction, difference: float) -> None:
    found = corrected(correction)
    assert found.corrected_energy_pj == pytest.approx(111.0 + difference)
    (one,) = found.corrections
    assert one.corrected_pj - one.zigzag_pj == pytest.approx(difference)
    assert (one.name, one.memory) == (correction.name, correction.memory)


def test_corrections_add_up() -> None:
    first, second = Correction("a", "dram", "I1", factor=0.5), Correction("b", "dram", "I2", factor=2.0)
    assert corrected(first, second).corrected_energy_pj == pytest.approx(111.0 - 25.0 + 30.0)


def test_an_operand_that_the_layer_lacks_is_not_charged() -> None:
    """A pool has weights of 0 bits, an element-wise layer with locality has memories that it never reaches."""
    hops = Correction("hops", "dram", "I2", pj_per_operation=0.1)
    assert corrected(hops, widths={**WIDTHS, "W": 0}).corrected_energy_pj == 111.0
    elsewhere = Correction("outputs", "dram", "O", factor=9.0)
    assert corrected(elsewhere).corrections == ()


FIGURES = {"register": MemoryFigures(600.0, 3.0), "dram": MemoryFigures(2.0, None)}


def test_static_energy_is_power_times_bits_times_time() -> None:
    found = physical(Sidecar("x", 250.0, None, FIGURES))
    assert found.latency_ns == 1000 * 4.0
    watt = (600e-12 * 100 * 3) + 2e-12 * 40000  # a register for each unit along D1
    assert found.static_energy_pj == pytest.approx(watt * 4e-6 * 1e12)


def test_what_the_file_does_not_say_stays_empty() -> None:
    found = corrected()
    assert (found.latency_ns, found.static_energy_pj, found.corrected_energy_pj) == (None, None, 111.0)
    total = total_physical([found], Sidecar("x"), HIERARCHY, 0.0)
    assert (total.latency_ns, total.static_energy_pj, total.area_um2) == (None, None, None)


def test_totals_and_areas() -> None:
    sidecar = Sidecar("x", 250.0, None, {"register": MemoryFigures(600.0, 3.0)})
    layer = physical(sidecar)
    total = total_physical([layer, layer], sidecar, HIERARCHY, unit_area=2.0)
    assert total.corrected_energy_pj == 222.0
    assert total.latency_ns == 8000.0
    assert total.static_energy_pj == pytest.approx(2 * present(layer.static_energy_pj))
    assert total.area_um2 == pytest.approx(100 * 3 * 3.0 + 1.5 + 15 * 2.0)
    assert total.zigzag_area_um2 == pytest.approx(3 * 7.0 + 1.5 + 15 * 2.0)
    assert (total.without_static, total.without_area) == (("dram",), ("dram",))


@pytest.mark.parametrize("name", ["seneca", "tpu_like", "edge_tpu_like", "eyeriss_like", "ascend_like"])
def test_memories_are_there_as_often_as_in_zigzag(name: str) -> None:
    path = shipped(ACCELERATORS)[name]
    mine = read_hierarchy(yaml.safe_load(path.read_text()))
    theirs = {level.name: level.unroll_count for level in load_accelerator(path).memory_hierarchy.mem_level_list}
    assert {memory.name: instances(memory, mine) for memory in mine.memories} == theirs
