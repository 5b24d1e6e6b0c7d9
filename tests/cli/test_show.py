"""`show`: everything that an accelerator file says of memories and array is there, on a terminal and drawn."""

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from onnx2zz.api.system import system_called
from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import ACCELERATORS, shipped
from onnx2zz.formats.yaml_comments import comments
from onnx2zz.formats.yaml_source import parse_yaml
from onnx2zz.report.hardware import blocks, size_told
from onnx2zz.report.hardware_drawing import hardware_svg

SVG = "{http://www.w3.org/2000/svg}"
CHIPS = [name for name, path in shipped(ACCELERATORS).items() if "memories" in yaml.safe_load(path.read_text())]


@pytest.mark.parametrize("chip", CHIPS)
def test_every_memory_port_and_cost_is_shown(chip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", chip, "--svg", str(tmp_path / "chip.svg")]) == 0
    said = capsys.readouterr().out
    drawn = "".join(ElementTree.parse(tmp_path / "chip.svg").getroot().itertext())
    document = yaml.safe_load(shipped(ACCELERATORS)[chip].read_text())
    units = 1
    for size in document["operational_array"]["sizes"]:
        units *= size
    for text in (said, drawn):
        assert f"{units:,} unit" in text
        for name, memory in document["memories"].items():
            assert f"{name}: {size_told(memory['size'])}" in text
            if not memory.get("auto_cost_extraction"):
                assert f"read {memory['r_cost']:g} pJ, write {memory['w_cost']:g} pJ" in text
            assert text.count(f"holds {', '.join(memory['operands'])};")
    ports = sum(len(memory["ports"]) for memory in document["memories"].values())
    assert said.count(" bit a cycle)") == ports
    # An operand that two ports of a memory name for one direction uses the last of them.
    used = {
        (name, allocation)
        for name, memory in document["memories"].items()
        for port in memory["ports"]
        for allocation in port.get("allocation", ())
    }
    assert sum(said.count(f" {word}") for word in ("from above", "to below", "from below", "to above")) == len(used)


def test_memories_stand_highest_first_and_say_how_often_they_are_there() -> None:
    document = yaml.safe_load(shipped(ACCELERATORS)["seneca"].read_text())
    titles = [block.title for block in blocks(document)]
    assert titles == [
        "shared_memory: 8 GiB",
        "data_memory: 256 KiB",
        "register_file: 128 B, 8 of them",
        "event_register: 16 B",
        "array: D1 8, 8 units",
    ]


@pytest.mark.parametrize(("bits", "told"), [(3, "3 bit"), (12, "1.5 B"), (1 << 13, "1 KiB"), (3 << 22, "1.5 MiB")])
def test_sizes_are_told_in_units_that_people_read(bits: int, told: str) -> None:
    assert size_told(bits) == told


def test_a_system_shows_each_kind_of_core(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "tpu_like_quad"]) == 0
    said = capsys.readouterr().out
    assert "array: D1 32 x D2 32, 1,024 units" in said


def test_names_are_text(tmp_path: Path) -> None:
    document = {"operational_array": {"dimensions": ["D1"], "sizes": [4]}, "memories": {"<b>&": {"size": 64}}}
    drawn = ElementTree.fromstring(hardware_svg("a<script>", document))
    assert "a<script>" in "".join(drawn.itertext()) and "<b>&: 8 B" in "".join(drawn.itertext())


def test_a_file_that_is_not_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "nowhere.yaml"]) == 1
    assert "nowhere.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("chip", CHIPS)
def test_boxes_of_the_drawing_lie_in_it_and_over_none_of_each_other(chip: str) -> None:
    """A memory stands over the columns of its operands, above all other memories of these."""
    document = yaml.safe_load(shipped(ACCELERATORS)[chip].read_text())
    drawn = ElementTree.fromstring(hardware_svg(chip, document))
    boxes = [group.find(f"{SVG}rect") for group in drawn.iter(f"{SVG}g")]
    placed = [
        tuple(float(box.get(name, "")) for name in ("x", "y", "width", "height")) for box in boxes if box is not None
    ]
    assert len(placed) == len(document["memories"]) + 1
    for x, y, width, height in placed:
        assert (
            x >= 0
            and x + width <= float(drawn.get("width", ""))
            and y >= 0
            and y + height <= float(drawn.get("height", ""))
        )
    for (x, y, width, height), (left, top, across, down) in combinations(placed, 2):
        assert x + width <= left or left + across <= x or y + height <= top or top + down <= y
    sizes = [memory["size"] for memory in sorted(document["memories"].values(), key=lambda memory: memory["size"])]
    assert len(sizes) == len(placed) - 1
    for (name, memory), (other, held) in combinations(document["memories"].items(), 2):
        if set(memory["operands"]) & set(held["operands"]) and memory["size"] != held["size"]:
            low, high = (name, other) if memory["size"] < held["size"] else (other, name)
            assert top_of(drawn, high) < top_of(drawn, low)


def top_of(drawn: ElementTree.Element, memory: str) -> float:
    for group in drawn.iter(f"{SVG}g"):
        title, box = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        if title is not None and box is not None and (title.text or "").startswith(f"{memory}: "):
            return float(box.get("y", ""))
    raise AssertionError(f"{memory} is not drawn")


def test_figures_tell_where_they_come_from_or_that_nobody_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "seneca"]) == 0
    said = capsys.readouterr().out
    assert "read 448 pJ, write 448 pJ [64 b x 7000 fJ/b [T]]" in said
    assert "an operation costs 2.224 pJ [A synaptic operation is a multiply and an add" in said
    assert "area of a unit not given" in said
    assert run(["show", "tpu_like"]) == 0
    said = capsys.readouterr().out
    assert "read 700 pJ, write 750 pJ [source not given]" in said and "area not given" in said
    assert run(["show", "aimc"]) == 0
    assert "computes in memory, analog" in capsys.readouterr().out


def test_comments_behind_and_above_a_value_are_its_and_those_in_texts_are_none() -> None:
    source = parse_yaml("a: 1 # one\n       # and more\n# of b\n# too\nb:\n  c: 'x # y'\n  d: 2\n# end\n", "x.yaml")
    assert comments(source) == {"a": "one and more", "b": "of b too"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a#b # why", "why"),
        ("it's here # from the paper", "from the paper"),
        ("5 # it's \"a guess", "it's \"a guess"),
        ("['x # y', \"v # w\"] # both", "both"),
        ("'x # y'", ""),
        ("'x # y'  # z", "z"),
    ],
)
def test_a_quote_or_a_hash_inside_a_word_hides_no_comment(line: str, said: str) -> None:
    """The comment above is another value's where this one has its own."""
    source = parse_yaml(f"# of the whole file\n\nz: 1\na: {line}\n", "x.yaml")
    assert comments(source).get("a", "") == said


@pytest.mark.parametrize("system", ["seneca_4x4", "tpu_like_quad", "seneca_1x1"])
def test_a_system_is_drawn_with_its_cores_links_and_port(system: str, tmp_path: Path) -> None:
    assert run(["show", system, "--svg", str(tmp_path / "system.svg")]) == 0
    drawn = ElementTree.parse(tmp_path / "system.svg").getroot()
    described = system_called(system, lambda _: None)
    cores = [one for one in drawn.iter(f"{SVG}g") if one.get("class") == "core"]
    assert len(cores) == len(described.cores)
    wires = [
        one for one in drawn.iter(f"{SVG}path") if one.get("class") == "wire" and one.find(f"{SVG}title") is not None
    ]
    port = described.network.port
    assert len(wires) == sum(link is not port for link in described.network.links)
    said = "".join(drawn.itertext())
    for core in described.cores:
        assert f"core {core.name}" in said
    if port is not None:
        assert f"{port.bandwidth:g} bit a cycle, read " in said
        assert sum(one.get("class") == "port" for one in drawn.iter(f"{SVG}rect")) == len(
            set(port.nodes) & set(described.by_id)
        )


def test_cores_of_one_file_name_are_all_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files core.yaml in two folders are two kinds of cores, each with its array."""
    core = yaml.safe_load(shipped(ACCELERATORS)["seneca_core"].read_text())
    for folder, units in (("small", 4), ("large", 12)):
        (tmp_path / folder).mkdir()
        core["operational_array"]["sizes"] = [units]
        (tmp_path / folder / "core.yaml").write_text(yaml.safe_dump(core))
    system = """
name: mixed
cores: {[0, 0]: small/core.yaml, default: large/core.yaml}
topology: {mesh: [3, 1], bandwidth: 32, energy_per_bit: 0.0625, hop_cycles: 1}
offchip: {at: [[0, 0]], bandwidth: 32, read_pj_per_bit: 300, write_pj_per_bit: 300}
mapping: seneca_core
"""
    (tmp_path / "mixed.yaml").write_text(system)
    assert run(["show", str(tmp_path / "mixed.yaml"), "--svg", str(tmp_path / "mixed.svg")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith(("small", "large", "array"))] == [
        "small/core",
        "array: D1 4, 4 units",
        "large/core",
        "array: D1 12, 12 units",
    ]
    drawn = "".join(ElementTree.parse(tmp_path / "mixed.svg").getroot().itertext())
    assert "1 x small/core, 2 x large/core" in drawn and "D1 4, 4 units" in drawn and "D1 12, 12 units" in drawn
