"""Sets of elements as bits, against Python's own sets."""

from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.ir.axis import Axis, affine, blocks, window
from onnx2zz.system.elements import (
    Elements,
    cells,
    common,
    count,
    holds,
    interval,
    meet,
    of_positions,
    positions,
    runs,
    stepped_positions,
    touched,
)

AXIS = st.sets(st.integers(0, 12), max_size=7)
SETS = st.lists(AXIS, min_size=0, max_size=3)


def as_elements(axes: Sequence[set[int]]) -> Elements:
    return tuple(of_positions(axis) for axis in axes)


def listed(elements: Elements) -> set[tuple[int, ...]]:
    """Every element by itself."""
    return set(product(*(positions(axis) for axis in elements)))


@given(AXIS)
def test_positions_come_back_in_order(axis: set[int]) -> None:
    assert positions(of_positions(axis)) == sorted(axis)


@given(start=st.integers(0, 40), size=st.integers(0, 40))
def test_an_interval_is_neighbouring_positions(start: int, size: int) -> None:
    assert positions(interval(start, size)) == list(range(start, start + size))


@given(st.data())
def test_two_sets_meet_share_and_hold_as_sets_do(data: st.DataObject) -> None:
    axes = data.draw(st.integers(0, 3))
    boxes = st.lists(AXIS, min_size=axes, max_size=axes)
    first, second = as_elements(data.draw(boxes)), as_elements(data.draw(boxes))
    ours, theirs = listed(first), listed(second)
    assert count(first) == len(ours)
    assert meet(first, second) == bool(ours & theirs)
    assert listed(common(first, second)) == ours & theirs
    assert holds(first, second) == (theirs <= ours)


@given(AXIS)
def test_runs_are_the_positions_once_each_in_even_steps(axis: set[int]) -> None:
    found = runs(of_positions(axis))
    assert [start + step * n for start, length, step in found for n in range(length)] == sorted(axis)
    assert all(step >= 1 for _, _, step in found)


@given(first=st.integers(0, 5), length=st.integers(3, 9), step=st.integers(1, 4))
def test_an_evenly_stepped_axis_is_one_run(first: int, length: int, step: int) -> None:
    assert runs(of_positions(range(first, first + step * length, step))) == [(first, length, step)]


@given(st.data())
def test_cells_are_the_pieces_by_who_holds_them(data: st.DataObject) -> None:
    axes = data.draw(st.integers(1, 3))
    boxes = st.lists(AXIS, min_size=axes, max_size=axes)
    whole = as_elements(data.draw(boxes))
    parts = [as_elements(data.draw(boxes)) for _ in range(data.draw(st.integers(0, 5)))]
    expected = {
        element: sum(1 << number for number, part in enumerate(parts) if element in listed(part))
        for element in listed(whole)
    }
    found: dict[tuple[int, ...], int] = {}
    for held, pieces in cells(whole, parts).items():
        for element in (element for piece in pieces for element in listed(piece)):
            assert element not in found, "an element lies in two pieces"
            found[element] = held
    assert found == expected


@given(
    offset=st.integers(-9, 12),
    steps=st.lists(st.tuples(st.integers(-3, 4), st.integers(1, 5)), max_size=3),
    extent=st.integers(0, 20),
    shared_by=st.integers(1, 3),
)
def test_steps_reach_what_walking_them_reaches(
    offset: int, steps: list[tuple[int, int]], extent: int, shared_by: int
) -> None:
    walked = {
        (offset + sum(step * i for (step, _), i in zip(steps, at, strict=True))) // shared_by
        for at in product(*(range(size) for _, size in steps))
    }
    assert set(positions(stepped_positions(offset, tuple(steps), extent, shared_by))) == {
        position for position in walked if 0 <= position < extent
    }


@given(st.data())
def test_an_axis_is_touched_where_its_loops_touch_it(data: st.DataObject) -> None:
    axis: Axis = data.draw(
        st.one_of(
            st.builds(affine, st.just((("A", 2), ("B", -1), ("C", 0))), st.integers(1, 15), st.integers(0, 9)),
            st.builds(window, st.just("A"), st.just("B"), *[st.integers(1, n) for n in (15, 3, 3, 4)]),
            st.builds(blocks, st.just("C"), st.integers(1, 9), st.integers(1, 3)),
        )
    )
    ranges = {loop: (data.draw(st.integers(0, 4)), data.draw(st.integers(1, 4))) for loop in "ABC"}
    walks = {loop: range(start, start + size) for loop, (start, size) in ranges.items()}
    reached = {
        (axis.offset + sum(step * at[loop] for loop, step in axis.terms)) // axis.shared_by
        for at in (dict(zip(walks, values, strict=True)) for values in product(*walks.values()))
    }
    assert set(positions(touched(axis, ranges))) == {element for element in reached if 0 <= element < axis.extent}
