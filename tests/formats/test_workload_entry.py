"""Volumes of a layer's tensors, against counting and against ZigZag."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zigzag.datatypes import LayerOperand

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, operand_indices, operations, relations, volumes
from onnx2zz.zigzag.layer import parse_layer
from tests.small_workloads import PRECISION, as_read, conv, lenet5, residual

LINKS = MappingEntry("default", memory_operand_links={"O": "O", "W": "I2", "I": "I1"})


def test_an_equation_lists_its_operands_in_order() -> None:
    assert operand_indices(as_read({"equation": "O[b][k] += W[k][c] * I[b][c]"})) == {
        "O": ("B", "K"),
        "W": ("K", "C"),
        "I": ("B", "C"),
    }
    assert operand_indices(as_read({"equation": "O[b][g]=I[b][g]*W[]"}))["W"] == ()
    assert relations(as_read({"dimension_relations": ["ix=2*ox+fx"]})) == {"IX": ((2, "OX"), (1, "FX"))}


@pytest.mark.parametrize("text", ["O[b]=I[b]", "Y[b]=I[b]*W[]", "O[b]=I[b]*W[]*V[]"])
def test_an_equation_that_zigzag_does_not_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no equation that ZigZag reads"):
        operand_indices(as_read({"equation": text}))


@given(sizes=st.tuples(*[st.integers(1, 7)] * 4), stride=st.integers(1, 5), dilation=st.integers(1, 5))
def test_a_strided_dilated_window_touches_each_element_once(
    sizes: tuple[int, int, int, int], stride: int, dilation: int
) -> None:
    k, c, ox, fx = sizes
    entry = {
        "equation": "O[k][ox]+=I[c][ix]*W[k][c][fx]",
        "dimension_relations": [f"ix={stride}*ox+{dilation}*fx"],
        "loop_dims": ["K", "C", "OX", "FX"],
        "loop_sizes": [k, c, ox, fx],
    }
    touched = {stride * x + dilation * f for x, f in product(range(ox), range(fx))}
    assert volumes(entry) == {"O": k * ox, "I": c * len(touched), "W": k * c * fx}


@pytest.mark.parametrize("entry", [*residual(), *lenet5()], ids=lambda entry: entry["name"])
def test_volumes_are_zigzags(entry: WorkloadEntry) -> None:
    layer = parse_layer(entry, LINKS)
    assert volumes(entry) == {operand: layer.operand_size_elem[LayerOperand(operand)] for operand in volumes(entry)}
    assert operations(entry) == layer.total_mac_count


def test_padding_is_no_traffic() -> None:
    entry = conv(0, None, "same", k=5, c=3, oy=56, ox=40, fy=3, fx=5, pads=((1, 1), (2, 2)))
    assert volumes(entry)["I"] == 3 * 56 * 40
    del entry["pr_loop_sizes"]
    assert volumes(entry)["I"] == 3 * 56 * 40
    del entry["padding"]
    assert volumes(entry)["I"] == 3 * 58 * 44
    assert entry["operand_precision"] == PRECISION
