"""What memories hold while frames follow each other, against frames laid one over the other."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.system.pipeline.lifetimes import Lifetime, courses, repeated

INTERVAL, FRAMES = 7, 30


@given(
    lives=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 25), st.integers(1, 9)).map(
            lambda one: Lifetime(3, one[0], one[0] + one[1], one[2])
        ),
        max_size=6,
    ),
    always=st.integers(0, 5),
)
def test_what_is_held_in_an_interval_is_what_all_frames_hold_together(lives: list[Lifetime], always: int) -> None:
    course = courses(repeated(lives, INTERVAL), {3: always}, {3: 1000.0})[3]
    day = FRAMES // 2 * INTERVAL
    for moment in range(INTERVAL):
        held = always + sum(
            one.bits
            for one in lives
            for frame in range(FRAMES)
            if one.start + frame * INTERVAL <= day + moment + 0.5 < one.end + frame * INTERVAL
        )
        told = [bits for time, bits in zip(course.times, course.held, strict=True) if time <= moment + 0.5][-1]
        assert told == held
    assert course.peak >= max(course.held)


def test_what_goes_makes_room_for_what_comes_at_that_moment() -> None:
    lives = [Lifetime(0, 0.0, 4.0, 10), Lifetime(0, 4.0, 9.0, 7)]
    course = courses(lives, {}, {0: 10.0, 1: 5.0})
    assert (course[0].peak, course[0].times, course[0].held) == (10.0, [0.0, 4.0, 9.0], [10.0, 7.0, 0.0])
    assert course[1].peak == 0.0
