"""What a memory holds over time and when something is free, against walking through every moment."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.system.memory import MemoryCourse, Reservations, free_together

CHANGES = st.lists(st.tuples(st.integers(0, 15), st.integers(1, 12), st.integers(0, 9)), max_size=8)
LAST = 40
"""A moment after everything."""


def held_at(changes: list[tuple[int, int, int]], time: int) -> int:
    """Bits that (start, length, bits) leave at a moment."""
    return sum(bits for start, length, bits in changes if start <= time < start + length)


@given(CHANGES, st.integers(0, 30), st.integers(0, 20), st.integers(5, 40))
def test_room_is_from_the_first_moment_on_after_which_it_always_fits(
    changes: list[tuple[int, int, int]], earliest: int, bits: int, capacity: int
) -> None:
    course = MemoryCourse(capacity)
    for start, length, more in changes:
        course.put(start, more)
        course.let_go(start + length, more)
    assert course.peak == max(held_at(changes, time) for time in range(LAST))
    fits = [all(held_at(changes, t) + bits <= capacity for t in range(time, LAST)) for time in range(LAST)]
    if not any(fits):
        assert course.room_from(earliest, bits) == float("inf")
    else:
        assert course.room_from(earliest, bits) == max(earliest, fits.index(True))


@given(CHANGES)
def test_a_course_has_what_is_held_at_each_of_its_times(changes: list[tuple[int, int, int]]) -> None:
    course = MemoryCourse(1000)
    for start, length, more in changes:
        course.put(start, more)
        course.let_go(start + length, more)
    assert course.times == sorted(set(course.times))
    assert course.held == [held_at(changes, int(time)) for time in course.times]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6)), max_size=10))
def test_what_is_reserved_is_apart_and_as_early_as_can_be(wanted: list[tuple[int, int]]) -> None:
    free, taken = Reservations(), list[tuple[int, int]]()
    for earliest, length in wanted:
        start = int(free.free_from(earliest, length))
        possible = (
            time
            for time in range(earliest, 200)
            if all(time + length <= first or time >= last for first, last in taken)
        )
        assert start == next(possible)
        free.take((start, start + length))
        taken.append((start, start + length))  # a mark that takes no time lies in nobody else's
    assert free.taken == sorted(taken)
    assert free.last == max((end for _, end in taken), default=0)


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6)), max_size=6), max_size=4),
    st.integers(0, 20),
    st.integers(0, 6),
)
def test_several_are_free_together_from_the_first_time_at_which_each_is(
    wanted: list[list[tuple[int, int]]], earliest: int, length: int
) -> None:
    several: list[Reservations] = []
    for own in wanted:
        several.append(Reservations())
        for since, duration in own:
            start = several[-1].free_from(since, duration)
            several[-1].take((start, start + duration))
    taken = [one for own in several for one in own.taken]
    possible = (t for t in range(earliest, 400) if all(t + length <= first or t >= last for first, last in taken))
    assert free_together(several, earliest, length) == next(possible)
