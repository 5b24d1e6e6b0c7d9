"""System files: what ships is read, what Stream has is read, and every fault is told with its line and a way out."""

from pathlib import Path

import pytest

from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.description import System
from onnx2zz.system.reading import read_system

STREAM = Path(__file__).parents[2].parent / "shared" / "multicore" / "stream_systems" / "hardware"


def read(text: str, folder: Path) -> System:
    (folder / "system.yaml").write_text(text)
    return read_system(find_accelerator(str(folder / "system.yaml")))


@pytest.mark.parametrize(("name", "width"), [("2x2", 2), ("4x4", 4), ("8x8", 8), ("16x16", 16)])
def test_a_shipped_mesh_has_its_cores_and_both_directions_of_each_wire(name: str, width: int) -> None:
    system = read_system(find_accelerator(f"seneca_{name}"))
    assert [core.id for core in system.cores] == list(range(width * width))
    assert len(system.network.links) == 4 * width * (width - 1)
    assert system.network.hops(0, width * width - 1) == 2 * (width - 1)
    assert system.offchip is not None
    assert system.network.route(system.offchip.id, [width * width - 1]) is not None


@pytest.mark.skipif(not STREAM.exists(), reason="Stream's files lie beside the checkout only")
def test_streams_systems_are_read_as_they_are() -> None:
    files = [path for path in sorted(STREAM.rglob("*.yaml")) if "core_connectivity" in path.read_text()]
    assert files
    for path in files:
        system = read_system(find_accelerator(str(path)))
        assert system.cores, path


FAULTS = {
    "core: seneca_core\ntopology: {ring: 3}\n": (2, "no bandwidth"),
    "core: seneca_core\ntopology:\n  bandwidth: 8\n  ring: 0\n": (4, "ring is 0"),
    "core: seneca_core\ntopology:\n  bandwidth: 8\n  bus: two\n": (4, "bus is 'two'"),
    "core: seneca_core\ntopology:\n  bandwidth: 8\n  mesh: [2]\n": (4, "mesh is [2]"),
    "core: seneca_core\ntopology:\n  bandwidth: 8\n  links: [[0, 0]]\n": (4, "links holds [0, 0]"),
    "core: seneca_core\ntopology:\n  bandwidth: 8\n  ring: 2\n  bus: 2\n": (2, "ring and bus"),
    "topology: {bus: 2, bandwidth: 8}\n": (1, "no core"),
    "cores: {5: seneca_core, default: seneca_core}\ntopology: {bus: 2, bandwidth: 8}\n": (1, "no core is"),
    "core: seneca_core\ntopology: {mesh: [2, 2], bandwidth: 8}\noffchip:\n  bandwidth: 8\n  at: [[5, 5]]\n": (
        5,
        "at holds",
    ),
    "core: seneca_core\ntopology: {bus: 2, bandwidth: 8}\noffchip:\n  read_pj_per_bit: 1\n": (3, "no bandwidth"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_told_with_its_line_and_a_way_out(text: str, tmp_path: Path) -> None:
    line, words = FAULTS[text]
    with pytest.raises(InputError) as raised:
        read(text, tmp_path)
    told = [problem for problem in raised.value.problems if words in str(problem)]
    assert told, raised.value.problems
    assert f"system.yaml:{line}" in str(told[0])


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read("topology:\n  ring: 0\n  duplex: both\nclock_mhz: -3\n", tmp_path)
    told = " ".join(map(str, raised.value.problems))
    for words in ("ring is 0", "duplex", "clock_mhz", "no bandwidth", "no core"):
        assert words in told
