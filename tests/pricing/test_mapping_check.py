"""Faults of a mapping, for a workload and an accelerator."""

import pytest

from onnx2zz.errors import Problem
from onnx2zz.formats.mapping_entry import read_mapping
from onnx2zz.pricing.mapping_check import array_problems, dim_problems, unusable
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.layer import mapping_problems
from tests.json_values import Document
from tests.small_workloads import gemm, strip

TWO_BY_TWO = ArrayAndPorts((("D1", 32), ("D2", 32)), False, ())


def entry(name: str, **unrolled: list[str]) -> dict[str, dict[str, list[str]] | str]:
    return {"name": name, "spatial_mapping": {dim: list(loops) for dim, loops in unrolled.items()}}


def said(problems: tuple[Problem, ...]) -> list[str]:
    return [str(problem) for problem in problems]


def test_an_array_dim_that_the_accelerator_lacks() -> None:
    mapping = [entry("default", D1=["K, 8"]), entry("Add", D1=["G, 8"], D3=["OX, 2"])]
    assert said(array_problems("m.yaml", read_mapping(mapping), TWO_BY_TWO)) == [
        "m.yaml: entry Add: D3 is no dimension of the accelerator's array (D1, D2); "
        "take it out, or let ZigZag choose with `--mapping generated`"
    ]


def test_a_slip_of_the_pen():
    (sentence,) = said(dim_problems("m.yaml", read_mapping([entry("default", D1=["KX, 8"])]), strip()))
    assert sentence == (
        "m.yaml: entry default: D1 unrolls KX, but no layer has such a loop: "
        "the workload has B, C, FX, FY, G, K, OX, OY only; correct the name or take it out"
    )


def test_a_loop_that_the_layer_lacks_by_a_factor_of_one_is_none() -> None:
    """ZigZag leaves it out; an entry of ZigZag's own generators may have it."""
    mapping = [entry("default", D1=["K, 8"], D2=["Q, 1"]), entry("L1_pool", D1=["G, 8", "C, 1"])]
    assert dim_problems("m.yaml", read_mapping(mapping), strip()) == ()


def test_an_entry_for_one_layer_must_fit_that_layer() -> None:
    mapping = [entry("default", D1=["K, 8"]), entry("L1_pool", D1=["K, 8"])]
    (sentence,) = said(dim_problems("m.yaml", read_mapping(mapping), strip()))
    assert sentence.startswith("m.yaml: entry L1_pool: D1 unrolls K, but the layer of that name has B, FX, FY, G, OX")


@pytest.mark.parametrize(
    "mapping",
    [
        [entry("default", D1=["K, 8"], D2=["C, 8"])],  # pools and additions take it too, and lack K and C
        [entry("default", D1=["K, 8"]), entry("Conv_downsample", D1=["QX, 8"])],  # for no layer of this workload
        [{"name": "default"}],
    ],
)
def test_what_serves_several_kinds_of_layers_is_fine(mapping: list[Document]) -> None:
    assert dim_problems("m.yaml", read_mapping(mapping), strip()) == ()


def test_a_mapping_for_images_may_run_a_network_of_products() -> None:
    mapping = [entry("default", D1=["K, 8"], D2=["OX, 8", "OY, 2"])]
    assert dim_problems("m.yaml", read_mapping(mapping), [gemm(0, None, "fc", k=4, c=6)]) == ()


def test_what_is_no_mapping() -> None:
    assert said(unusable("m.yaml", {"default": 1})) == [
        "m.yaml: no mapping: a list of entries is needed, each with a name"
    ]
    assert said(unusable("m.yaml", [entry("Conv", D1=["K, 8"])])) == [
        "m.yaml: no entry is called default; ZigZag needs one, for layers that no other entry names"
    ]
    assert said(mapping_problems("m.yaml", [entry("default", D1=["K 8"], D5=["C, 8"])])) == [
        "m.yaml: entry 0.spatial_mapping.D1.0: value does not match regex '^[A-Z]+\\d*, \\d+$'",
        "m.yaml: entry 0.spatial_mapping: unknown: D5",
    ]
