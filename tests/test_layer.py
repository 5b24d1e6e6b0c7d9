"""What follows from an access map alone, counted element by element."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.layer import Axis

LOOPS = ("A", "B", "C")


@st.composite
def axes(draw: st.DrawFn) -> tuple[Axis, dict[str, int]]:
    """An axis of up to three loops, which may step over elements, run backwards, pad and share elements."""
    count = draw(st.integers(0, 3))
    terms = tuple((loop, draw(st.integers(-7, 7))) for loop in LOOPS[:count])
    sizes = {loop: draw(st.integers(1, 6)) for loop in LOOPS}
    axis = Axis(terms, draw(st.integers(1, 40)), draw(st.integers(-9, 9)), draw(st.sampled_from([1, 1, 1, 2, 5])))
    return axis, sizes


def elements(axis: Axis, sizes: dict[str, int]) -> set[int]:
    """Every element that a loop point asks for, inside the tensor or not."""
    found = [axis.offset]
    for loop, coefficient in axis.terms:
        found = [element + coefficient * point for element in found for point in range(sizes[loop])]
    return {element // axis.shared_by for element in found}


@given(axes())
def test_an_axis_against_its_elements(drawn: tuple[Axis, dict[str, int]]) -> None:
    axis, sizes = drawn
    asked = elements(axis, sizes)
    assert axis.reach(sizes) == (min(asked), max(asked))
    assert axis.padding(sizes) == (max(0, -min(asked)), max(0, max(asked) - axis.extent + 1))
    assert axis.touched(sizes) == len(asked & set(range(axis.extent)))
