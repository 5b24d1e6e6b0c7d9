"""Einsum against onnxruntime: products, sums, diagonals, ellipses, many operands."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.ir.layer import Layer
from tests.oracle import check_node, distinct

SIZES = {"a": 2, "b": 3, "c": 5, "d": 4, "i": 2, "j": 3, "k": 4, "l": 5}


def check(equation: str, *shapes: tuple[int, ...]) -> tuple[Layer, ...]:
    rng = np.random.default_rng(0)
    inputs = {f"x{i}": np.asarray(distinct(rng, *shape)) for i, shape in enumerate(shapes)}
    return check_node(helper.make_node("Einsum", list(inputs), ["y"], equation=equation), inputs)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from("abcd"), max_size=4), st.lists(st.sampled_from("abcd"), max_size=4), st.data())
def test_two_operands_with_any_labels(left: list[str], right: list[str], data: st.DataObject) -> None:
    """Repeated labels are diagonals; labels of one operand that the result lacks are summed before the product."""
    labels = sorted({*left, *right})
    result = data.draw(st.permutations(labels))[: data.draw(st.integers(0, len(labels)))]
    shapes = [tuple(SIZES[label] for label in side) for side in (left, right)]
    layers = check(f"{''.join(left)},{''.join(right)}->{''.join(result)}", *shapes)
    joint = [a for a in labels if a in result or (a in left and a in right)]
    assert sum(layer.macs for layer in layers) == math.prod(SIZES[label] for label in joint)
    assert [layer.operator_type for layer in layers].count("Gemm") == 1


@pytest.mark.parametrize(
    ("equation", "shapes", "types"),
    [
        ("ij->ji", [(3, 4)], ["Add"]),
        ("ii->i", [(4, 4)], ["Add"]),
        ("ii", [(4, 4)], ["Pooling"]),
        ("ijk->kj", [(2, 3, 4)], ["Pooling"]),
        ("...ij->...ji", [(2, 3, 4)], ["Add"]),
        ("bhid,bhjd->bhij", [(2, 3, 4, 5), (2, 3, 2, 5)], ["Gemm"]),
        ("bij, bjk -> bik", [(2, 3, 4), (2, 4, 5)], ["Gemm"]),
        ("bij,bjk", [(2, 3, 4), (2, 4, 5)], ["Gemm"]),
        ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 5)], ["Gemm"]),
        ("...ij,jk->...ik", [(2, 3, 4), (4, 5)], ["Gemm"]),
        ("...ij,...jk->...ik", [(2, 1, 3, 4), (1, 7, 4, 5)], ["Gemm"]),
        ("i,j->ij", [(3,), (4,)], ["Gemm"]),
        ("i,i", [(3,), (3,)], ["Gemm"]),
        ("ij,kj->ik", [(3, 4), (5, 4)], ["Gemm"]),
        ("ij,jk,kl->il", [(3, 4), (4, 5), (5, 2)], ["Gemm", "Gemm"]),
        ("ijm,jk,kl->li", [(3, 4, 2), (4, 5), (5, 2)], ["Pooling", "Gemm", "Gemm"]),
        ("ab,bc,cd,da->", [(2, 3), (3, 5), (5, 4), (4, 2)], ["Gemm", "Gemm", "Gemm"]),
        ("bhwc,hkc->bhwk", [(2, 3, 4, 5), (3, 2, 5)], ["Gemm"]),
        ("bhwc,wkc->bhwk", [(2, 3, 4, 5), (4, 2, 5)], ["Gemm"]),
    ],
)
def test_equations_of_real_models(equation: str, shapes: list[tuple[int, ...]], types: list[str]) -> None:
    assert [layer.operator_type for layer in check(equation, *shapes)] == types


def test_loops_are_merged_only_above_seven() -> None:
    few, many = "abcdef,fgh->abcdegh", "abcdefgh,hijk->abcdefgijk"
    (layer,) = check(few, (2, 3, 2, 1, 2, 3), (3, 2, 3))
    assert sum(size > 1 for _, size in layer.loops) == 7
    (layer,) = check(many, (2, 3, 2, 3, 2, 3, 2, 3), (3, 2, 3, 2))
    assert sum(size > 1 for _, size in layer.loops) == 7
    assert layer.macs == 2 * 3 * 2 * 3 * 2 * 3 * 2 * 3 * 2 * 3 * 2
