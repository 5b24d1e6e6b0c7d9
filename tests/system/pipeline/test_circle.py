"""A core's or a link's repeating day against a list of its moments, one by one."""

import math
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.system.pipeline.circle import PER_CYCLE, Circle, whole

DAY = 23


def taken(circle: Circle) -> set[int]:
    """The moments of a day, whole cycles, that are reserved."""
    return {
        moment % DAY
        for start, end in zip(circle.starts, circle.ends, strict=True)
        for moment in range(int(start), int(end))
    }


def is_free(busy: set[int], start: int, duration: int) -> bool:
    return duration <= DAY and not any((start + n) % DAY in busy for n in range(duration))


@st.composite
def days(draw: st.DrawFn) -> Circle:
    circle = Circle(DAY)
    for _ in range(draw(st.integers(0, 6))):
        start, duration = draw(st.integers(0, 3 * DAY)), draw(st.integers(1, 9))
        if is_free(taken(circle), start, duration):
            circle.take(start, start + duration)
    return circle


@given(circle=days(), earliest=st.integers(0, 80), duration=st.integers(1, DAY + 2))
def test_the_first_free_time_is_the_first_at_which_every_moment_is_free(
    circle: Circle, earliest: int, duration: int
) -> None:
    busy = taken(circle)
    free = [start for start in range(earliest, earliest + DAY) if is_free(busy, start, duration)]
    assert circle.free_from(earliest, duration) == (free[0] if free else math.inf)


@given(circle=days(), latest=st.integers(40, 120), duration=st.integers(1, DAY + 2))
def test_the_last_free_time_is_the_last_at_which_every_moment_is_free(
    circle: Circle, latest: int, duration: int
) -> None:
    busy = taken(circle)
    free = [start for start in range(latest, latest - DAY, -1) if is_free(busy, start, duration)]
    assert circle.free_up_to(latest, duration) == (free[0] if free else -math.inf)


@given(circle=days(), earliest=st.integers(0, 80), duration=st.integers(1, DAY + 2))
def test_beside_others_no_gap_is_left_on_one_side(circle: Circle, earliest: int, duration: int) -> None:
    busy = taken(circle)
    free = [start for start in range(earliest, earliest + DAY) if is_free(busy, start, duration)]
    beside = [start for start in free if not busy or {(start - 1) % DAY, (start + duration) % DAY} & busy]
    assert circle.beside_others(earliest, duration) == (beside[0] if beside else math.inf)


@given(circle=days(), start=st.integers(0, 60), duration=st.integers(1, 9))
def test_what_is_given_back_is_as_if_it_had_never_been_taken(circle: Circle, start: int, duration: int) -> None:
    before = list(circle.starts), list(circle.ends)
    if is_free(taken(circle), start, duration):
        circle.take(start, start + duration)
        circle.give_back(start, start + duration)
    assert (circle.starts, circle.ends) == before


@given(circle=days(), shuffled=st.randoms())
def test_what_is_taken_without_a_rest_is_given_back_in_any_order(circle: Circle, shuffled: Random) -> None:
    before = taken(circle)
    free = [moment for moment in range(DAY) if moment not in before]
    parts = [(moment, moment + 1) for moment in free]
    shuffled.shuffle(parts)
    for part in parts:
        circle.take(*part)
    assert taken(circle) == set(range(DAY))
    shuffled.shuffle(parts)
    for number, part in enumerate(parts):
        circle.give_back(*part)
        assert taken(circle) == before | {start for start, _ in parts[number + 1 :]}


@given(cycles=st.floats(0, 1e9))
def test_whole_times_are_no_less_and_exact(cycles: float) -> None:
    assert cycles <= whole(cycles) < cycles + 2 / PER_CYCLE
    assert (whole(cycles) * PER_CYCLE).is_integer()
