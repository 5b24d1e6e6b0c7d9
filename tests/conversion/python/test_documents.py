"""Accelerators, mappings and workloads in Python become the YAML that says the same."""

import pytest

from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.python.read import convert_python
from onnx2zz.errors import InputError
from onnx2zz.files.document import Value
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.mapping_entry import read_mapping
from onnx2zz.formats.workload_entry import read_layer
from tests.conversion.python.old_files import ACCELERATOR, MAPPING, WORKLOAD


def only(text: str, path: str = "folder/chip.py") -> Converted:
    (found,) = convert_python(path, text)
    return found


def faults(text: str) -> str:
    with pytest.raises(InputError) as raised:
        convert_python("chip.py", text)
    return "\n".join(map(str, raised.value.problems))


def test_an_accelerator_keeps_its_memories_ports_and_array() -> None:
    found = only(ACCELERATOR)
    assert found.kind == "accelerator"
    hierarchy = read_hierarchy(found.data)
    assert hierarchy.array == {"D1": 8, "D2": 4}
    memories = {memory.name: memory for memory in hierarchy.memories}
    assert [*memories] == ["reg", "reg_2", "acc", "sram", "dram"]
    assert {name: memory.size for name, memory in memories.items()} == {
        "reg": 24, "reg_2": 24, "acc": 48, "sram": 96 * 1024 * 8, "dram": 10**9,
    }  # fmt: skip
    assert [memories[name].served for name in memories] == [(), ("D1",), ("D2",), ("D1", "D2"), ("D1", "D2")]
    sram = memories["sram"]
    assert [(port.kind, port.narrowest, port.widest) for port in sram.ports] == [("read", 64, 256), ("write", 32, 128)]
    assert sram.serves["O"] == {"fh": "w_port_1", "tl": "r_port_1", "fl": "w_port_1", "th": "r_port_1"}
    assert memories["acc"].serves == {"O": {"fh": "w_port_1", "tl": "r_port_1", "fl": "w_port_2", "th": "r_port_2"}}
    assert {port.name for port in memories["dram"].ports} == {"rw_port_1"}
    assert sram.raw["r_cost"] == 14.0
    assert any("reg_2" in note for note in found.notes)


def test_an_accelerator_is_called_as_its_file() -> None:
    data = only(ACCELERATOR).data
    assert isinstance(data, dict)
    assert data["name"] == "chip"


def test_functions_without_a_core_are_enough() -> None:
    parts = ACCELERATOR.replace("accelerator = Accelerator(", "# (").replace("Core(1, array, memories(array))", "array")
    parts += "\ndef array_of():\n    return MultiplierArray(Multiplier([8, 8], 0.04, 1.5), {'D1': 8, 'D2': 4})\n"
    assert read_hierarchy(only(parts).data) == read_hierarchy(only(ACCELERATOR).data)


@pytest.mark.parametrize(
    ("vector", "expected"),
    [("{(0, 1)}", [("D2",), ("D1", "D2")]), ('("D2",)', [("D2",), ()]), ("()", [(), ("D1", "D2")])],
)
def test_what_served_all_dimensions_unsaid_serves_none_where_dimensions_have_names(
    vector: str, expected: list[tuple[str, ...]]
) -> None:
    """ZigZag's add_memory said "all" up to 2.5.3, and `()` when dimensions got names (2024-04)."""
    text = ACCELERATOR.replace("served_dimensions={(0, 1)}", f"served_dimensions={vector}")
    text = text.replace('operands=("I1", "O"), served_dimensions="all"', 'operands=("I1", "O")')
    text = text.replace("served_dimensions={(0, 0)}", "served_dimensions=()")
    memories = {memory.name: memory for memory in read_hierarchy(only(text).data).memories}
    assert [memories[name].served for name in ("acc", "sram")] == expected
    assert memories["reg"].served == ()


def test_cells_whose_write_cost_was_cactis_keep_the_other_costs_and_the_note_says_which_is_to_be_written() -> None:
    """ZigZag asks CACTI for no cells of an array that computes in memory."""
    text = ACCELERATOR.replace("MultiplierArray(Multiplier([8, 8], 0.04, 1.5), ", "ImcArray({}, HD, ")
    figures = {
        "imc_type": "analog", "adc_resolution": 5, "input_precision": 8, "weight_precision": 8, "input_bit_per_cycle": 2
    }  # fmt: skip
    text = text.replace("import os", "import os\nfrom zigzag.imc import ImcArray, get_w_cost_per_weight_from_cacti")
    text = text.replace("KB =", f"HD = {figures}\nKB =").replace("r_cost=0.01, w_cost=0.02", "r_cost=0.01, w_cost=W")
    text = text.replace("KB =", "W = get_w_cost_per_weight_from_cacti('cacti', {}, HD, {})\nKB =")
    text = text.replace("area=0.5", "area=0.25")
    found = only(text)
    cells = {memory.name: memory.raw for memory in read_hierarchy(found.data).memories}["cells"]
    assert {key: cells.get(key) for key in ("r_cost", "w_cost", "area", "auto_cost_extraction")} == {
        "r_cost": 0.01, "w_cost": None, "area": 0.25, "auto_cost_extraction": None,
    }  # fmt: skip
    assert any("w_cost of cells came from CACTI" in note for note in found.notes)


def test_a_mapping_keeps_its_unrollings_links_and_order() -> None:
    entries = {entry.name: entry for entry in read_mapping(only(MAPPING).data)}
    assert entries["default"].spatial_mapping == {"D1": ("K, 8",), "D2": ("C, 2", "FX, 2")}
    assert entries["Add"].memory_operand_links == {"O": "O", "W": "I2", "I": "I1"}
    assert entries["Pooling"].spatial_mapping_hint == {"D1": ("G",), "D2": ("OX", "OY")}
    assert entries["Pooling"].temporal_ordering == (("OX", 3), ("OY", "*"))


def test_a_workload_keeps_its_loops_precisions_sources_and_padding() -> None:
    data = only(WORKLOAD).data
    assert isinstance(data, list)
    layers = [layer for number, entry in enumerate(data) if (layer := read_layer(number, entry))]
    assert [layer.operations for layer in layers] == [6 * 5 * 9 * 7 * 3, 6 * 6 * 9 * 7 * 3, 6 * 9 * 7]
    assert layers[1].sources == {"W": 1, "I": 0}
    assert layers[2].sources == {"W": 0, "I": 1}
    assert layers[2].combine == "+"
    assert layers[0].precision == {"O": 16, "O_final": 8, "W": 4, "I": 8}
    assert layers[0].padding == {"IY": (1, 1)}


def test_layers_that_say_their_mapping_give_a_mapping_of_their_own() -> None:
    text = WORKLOAD.replace(
        '"constant_operands": ["W"],',
        '"constant_operands": ["W"], "core_allocation": 1, "spatial_mapping": {"D1": ("K", k)},',
    )
    workload, mapping = convert_python("w.py", text)
    assert (workload.kind, mapping.kind) == ("workload", "mapping")
    entries = read_mapping(mapping.data)
    assert [entry.name for entry in entries] == ["Layer0", "Layer1", "default"]
    assert entries[0].spatial_mapping == {"D1": ("K, 6",)}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(("O", 16), "Add"), (("W", 0), "Pooling"), (("W", 4), "Conv")],
)
def test_layers_of_2022_get_their_type_from_the_equation(kind: tuple[str, int], expected: str) -> None:
    operand, bits = kind
    text = WORKLOAD.replace('"operator_type": "Conv",', "").replace('"operator_type": "Add",', "")
    text = text.replace('"W": 4', f'"W": {bits if operand == "W" else 4}')
    data = only(text).data
    assert isinstance(data, list)
    types: list[Value] = [entry["operator_type"] for entry in data if isinstance(entry, dict)]
    assert types[2 if operand == "O" else 0] == expected


BROKEN = {
    "a size from elsewhere": ("96 * KB", "load_size()", r"chip.py:17: size of sram: `load_size` is defined nowhere"),
    "a size that is no number": ("96 * KB", "'96K'", "chip.py:17: size of sram is '96K', and no whole number"),
    "half a bit": ("size=24", "size=24.5", "chip.py:14: size of reg is 24.5"),
    "a diagonal": ("{(0, 1)})", "{(1, 1)})", "chip.py:25: a memory along a diagonal"),
    "two cores": ("{Core(1,", "{Core(2, array, memories(array)), Core(1,", "an accelerator of 2 cores"),
    "a fourth operand": ('operands=("I2",)', 'operands=("H",)', "a memory operand `H`"),
    "a memory under a condition": (
        "    graph.add_memory(acc,",
        "    import os\n    if os.environ['X']:\n      graph.add_memory(acc,",
        "whether this memory is added is only known in a run",
    ),
    "a dimension of another name": ('"D2": 4}', '"COLS": 4}', "an array dimension `COLS`"),
    "a memory from another file": (
        "memory_instance=sram",
        "memory_instance=shared.SRAM",
        "the memory: `shared` is defined nowhere in this file",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_only_a_run_would_tell_is_one_sentence_with_its_line(case: str) -> None:
    old, new, expected = BROKEN[case]
    assert old in ACCELERATOR
    said = faults(ACCELERATOR.replace(old, new))
    assert expected in said
    assert said.count("\n") == 0


def test_all_faults_are_said_at_once() -> None:
    said = faults(ACCELERATOR.replace("size=24", "size=a").replace("r_cost=500", "r_cost=b"))
    assert "size of reg" in said
    assert "r_cost of dram" in said


def test_a_file_without_anything_of_zigzags_says_so() -> None:
    assert "no accelerator, no mapping and no workload" in faults("x = 3")
    assert "chip.py:2: no valid Python" in faults("x = 3\ny = (")
