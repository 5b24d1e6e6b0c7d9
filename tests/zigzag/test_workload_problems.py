"""ZigZag's schema is asked of each kind of layer once, and of every layer where it objects."""

from copy import deepcopy
from typing import cast

import pytest
from zigzag.parser.mapping_validator import MappingValidator
from zigzag.parser.workload_validator import WorkloadValidator

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.layer import mapping_problems, workload_problems
from onnx2zz.zigzag.schema import schema_problems
from tests.small_workloads import strip


def as_stock_says(entries: list[WorkloadEntry]) -> object:
    validator = WorkloadValidator(deepcopy(entries))
    validator.validator.validate(validator.data, schema=validator.schema)
    return schema_problems("w.yaml: layer ", validator.validator.errors)


def many() -> list[WorkloadEntry]:
    """Each layer of a small network three times, its number and name apart."""
    layers: list[WorkloadEntry] = [deepcopy(layer) for _ in range(3) for layer in strip()]
    for number, layer in enumerate(layers):
        layer["id"], layer["name"] = number, f"L{number}"
    return layers


def test_a_workload_without_faults_has_none() -> None:
    assert workload_problems("w.yaml", many()) == as_stock_says(many()) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "seven"),
        ("id", True),
        ("name", 7),
        ("operand_source", {"W": "x"}),
        ("operand_source", {"Z": 1}),
        ("operand_source", None),
        ("loop_sizes", ["a"]),
        ("operator_type", "Softmax"),
        ("nonsense", 1),
    ],
)
def test_each_fault_is_said_of_its_layer_whichever_it_is(field: str, value: object) -> None:
    for place in (0, 8, 15):
        layers = many()
        wrong: dict[str, object] = {**layers[place], field: value}
        layers[place] = cast("WorkloadEntry", wrong)
        assert workload_problems("w.yaml", layers) == as_stock_says(layers)


def mapped() -> list[dict[str, object]]:
    """Entries of two kinds, several of each."""
    links = {"O": "O", "W": "I2", "I": "I1"}
    return [
        {"name": f"L{number}_x", "spatial_mapping": {"D1": [f"K, {4 + number % 2}"]}, "memory_operand_links": links}
        for number in range(7)
    ]


@pytest.mark.parametrize("place", [0, 3, 6])
@pytest.mark.parametrize(
    ("field", "value"),
    [("name", 7), ("name", None), ("spatial_mapping", {"D1": ["K 4"]}), ("memory_operand_links", {"O": 1}), ("x", 1)],
)
def test_each_fault_is_said_of_its_entry_of_a_mapping(place: int, field: str, value: object) -> None:
    assert mapping_problems("m.yaml", mapped()) == ()
    entries = mapped()
    entries[place][field] = value
    validator = MappingValidator(deepcopy(entries))
    validator.validator.validate(validator.data, schema=validator.schema)
    said = mapping_problems("m.yaml", entries)
    assert said == schema_problems("m.yaml: entry ", validator.validator.errors)
    assert said
