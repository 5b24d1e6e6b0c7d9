"""Stream's system files of 2024 say the same system as its files of today."""

from pathlib import Path

import pytest

from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.formats.system_file import SystemFile
from onnx2zz.formats.system_reading import read_system_file

BIG, SMALL, AWAY = "tpu_like", "seneca_core", "edge_tpu_like"
"""Cores that ship; the last one's highest memory stands for the off-chip memory."""
PORT_BITS = 64
"""Bit a cycle of that memory's port."""


def read(text: str, folder: Path, name: str = "chip.yaml") -> SystemFile:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return read_system_file(find_accelerator(str(folder / name)))


Joined = tuple[tuple[int, ...], bool, float, float]
"""The cores of a wire, whether it leads one way, bit a cycle, pJ a bit."""


def joined(system: SystemFile) -> list[Joined]:
    return sorted((wire.nodes, wire.directed, wire.bandwidth, wire.energy_per_bit) for wire in system.wires)


def both_ways(*pairs: tuple[int, int], bandwidth: float = 32.0, energy: float = 2.0) -> list[Joined]:
    return sorted((way, True, bandwidth, energy / bandwidth) for a, b in pairs for way in ((a, b), (b, a)))


LISTED = f"""\
name: chip
cores: [{SMALL}, {AWAY}, {BIG}, {BIG}, {BIG}, {BIG}, {BIG}, {BIG}, {SMALL}]
GRAPH
  nb_rows: 2
  nb_cols: 3
  bandwidth: 32
  unit_energy_cost: 2
  pooling_core_id: 0
  simd_core_id: 8
  offchip_core_id: 1
"""


@pytest.mark.parametrize("graph", ["graph:\n  type: 2d_mesh", "2d_mesh:"])
def test_a_mesh_goes_down_its_columns_and_the_cores_beside_it_are_joined_to_all(graph: str, tmp_path: Path) -> None:
    system = read(LISTED.replace("GRAPH", graph), tmp_path)
    columns = [(2, 3), (4, 5), (6, 7)]
    rows = [(2, 4), (4, 6), (3, 5), (5, 7)]
    beside = [(core, other) for core in range(2, 8) for other in (0, 8)] + [(0, 8)]
    assert joined(system) == both_ways(*columns, *rows, *beside)
    assert [*system.cores] == [0, 2, 3, 4, 5, 6, 7, 8]
    assert system.port is not None
    assert (system.port.id, system.port.served) == (1, (0, 2, 3, 4, 5, 6, 7, 8))
    assert (system.port.bandwidth, system.port.energy_per_bit) == (PORT_BITS, 2 / PORT_BITS)


@pytest.mark.parametrize("cores", [2, 3])
def test_a_bus_is_one_wire_of_the_cores_and_the_simd_core(cores: int, tmp_path: Path) -> None:
    simd = cores
    text = f"name: chip\ncores: [{', '.join([BIG] * cores + [SMALL, SMALL])}]\n"
    text += f"graph: {{type: bus, bandwidth: 24, simd_core_id: {simd}, pooling_core_id: {simd + 1}}}\n"
    pooling = [(core, simd + 1) for core in range(cores + 1)]
    bus: Joined = (tuple(range(cores + 1)), False, 24.0, 0.0)
    system = read(text, tmp_path)
    assert joined(system) == sorted([bus, *both_ways(*pooling, bandwidth=24.0, energy=0.0)])
    assert system.port is None


def test_pairs_are_links_and_the_off_chip_core_has_the_next_number(tmp_path: Path) -> None:
    text = f"""\
name: chip
cores: {{0: {BIG}, 1: {BIG}, 2: {SMALL}, 3: {SMALL}}}
offchip_core: {AWAY}
core_connectivity:
  - 0, 1
  - 1,2
  - 0, 2, 3
bandwidth: 32
unit_energy_cost: 2
"""
    system = read(text, tmp_path)
    bus: Joined = ((0, 2, 3), False, 32.0, 2 / 32)
    assert joined(system) == sorted([*both_ways((0, 1), (1, 2)), bus])
    assert system.port is not None
    assert (system.port.id, system.port.served, system.port.bandwidth) == (4, (0, 1, 2, 3), PORT_BITS)


def test_cores_are_found_where_stream_finds_them(tmp_path: Path) -> None:
    """From where Stream is run, and in the folders `hardware` of its inputs."""
    shipped = find_accelerator(BIG).path.read_text()
    inputs = tmp_path / "stream" / "inputs"
    for name in ("examples/hardware/cores/far.yaml", "testing/hardware/cores/own.yaml"):
        (inputs / name).parent.mkdir(parents=True)
        (inputs / name).write_text(shipped)
    text = "cores: {0: stream/inputs/testing/hardware/cores/own.yaml, 1: far.yaml, 2: own.yaml}\n"
    text += 'core_connectivity: ["0, 1", "1, 2"]\nbandwidth: 8\n'
    system = read(text, tmp_path, "stream/inputs/testing/hardware/chip.yaml")
    assert {core.found.path.parent.parent.parent.name for core in system.cores.values()} == {"examples", "testing"}
    with pytest.raises(InputError, match="far"):
        read(text, tmp_path, "elsewhere/chip.yaml")


FAULTS = {
    "cores: []\ngraph: {type: bus, bandwidth: 8}\n": (1, "no list of cores"),
    "cores: [3]\ngraph: {type: bus, bandwidth: 8}\n": (1, "core 0 is 3"),
    f"cores: [{BIG}]\ngraph:\n  type: ring\n  bandwidth: 8\n": (3, "type is 'ring'"),
    f"cores: [{BIG}]\ngraph:\n  bandwidth: 8\n": (2, "lacks type"),
    f"cores: [{BIG}, {BIG}]\ngraph: {{type: bus}}\n": (2, "lacks bandwidth"),
    f"cores: [{BIG}, {BIG}]\nbus:\n  bandwidth: 8\n  offchip_core_id: 2\n": (4, "offchip_core_id is 2"),
    f"cores: [{BIG}, {BIG}, {BIG}]\n2d_mesh: {{nb_rows: 2, nb_cols: 2, bandwidth: 8}}\n": (2, "for 3 cores"),
    f"cores: [{BIG}]\ngraph: {{type: bus, bandwidth: 8}}\nbus: {{bandwidth: 8}}\n": (3, "both say"),
    f"cores: {{0: {BIG}, 1: {BIG}}}\ncore_connectivity:\n  - 0, 1\n  - 1, 7\nbandwidth: 8\n": (4, "names core 7"),
    f"cores: {{0: {BIG}, 1: {BIG}}}\ncore_connectivity:\n  - 0; 1\nbandwidth: 8\n": (3, "needs two cores"),
    f"cores: {{0: {BIG}, 1: {BIG}}}\ncore_connectivity: []\nbandwidth: 8\noffchip_core: nowhere\n": (4, "nowhere"),
    f"cores: {{0: {BIG}, 1: {BIG}, 2: {BIG}}}\ncore_connectivity: ['0, 1']\nbandwidth: 8\n": (2, "no link reaches"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_told_with_its_line_and_a_way_out(text: str, tmp_path: Path) -> None:
    line, words = FAULTS[text]
    with pytest.raises(InputError) as raised:
        read(text, tmp_path)
    told = [problem for problem in raised.value.problems if words in str(problem)]
    assert told, raised.value.problems
    assert f"chip.yaml:{line}" in str(told[0])
