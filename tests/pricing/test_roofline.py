"""The least cycles of a layer, by hand."""

from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.roofline import Roofline, ports_reached, roofline
from onnx2zz.zigzag.hardware import ArrayAndPorts, TopPort
from onnx2zz.zigzag.levels import KeptLevels
from tests.small_workloads import add, conv, gemm, pool


def roofline_cycles(entry: WorkloadEntry, mapping_entry: MappingEntry, hardware: ArrayAndPorts) -> float:
    return roofline(entry, mapping_entry, hardware).cycles


LINKS = MappingEntry("default", memory_operand_links={"O": "O", "W": "I2", "I": "I1"})
ONE_PORT = ArrayAndPorts((("D1", 32), ("D2", 16)), False, (TopPort(64, frozenset({"I1", "I2", "O"})),))


def test_a_convolution_is_bound_by_its_operations() -> None:
    layer = conv(0, None, "c", k=64, c=48, oy=28, ox=20, fy=3, fx=3, pads=((1, 1), (1, 1)))
    assert roofline_cycles(layer, LINKS, ONE_PORT) == 64 * 48 * 28 * 20 * 9 / (32 * 16)
    assert roofline(layer, LINKS, ONE_PORT).bound_by == "units"


def test_a_matrix_product_is_bound_by_its_weights() -> None:
    layer = gemm(0, None, "fc", k=1000, c=512)
    assert roofline_cycles(layer, LINKS, ONE_PORT) == (1000 * 512 * 8 + 512 * 8 + 1000 * 8) / 64


def test_a_pool_reads_no_weights_and_its_output_leaves_at_its_final_width() -> None:
    layer = pool(0, 0, "p", g=24, oy=7, ox=9, fy=2, fx=3, stride=(2, 3))
    assert roofline_cycles(layer, LINKS, ONE_PORT) == (24 * 14 * 27 * 8 + 24 * 7 * 9 * 8) / 64


def test_an_addition_reads_both_operands() -> None:
    layer = add(2, (0, 1), "a", g=24, oy=7, ox=9)
    assert roofline_cycles(layer, LINKS, ONE_PORT) == 3 * 24 * 7 * 9 * 8 / 64


def test_the_slowest_port_counts_and_links_say_what_passes_it() -> None:
    ports = (TopPort(100, frozenset({"I1"}), "a"), TopPort(64, frozenset({"I2"}), "b"), TopPort(8, frozenset({"O"})))
    hardware = ArrayAndPorts((("D1", 4096),), False, ports)
    layer = gemm(0, None, "fc", k=1000, c=512)
    assert roofline(layer, LINKS, hardware) == Roofline(1000 * 512 * 8 / 64, "b")
    swapped = MappingEntry("default", memory_operand_links={"O": "O", "W": "I1", "I": "I2"})
    assert roofline_cycles(layer, swapped, hardware) == 1000 * 512 * 8 / 100


def test_what_locality_keeps_low_does_not_pass_the_highest_port() -> None:
    memories = read_hierarchy({"memories": {"sram": {}, "dram": {}}}).memories
    hardware = ArrayAndPorts((("D1", 4096),), False, (TopPort(64, frozenset({"I1", "I2", "O"}), "dram"),))

    def cycles(layer: WorkloadEntry, i1: int, o: int, weights: int) -> float:
        kept = KeptLevels((("I1", i1), ("O", o)), weights)
        return roofline_cycles(layer, LINKS, ports_reached(hardware, layer, kept, memories))

    product = gemm(1, 0, "fc", k=1000, c=512)
    assert cycles(product, 1, 1, 1) == (1000 * 512 * 8 + 512 * 8 + 1000 * 8) / 64
    assert cycles(product, 0, 1, 1) == (1000 * 512 * 8 + 1000 * 8) / 64
    assert cycles(product, 0, 1, 0) == (1000 * 8) / 64
    addition = add(2, (0, 1), "a", g=24, oy=7, ox=9)
    assert cycles(addition, 1, 0, 0) == 2 * 24 * 7 * 9 * 8 / 64
    assert cycles(addition, 0, 1, 1) == 24 * 7 * 9 * 8 / 64
