"""The enumeration against ZigZag's own generators."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zigzag.datatypes import LayerDim
from zigzag.opt.loma import multipermute

from onnx2zz.zigzag.search.orderings import FixedLoops, Loops, chunks, permutations

multisets = st.lists(st.integers(1, 3), min_size=1, max_size=5).filter(lambda counts: sum(counts) <= 7)


@given(counts=multisets, rows=st.integers(1, 50))
def test_permutations_come_in_lomas_order(counts: list[int], rows: int) -> None:
    values = [value for value, count in enumerate(counts) for _ in range(count)]
    tables = list(permutations(counts, rows))
    assert np.concatenate(tables).tolist() == list(multipermute.permutations(values))
    assert max(map(len, tables)) <= rows


@given(data=st.data(), counts=multisets)
def test_demands_leave_what_zigzags_constraints_leave(data: st.DataObject, counts: list[int]) -> None:
    loops = [(LayerDim("ABCDE"[value]), 2) for value, count in enumerate(counts) for _ in range(count)]
    place = data.draw(st.integers(-len(loops), len(loops) - 1))
    wanted = data.draw(st.integers(0, len(counts) - 1))
    constraint = multipermute.StaticPositionsConstraint({place: LayerDim("ABCDE"[wanted])})
    expected = [
        ["ABCDE".index(str(dim)) for dim, _ in ordering]
        for ordering in multipermute.constrainded_permutations(loops, [constraint])
    ]
    ours = chunks(
        Loops(tuple(range(len(counts))), (2,) * len(counts), tuple(counts)), [FixedLoops(place, (wanted,))], 11
    )
    assert [row.tolist() for chunk in ours for row in chunk.loop] == expected


def test_each_cut_is_looked_up_in_the_table_of_what_lies_below() -> None:
    loops = Loops(dims=(4, 4, 2), sizes=(3, 5, 2), counts=(1, 2, 2))
    for orderings in chunks(loops, [], 1000):
        sizes = np.array(loops.sizes)[orderings.loop]
        below = np.concatenate([np.ones((len(sizes), 1)), np.cumprod(sizes, axis=1)], axis=1)
        assert (orderings.iterations == below).all()
        over_4 = np.where(np.array(loops.dims)[orderings.loop] == 4, sizes, 1)
        assert (loops.dim_size(4)[orderings.below][:, 1:] == np.cumprod(over_4, axis=1)).all()
        assert (orderings.sizes_over((4,)) == over_4).all()


@pytest.mark.parametrize(("dims", "expected"), [((2,), 2), ((4,), 1), ((9,), -1)])
def test_outermost_loop_over_a_dimension(dims: tuple[int, ...], expected: int) -> None:
    loops = Loops(dims=(2, 4), sizes=(2, 3), counts=(1, 2))
    (orderings,) = chunks(loops, [FixedLoops(2, (0,))], 10)
    assert orderings.outermost_over(dims).tolist() == [expected]
