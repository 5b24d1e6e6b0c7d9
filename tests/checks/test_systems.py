"""`check` on systems of cores: each fault with its code, its line and the way out, and the same in `evaluate`."""

from pathlib import Path

import pytest
import yaml

import onnx2zz
from onnx2zz.checks.finding import Finding
from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import SYSTEMS, find_accelerator, ours
from onnx2zz.formats.system_reading import read_system_file
from tests.json_values import Document
from tests.shared_material import shared
from tests.small_workloads import conv, gemm, pool

OURS = """\
name: small
cores: {[0, 0]: pools, default: seneca_core}
topology:
  mesh: [3, 2]
  bandwidth: 32
  energy_per_bit: 0.0625
offchip:
  at: [[0, 0]]
  bandwidth: 64
clock_mhz: 500
mapping: seneca_core
"""
STREAM = """\
name: streams
cores: {0: seneca_core.yaml, 1: seneca_core.yaml, 2: pools.yaml, 3: seneca_core.yaml}
offchip_core_id: 3
unit_energy_cost: 0
core_connectivity:
  - {type: link, cores: [0, 1], bandwidth: 32}
  - {type: bus, cores: [0, 1, 2, 3], bandwidth: 64}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    core = core_document()
    (tmp_path / "pools.yaml").write_text(yaml.safe_dump({**core, "operator_types": ["MaxPool"], "type": "compute"}))
    (tmp_path / "nothing.yaml").write_text("name: nothing\nmemories: {}\n")
    return tmp_path


def core_document() -> Document:
    document: Document = yaml.safe_load(find_accelerator("seneca_core").path.read_text())
    return document


def checked(text: str, *also: str) -> list[Finding]:
    Path("s.yaml").write_text(text)
    return list(onnx2zz.check("s.yaml", *also).findings)


def evaluated(text: str) -> list[str]:
    """What `evaluate` says of the file."""
    Path("s.yaml").write_text(text)
    with pytest.raises(InputError) as raised:
        onnx2zz.evaluate("lenet5", "s.yaml", lpf_limit=2, cache=False)
    return [str(problem) for problem in raised.value.problems]


@pytest.mark.parametrize("text", [OURS, STREAM])
def test_a_sound_system_has_no_finding(text: str) -> None:
    assert checked(text) == []


@pytest.mark.parametrize("name", sorted(ours(SYSTEMS)))
def test_every_system_that_ships_is_sound(name: str) -> None:
    assert onnx2zz.check(name).findings == ()


OVER_THE_OFFCHIP_CORE = (
    "  - {type: bus, cores: [0, 1, 2, 3], bandwidth: 64}\n",
    "  - {type: link, cores: [0, 3], bandwidth: 64}\n  - {type: link, cores: [2, 3], bandwidth: 64}\n",
)
"""Two cores that have a way to the off-chip memory each, and none to each other."""
BROKEN: list[tuple[str, str, str, str, int, str]] = [
    (OURS, "mesh: [3, 2]", "mesh: [3]", "system", 4, "mesh is [3]"),
    (OURS, "mesh: [3, 2]", "mesh: [300000, 200000]", "system", 4, "cores at most"),
    (OURS, "mesh: [3, 2]", "ring: 0", "system", 4, "ring is 0"),
    (OURS, "mesh: [3, 2]", "links: [[0, 1], [2]]", "system", 4, "links holds [2]"),
    (OURS, "  mesh: [3, 2]\n", "", "system", 3, "no shape"),
    (OURS, "mesh: [3, 2]", "mesh: [3, 2]\n  ring: 3", "system", 3, "topology has mesh and ring"),
    (OURS, "  bandwidth: 32\n", "", "system", 3, "no bandwidth"),
    (OURS, "bandwidth: 32", "bandwidth: 0", "system", 5, "a number above 0"),
    (OURS, "energy_per_bit: 0.0625", "energy_per_bit: -1", "system", 6, "0 or more"),
    (OURS, "energy_per_bit", "energy_a_bit", "system", 6, "did you mean energy_per_bit?"),
    (OURS, "clock_mhz: 500", "clock_mhz: fast", "system", 10, "a number above 0"),
    (OURS, "clock_mhz: 500", "clock_hz: 500", "system", 10, "clock_hz is unknown; did you mean clock_mhz?"),
    (OURS, "at: [[0, 0]]", "at: [[0, 0], [3, 0]]", "system", 8, "at holds [3, 0], where no core is"),
    (OURS, "  bandwidth: 64\n", "", "system", 7, "offchip has no bandwidth"),
    (OURS, "bandwidth: 64", "memory: nowhere", "core-file", 9, "nowhere: no such file"),
    (OURS, "bandwidth: 64", "memory: seneca\n  read_pj_per_bit: 3", "system", 10, "both memory and read_pj_per_bit"),
    (OURS, "mapping: seneca_core", "mapping: nowhere", "system", 11, "no mapping of that name ships"),
    (OURS, "[0, 0]: pools", "[3, 2]: pools", "system", 2, "where no core is"),
    (OURS, "[0, 0]: pools", "[0, 0]: pools, 0: pools", "system", 2, "which is core 0, a second time"),
    (OURS, "[0, 0]: pools", "[0, 0]: 3", "system", 2, "core [0, 0] is 3"),
    (OURS, ", default: seneca_core", "", "system", 2, "5 are left out"),
    (OURS, "pools", "nothing", "core-file", 2, "no core: it has no memories"),
    (OURS, "default: seneca_core", "default: nowhere", "core-file", 2, "nowhere: no such file"),
    (OURS, "cores: {[0, 0]: pools, default: seneca_core}", "core: 4", "system", 1, "no core"),
    (OURS, "mesh: [3, 2]", "links: [[0, 1], [2, 3]]", "unreachable-core", 3, "no link reaches cores 2, 3"),
    (STREAM, "offchip_core_id: 3", "offchip_core_id: 7", "system", 3, "there is no core 7"),
    (STREAM, "cores: [0, 1, 2, 3], bandwidth: 64", "cores: [0, 1, 2], bandwidth: 64", "system", 3, "nothing joins"),
    (STREAM, "cores: [0, 1, 2, 3]", "cores: [0, 1, 3]", "unreachable-core", 5, "no link reaches core 2"),
    (STREAM, *OVER_THE_OFFCHIP_CORE, "unreachable-core", 5, "no link leads from core 0 to core 2 on the chip"),
    (STREAM, "cores: [0, 1], b", "cores: [0, 9], b", "system", 6, "names core 9, which is none of cores"),
    (STREAM, "cores: [0, 1], bandwidth: 32", "cores: [0, 1]", "system", 6, "a bandwidth above 0"),
    (STREAM, "{type: link", "{type: wire", "system", 6, "wire"),
    (STREAM, "1: seneca_core.yaml", "1: nowhere.yaml", "core-file", 2, "nowhere.yaml: no such file"),
    (STREAM, "1: seneca_core.yaml", "one: seneca_core.yaml", "system", 2, "core 'one'"),
    (STREAM, "unit_energy_cost: 0", "unit_energy_costs: 0", "system", 4, "did you mean unit_energy_cost?"),
]


@pytest.mark.parametrize(("text", "sound", "broken", "code", "line", "words"), BROKEN)
def test_a_broken_place_is_a_finding_with_its_line_and_evaluate_says_the_same(
    text: str, sound: str, broken: str, code: str, line: int, words: str
) -> None:
    assert text.count(sound) >= 1
    changed = text.replace(sound, broken, 1)
    found = checked(changed)
    told = [one for one in found if one.code == code and one.line == line and words in one.message + one.fix]
    assert told, [(one.code, one.line, one.message) for one in found]
    assert all(one.severity == "error" and one.fix for one in found)
    said = evaluated(changed)
    assert [one for one in said if f"s.yaml:{line}: {told[0].message}" in one], said
    assert len(said) == len(found)


def test_all_that_is_wrong_is_said_at_once() -> None:
    changed = OURS.replace("bandwidth: 32", "bandwidth: 0").replace("pools", "nowhere").replace("500", "-1")
    assert {(one.code, one.line) for one in checked(changed)} == {("system", 5), ("core-file", 2), ("system", 10)}


def test_a_file_beside_streams_is_looked_at_with_its_own_lines(folder: Path) -> None:
    (folder / "s.onnx2zz.yaml").write_text("clock_mhz: 500\ntopology: {hop_cycles: -1}\n")
    (found,) = checked(STREAM)
    assert (found.file.endswith("s.onnx2zz.yaml"), found.line, found.code) == (True, 2, "system")


def test_syntax_is_said_once() -> None:
    assert [(one.code, one.line) for one in checked("name: s\ncores: {0: a\n")] == [("yaml", 3)]


def test_a_layer_that_no_core_runs_is_a_finding_with_the_workload(folder: Path) -> None:
    layers = [
        conv(0, None, "L0_stem", k=12, c=3, oy=14, ox=6, fy=3, fx=1),
        pool(1, 0, "L1_pool", g=12, oy=7, ox=6, fy=2, fx=1, stride=(2, 1)),
        gemm(2, 1, "L2_fc", k=10, c=504),
    ]
    (folder / "w.yaml").write_text(yaml.safe_dump(layers, sort_keys=False))
    only_pools = OURS.replace("default: seneca_core", "default: pools")
    found = checked(only_pools, "w.yaml")
    assert [(one.code, one.layer) for one in found] == [
        ("operator-without-core", "L0_stem"),
        ("operator-without-core", "L2_fc"),
    ]
    assert "no core runs L0_stem (Conv)" in found[0].message and "operator_types" in found[0].fix
    assert checked(OURS, "w.yaml") == []


def test_a_layer_that_no_core_runs_is_a_sentence_of_evaluate(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.yaml").write_text(OURS.replace("default: seneca_core", "default: pools"))
    assert run(["evaluate", "lenet5", "--arch", "s.yaml", "-o", "o"]) == 1
    said = capsys.readouterr().err.splitlines()
    told = [line for line in said if line.startswith("error: s.yaml: no core runs ")]
    assert [line.split()[5] for line in told] == ["L0_conv1", "L2_conv2", "L4_fc1", "L5_fc2", "L6_fc3"]
    assert not Path("o").exists()


def test_keys_of_stream_in_a_core_file_are_notes_and_are_left_out_of_what_zigzag_gets(folder: Path) -> None:
    plain = core_document()
    keys: Document = {
        "type": "compute",
        "operator_types": ["Conv", "Gemm"],
        "operand_precision": {"input": "int8"},
        "banks": {"count": 4, "width": 32},
    }
    (folder / "plain.yaml").write_text(yaml.safe_dump(plain, sort_keys=False))
    (folder / "core.yaml").write_text(yaml.safe_dump({**plain, **keys}, sort_keys=False))
    assert onnx2zz.check("plain.yaml").findings == ()
    said = [(one.code, one.severity, one.message.split()[0]) for one in onnx2zz.check("core.yaml").findings]
    assert said == [("foreign-key", "note", key) for key in keys]
    with_keys, without = (
        onnx2zz.evaluate("lenet5", f"{name}.yaml", "seneca_core", lpf_limit=2, cache=False)
        for name in ("core", "plain")
    )
    assert [one.energy_pj for one in with_keys.layers] == [one.energy_pj for one in without.layers]
    assert with_keys.total == without.total
    (folder / "core.yaml").write_text(yaml.safe_dump({**plain, "operator_type": []}, sort_keys=False))
    assert "unknown-field" in {one.code for one in onnx2zz.check("core.yaml").findings}


def test_a_core_of_one_drains_as_it_does_alone(folder: Path) -> None:
    """systolic_dimensions are ZigZag's: they cost cycles, on a system as elsewhere."""
    core = core_document()
    systolic = {**core["operational_array"], "systolic_dimensions": core["operational_array"]["dimensions"][:1]}
    (folder / "core.yaml").write_text(yaml.safe_dump({**core, "operational_array": systolic}, sort_keys=False))
    (folder / "s.yaml").write_text("core: core\nmapping: seneca_core\n")
    alone = onnx2zz.evaluate("lenet5", "core.yaml", "seneca_core", lpf_limit=2, cache=False)
    on_system = onnx2zz.evaluate("lenet5", "s.yaml", lpf_limit=2, cache=False)
    without = onnx2zz.evaluate("lenet5", "seneca_core", "seneca_core", lpf_limit=2, cache=False)
    assert on_system.total.latency_cycles == alone.total.latency_cycles != without.total.latency_cycles


def test_a_system_and_an_accelerator_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.yaml").write_text(OURS)
    assert run(["check", "s.yaml", "seneca", "seneca"]) == 1
    assert "a second accelerator" in capsys.readouterr().err
    assert run(["check", "--explain", "unreachable-core"]) == 0
    assert "looks at: system" in capsys.readouterr().out


def test_the_example_systems_of_stream_are_sound() -> None:
    folder = shared("multicore/stream_systems")
    files = [*folder.glob("hardware/*.yaml"), *folder.glob("testing/hardware/*.yaml")]
    assert len(files) == 8
    for file in files:
        assert onnx2zz.check(file).findings == (), file
        read = read_system_file(find_accelerator(str(file)))
        assert read.port is not None and read.port.id not in read.cores
