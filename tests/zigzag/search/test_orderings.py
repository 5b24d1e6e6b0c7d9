"""The enumeration against ZigZag's own generators."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from zigzag.datatypes import LayerDim
from zigzag.opt.loma import multipermute

from onnx2zz.zigzag.search.orderings import FixedLoops, Loops, chunks, permutations
from onnx2zz.zigzag.search.runs import runs_over

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


@given(data=st.data(), counts=multisets)
def test_runs_of_loops_over_some_dimensions(data: st.DataObject, counts: list[int]) -> None:
    dims = data.draw(st.lists(st.sampled_from([1, 3, 4]), min_size=len(counts), max_size=len(counts)))
    asked = data.draw(st.sets(st.sampled_from([1, 3, 9])))
    loops = Loops(tuple(dims), tuple(range(2, 2 + len(counts))), tuple(counts))
    # A part of all orderings is looked at for itself; all of them have their runs remembered.
    rows = data.draw(st.sampled_from([7, 5040]))
    orderings = next(chunks(loops, [], rows))
    found = runs_over(orderings, tuple(asked))
    for row in (0, len(orderings) // 2, len(orderings) - 1):
        over = [dims[loop] in asked for loop in orderings.loop[row].tolist()]
        for position in range(len(over) + 1):
            end = next((place for place in range(position, len(over)) if not over[place]), len(over))
            begin = next((place for place in range(position, 0, -1) if not over[place - 1]), 0)
            assert (found.begin[row, position], found.end[row, position]) == (begin, end)
        assert found.outermost[row] == max((place for place, flag in enumerate(over) if flag), default=-1)
