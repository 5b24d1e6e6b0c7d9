"""Setting fields of a template."""

import pytest

from onnx2zz.design_space.template import with_field
from onnx2zz.formats.shipped_files import find_accelerator
from tests.json_values import Document, load_document

SENECA = load_document(find_accelerator("seneca").path)
PORTS = {"data_memory": ("r_port_1", "w_port_1"), "shared_memory": ("rw_port_1",)}


def set_to(field: str, expression: str, **names: float) -> Document:
    return with_field(SENECA, field, expression, names)


def test_one_field_and_nothing_else() -> None:
    changed = set_to("memories.data_memory.size", "kib * 8192", kib=48)
    assert changed["memories"]["data_memory"]["size"] == 48 * 8192
    changed["memories"]["data_memory"]["size"] = SENECA["memories"]["data_memory"]["size"]
    assert changed == SENECA


def test_the_template_is_left_alone() -> None:
    before = SENECA["memories"]["data_memory"]["size"]
    set_to("memories.data_memory.size", "old * 2")
    assert SENECA["memories"]["data_memory"]["size"] == before


def test_each_memory() -> None:
    changed = set_to("memories.*.r_cost", "old * 0.5")["memories"]
    assert {name: memory["r_cost"] for name, memory in changed.items()} == {
        name: memory["r_cost"] * 0.5 for name, memory in SENECA["memories"].items()
    }


def test_a_dimension_and_a_port_go_by_their_names() -> None:
    assert set_to("operational_array.sizes.D1", "24")["operational_array"]["sizes"] == [24]
    ports = set_to("memories.data_memory.ports.w_port_1.bandwidth_max", "old * 3")["memories"]["data_memory"]["ports"]
    assert [port["bandwidth_max"] for port in ports] == [128, 384]


def test_where_ports_are_many() -> None:
    changed = set_to("memories.*.ports.*.bandwidth_max", "old * 2")["memories"]
    for memory, names in PORTS.items():
        old = {port["name"]: port["bandwidth_max"] for port in SENECA["memories"][memory]["ports"]}
        assert {p["name"]: p["bandwidth_max"] for p in changed[memory]["ports"]} == {n: old[n] * 2 for n in names}


def test_a_size_is_whole_and_a_cost_is_not() -> None:
    size = set_to("memories.data_memory.size", "old / 2")["memories"]["data_memory"]["size"]
    assert isinstance(size, int) and size == 2097152 // 2
    assert set_to("memories.shared_memory.r_cost", "old / 3")["memories"]["shared_memory"]["r_cost"] == 448 / 3


@pytest.mark.parametrize(
    ("field", "expression", "said"),
    [
        ("memories.data_memry.size", "1", "data_memry is not there; did you mean data_memory?"),
        ("memories.data_memory.sise", "1", "did you mean size?"),
        ("operational_array.sizes.D2", "1", "no dimension D2"),
        ("memories.*.sise", "1", "nothing in the template is memories.*.sise"),
        ("memories.data_memory", "1", "is no number in the template"),
        ("memories.data_memory.operands", "1", "is no number in the template"),
        ("memories.data_memory.size", "old / 3", "whole numbers: use ceil() or floor()"),
        ("memories.data_memory.r_cost", "old - 1000", "less than 0"),
        ("operational_array.sizes.D1", "old - 8", "would be 0"),
    ],
)
def test_what_cannot_be_set(field: str, expression: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        set_to(field, expression)
    assert said in str(error.value)
