"""Faults of a hand-written workload that ZigZag's own validation lets pass: one sentence each."""

import pytest

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.workload_check import inconsistencies, missing_fields
from onnx2zz.zigzag.layer import workload_problems
from tests.json_values import plain
from tests.small_workloads import as_read, conv, strip


def conv_with(**fields: dict[str, int] | list[int | list[int] | str] | str) -> list[WorkloadEntry]:
    layer = conv(0, None, "stem", k=12, c=3, oy=1, ox=28, fy=1, fx=7)
    return [as_read(layer | fields)]


def said(layers: list[WorkloadEntry]) -> list[str]:
    return [str(problem) for problem in inconsistencies("net.yaml", layers)]


def test_a_compiled_workload_is_fine() -> None:
    assert missing_fields("net.yaml", strip()) == ()
    assert workload_problems("net.yaml", strip()) == ()
    assert said(strip()) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"loop_sizes": [1, 12]}, "7 loop_dims (B, K, OY, OX, C, FY, FX) but 2 loop_sizes"),
        ({"loop_sizes": [1, 12, 1, 0, 3, 1, 7]}, "the loop OX has size 0: sizes start at 1"),
        ({"operand_precision": {"W": 8, "I": -8, "O": 16, "O_final": 8}}, "I has -8 bits"),
        ({"operand_precision": {"I": 8, "O": 16, "O_final": 8}}, "operand_precision has no W"),
        ({"padding": [[0, 0]]}, "2 pr_loop_dims but 1 entries in padding"),
        ({"dimension_relations": ["iy=oy+fy", "ix=ox+fz"]}, "the relation of ix reads FZ, which is no loop"),
        (
            {"dimension_relations": ["ix=ox+fx"]},
            "I is indexed by iy, which is neither a loop nor the left side of a relation",
        ),
        ({"equation": "O[b]=I[b]"}, "no equation that ZigZag reads: O[b]=I[b]"),
    ],
)
def test_a_fault_of_a_layer(
    fields: dict[str, list[int | list[int] | str] | dict[str, int] | str], sentence: str
) -> None:
    assert said(conv_with(**fields)) == [f"net.yaml: layer 0 (stem): {sentence}"]


@pytest.mark.parametrize("source", [5, -1, 99])
def test_a_source_is_an_earlier_layer(source: int) -> None:
    layers = strip()
    layers[2]["operand_source"] = {"I": source, "W": 2}
    (sentence,) = said(layers)
    assert sentence.startswith(f"net.yaml: layer 2 (L2_conv): the source of I is {source}, which is no earlier layer")


def test_an_id_is_given_once() -> None:
    layers = strip()[:2]
    layers[1]["id"] = 0
    assert "net.yaml: layer 0 (L1_pool): the id 0 is taken by an earlier layer" in said(layers)


@pytest.mark.parametrize("document", [None, {}, [], "text"])
def test_no_list_of_layers(document: object) -> None:
    assert [problem.what for problem in missing_fields("net.yaml", document)] == [
        "no workload: a list of layers is needed"
    ]


def test_missing_fields_are_named_layer_by_layer() -> None:
    layers = plain(strip()[:3])
    del layers[0]["loop_sizes"], layers[2]["equation"], layers[2]["id"]
    assert [str(problem) for problem in missing_fields("net.yaml", layers)] == [
        "net.yaml: layer 0: loop_sizes missing",
        "net.yaml: layer 2: id, equation missing",
    ]


def test_the_schema_is_zigzags() -> None:
    first, second = strip()[:2]
    layers = [as_read(first | {"operator_type": "MatMul"}), as_read(second | {"loop_sizes": [1, 12, "many"]})]
    assert [str(problem) for problem in workload_problems("net.yaml", layers)] == [
        "net.yaml: layer 0.operator_type: unallowed value MatMul",
        "net.yaml: layer 1.loop_sizes.2: must be of integer type",
    ]
