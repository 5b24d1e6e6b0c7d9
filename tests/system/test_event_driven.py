"""Events on systems: what cores spend and links carry where only values other than zero are worked on."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.event_traffic import packets_of
from onnx2zz.system.network import Network
from onnx2zz.system.reading import read_system
from tests.json_values import Document
from tests.model_files import save_model
from tests.nodes import make_node
from tests.oracle import model_of
from tests.system.small_systems import evaluated, system_file

CHANNELS, ROWS, COLUMNS = 3, 5, 7
MADE = 6
SYSTEM = """
name: two
core: seneca_core
mapping: seneca_core
topology: {{mesh: [2, 1], bandwidth: 16, energy_per_bit: 0.5, flit: 32, header_flits: 2{events}}}
offchip: {{bandwidth: 8, read_pj_per_bit: 3, write_pj_per_bit: 5, at: [[0, 0]]}}
"""


def network_on(folder: Path, first: str, last: str) -> tuple[np.ndarray, np.ndarray]:
    """A 1x1 convolution with its function on core 0, a layer that reads it on core 1; what enters both."""
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(1, CHANNELS, ROWS, COLUMNS)) * (rng.random((1, CHANNELS, ROWS, COLUMNS)) < 0.4)).astype("f")
    w = rng.normal(size=(MADE, CHANNELS, 1, 1)).astype("f")
    made = np.einsum("kc,bcyx->bkyx", w[:, :, 0, 0], x)
    made = np.maximum(made, 0) if first == "Relu" else made
    nodes = [make_node("Conv", ["x", "w"], ["a"], "conv"), make_node(first, ["a"], ["b"], "first")]
    if last == "MaxPool":
        nodes.append(make_node("MaxPool", ["b"], ["y"], "last", kernel_shape=[1, 2]))
    else:
        nodes.append(make_node("Conv", ["b", "v"], ["y"], "last"))
    weights = {"w": w, "v": rng.normal(size=(4, MADE, 1, 1)).astype("f")}
    read = {name: weights[name] for name in ("w", "v") if any(name in node.input for node in nodes)}
    save_model(model_of(nodes, {"x": x}, read, ["y"]), folder / "net.onnx")
    np.savez(folder / "x.npz", x=x)
    (folder / "placed.yaml").write_text("conv: {cores: [0]}\nlast: {cores: [1]}\n")
    return x, made


def evaluate_on(folder: Path, events: str) -> Document:
    (folder / "two.yaml").write_text(SYSTEM.format(events=events))
    options = [
        "--placement",
        "placed.yaml",
        "--schedule",
        "layers",
        "--lpf-limit",
        "3",
        "--events",
        "x.npz",
        "-o",
        "out",
    ]
    assert run(["evaluate", "net.onnx", "--arch", "two.yaml", *options]) == 0
    return json.loads(Path("out/result.json").read_text())


@pytest.mark.parametrize(
    ("events", "in_a_flit", "in_a_packet"),
    [("", 1, 1), (", events: {values_per_flit: 2, packet_flits: 9}", 2, 14), (", events: {packet_flits: 3}", 1, 1)],
)
def test_links_carry_the_values_that_are_not_zero_in_packets(
    events: str, in_a_flit: int, in_a_packet: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    x, made = network_on(tmp_path, "Relu", "Conv")
    result = evaluate_on(tmp_path, events)
    used = result["system"]["events"]
    nonzero = {"conv": np.count_nonzero(x), "last": np.count_nonzero(made)}
    assert 0 < nonzero["last"] < made.size
    assert [layer["events"]["noc_events"] for layer in result["layers"]] == list(nonzero.values())
    assert used["events"] == sum(nonzero.values()) == result["total"]["events"]["noc_events"]
    assert used["payload_flits"] == sum(-(-n // in_a_flit) for n in nonzero.values())
    assert used["header_flits"] == 2 * sum(-(-n // in_a_packet) for n in nonzero.values())
    # The image enters at core 0, which reads it; one link lies between the cores, and weights and results take it.
    flits = -(-nonzero["last"] // in_a_flit) + 2 * -(-nonzero["last"] // in_a_packet)
    weights, results = (2 + 4 * MADE * 8 // 32) * 32, (2 + 4 * ROWS * COLUMNS * 8 // 32) * 32
    assert used["wire_bit_hops"] == 32 * flits + weights + results
    assert used["dense_wire_bit_hops"] == 32 * (2 + -(-made.size * 8 // 32)) + weights + results
    assert used["energy"]["links_pj"] == pytest.approx(0.5 * used["wire_bit_hops"])
    assert result["system"]["energy"]["links_pj"] == pytest.approx(0.5 * used["dense_wire_bit_hops"])
    assert used["energy"]["offchip_pj"] == result["system"]["energy"]["offchip_pj"]
    assert 0 < used["energy"]["cores_pj"] < result["system"]["energy"]["cores_pj"]
    operations = [x.size * MADE, made.size * 4]
    executed = [nonzero["conv"] * MADE, nonzero["last"] * 4]
    assert [layer["events"]["operations_executed"] for layer in result["layers"]] == executed
    cycles = [layer["latency_cycles"] for layer in result["layers"]]
    busy = [c * e / o for c, e, o in zip(cycles, executed, operations, strict=True)]
    assert used["busiest_core_cycles"] == pytest.approx(max(busy))


def test_who_needs_the_zeros_is_sent_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    x, made = network_on(tmp_path, "Identity", "MaxPool")
    assert made.min() < 0  # so that a zero may be the largest of two
    result = evaluate_on(tmp_path, "")
    assert [layer["events"]["noc_events"] for layer in result["layers"]] == [np.count_nonzero(x), made.size]
    assert result["layers"][1]["events"]["why_dense"]


def test_the_table_tells_dense_and_event_driven_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    network_on(tmp_path, "Relu", "Conv")
    used = evaluate_on(tmp_path, "")["system"]["events"]
    said = capsys.readouterr().out
    assert f"{used['events']:,} events are sent in {used['header_flits'] + used['payload_flits']:,} flits" in said
    assert "Event-driven: cores" in said


def test_one_core_spends_what_it_spends_without_a_system(tmp_path: Path) -> None:
    arch = system_file(tmp_path / "system", "one core")
    events = ("--events", "random")
    assert evaluated("lenet5", arch, tmp_path / "system", *events) == 0
    assert evaluated("lenet5", "seneca_core", tmp_path / "core", *events) == 0
    system, core = (json.loads((tmp_path / name / "result.json").read_text()) for name in ("system", "core"))
    for one, other in zip(system["layers"], core["layers"], strict=True):
        apart = {"noc_events", "noc_energy_pj"}  # nothing is sent there
        assert {k: v for k, v in one["events"].items() if k not in apart} == {
            k: v for k, v in other["events"].items() if k not in apart
        }
        assert one["events"]["noc_events"] == 0
    assert system["total"]["events"]["energy_pj"] == core["total"]["events"]["energy_pj"]
    assert system["events_from"] == core["events_from"]


@given(
    values=st.integers(0, 500),
    in_a_flit=st.integers(1, 5),
    header=st.integers(0, 3),
    data=st.integers(1, 8),
    flit=st.integers(8, 64),
)
def test_packets_are_as_few_as_their_values_fill(
    values: int, in_a_flit: int, header: int, data: int, flit: int
) -> None:
    network = Network((), flit=flit, header_flits=header, values_per_flit=in_a_flit, packet_flits=header + data)
    found = packets_of(network, values, 8.0 * values)
    packets = left = 0
    for _ in range(values):  # one value after the other
        if not left:
            packets, left = packets + 1, data * in_a_flit
        left -= 1
    assert found.header_flits == packets * header
    assert found.payload_flits == -(-values // in_a_flit)
    assert found.wire_bits == flit * (found.header_flits + found.payload_flits)
    assert packets_of(Network(()), values, 8.0 * values).wire_bits == 8 * values


def test_what_is_wrong_with_events_is_said_at_once(tmp_path: Path) -> None:
    topology = "{bus: 2, bandwidth: 8, header_flits: 4, events: {values_per_flit: 1.5, packet_flits: 3}}"
    (tmp_path / "s.yaml").write_text(f"core: seneca_core\ntopology: {topology}\n")
    with pytest.raises(InputError) as raised:
        read_system(find_accelerator(str(tmp_path / "s.yaml")))
    told = " ".join(map(str, raised.value.problems))
    for words in ("values_per_flit is 1.5", "packet_flits is 3, and header_flits 4", "no flit"):
        assert words in told


def test_events_do_not_drive_arrays_that_compute_in_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.yaml").write_text("core: aimc\noffchip: {bandwidth: 32}\n")
    assert evaluated("lenet5", tmp_path / "s.yaml", tmp_path / "out", "--events", "random") == 1
    assert "events do not drive it" in capsys.readouterr().err
    assert not (tmp_path / "out" / "result.json").exists()
