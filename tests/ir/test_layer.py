"""What follows from an access map alone, counted element by element, and what no layer can be."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.axis import Axis, Fixed, Split, Walk, Window, affine, along, blocks, fixed, split, window
from onnx2zz.ir.layer import Layer

LOOPS = ("A", "B", "C")


@st.composite
def axes(draw: st.DrawFn) -> tuple[Axis, dict[str, int]]:
    """An axis of up to three loops, which may step over elements, run backwards, pad and share elements."""
    count = draw(st.integers(0, 3))
    terms = tuple((loop, draw(st.integers(-7, 7))) for loop in LOOPS[:count])
    sizes = {loop: draw(st.integers(1, 6)) for loop in LOOPS}
    axis = affine(terms, draw(st.integers(1, 40)), draw(st.integers(-9, 9)))
    axis = replace(axis, shared_by=draw(st.sampled_from([1, 1, 1, 2, 5])))
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


def test_what_an_axis_is_its_type_says() -> None:
    kinds = [fixed(3, 1), along("B", 4), window("OX", "FX", 9), split((("G", 2), ("K", 3)), 6), blocks("C", 4, 2)]
    assert [type(axis).__name__ for axis in kinds] == ["Fixed", "Walk", "Window", "Split", "Blocks"]
    assert [type(affine(terms, 9)) for terms in ((), (("B", 2),), (("B", 2), ("C", 1)))] == [Fixed, Walk, Split]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Axis((("B", 1),), 3), "walk a Axis"),
        (lambda: Fixed((("B", 1),), 3), "1 loops walk a Fixed axis"),
        (lambda: Walk((), 3), "0 loops walk a Walk axis"),
        (lambda: Window((("OX", 1),), 3), "1 loops walk a Window axis"),
        (lambda: Split((("B", 2), ("B", 1)), 6), "no axis"),
        (lambda: along("B", -1), "no axis"),
    ],
)
def test_an_axis_that_is_none_cannot_be_made(make: Callable[[], Axis], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()


COPY = Step(functions.IDENTITY)
OUT = Access("y", (along("B", 3), along("G", 5)))
READ = Access("x", (along("B", 3), along("G", 5)))
LOOPS_OF = (("B", 3), ("G", 5))
WRONG_LAYERS = {
    "a loop that it has not": (lambda: layer(output=Access("y", (along("B", 3), along("Q", 5)))), "no loop Q"),
    "a window over a loop that it has not": (
        lambda: layer(inputs=(Access("x", (window("OX", "FX", 9),)),)),
        "no loop OX",
    ),
    "a loop twice": (lambda: layer(loops=(("B", 3), ("G", 5), ("B", 3))), "loop B stands twice"),
    "a loop of less than nothing": (lambda: layer(loops=(("B", 3), ("G", -5))), "loop G of -5"),
    "three inputs": (lambda: layer(inputs=(READ, READ, READ), combine=Step(functions.ADD)), "3 inputs"),
    "no input": (lambda: layer(inputs=()), "0 inputs"),
    "one input for two operands": (lambda: layer(combine=Step(functions.MUL)), "mul combines 2 inputs, not 1"),
    "two inputs for one operand": (lambda: layer(inputs=(READ, READ)), "identity combines 1 inputs, not 2"),
    "a step without its operand": (lambda: layer(after=(Step(functions.ADD),)), "add wants 2 values"),
    "a table over a loop that it has not": (
        lambda: layer(after=(Step(functions.MUL, Table("K", (1.0, 2.0))),)),
        "no loop K",
    ),
    "a position of a loop that it has not": (
        lambda: layer(combine=Step(functions.KEEP_FROM, Position((("K", 1),)), (0.0,))),
        "no loop K",
    ),
    "values on one element that nothing reduces": (
        lambda: layer(output=Access("y", (along("B", 3),))),
        "nothing reduces them",
    ),
    "steps of a loop that it has not": (lambda: layer(recurrent="T"), "no loop T"),
}


def layer(
    loops: tuple[tuple[str, int], ...] = LOOPS_OF,
    output: Access = OUT,
    inputs: tuple[Access, ...] = (READ,),
    combine: Step = COPY,
    after: tuple[Step, ...] = (),
    recurrent: str = "",
) -> Layer:
    return Layer("Add", loops, output, inputs, combine, after=after, recurrent=recurrent)


@pytest.mark.parametrize("name", WRONG_LAYERS)
def test_a_wrong_layer_cannot_be_made(name: str) -> None:
    assert layer().operations == 15
    make, says = WRONG_LAYERS[name]
    with pytest.raises(ValueError, match=says):
        make()


def test_a_step_takes_as_many_parameters_as_its_function() -> None:
    with pytest.raises(ValueError, match="clip takes 2 parameters, not 1"):
        Step(functions.CLIP, parameters=(0.0,))
