"""Elements behind a view, axis by axis, against looking at each of them."""

from math import prod

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.lowering.layout import Layout
from onnx2zz.system.elements import of_positions, positions
from onnx2zz.system.reads import Behind


@st.composite
def views(draw: st.DrawFn) -> tuple[Behind, tuple[int, ...]]:
    """A view into a tensor of up to four axes, each of its axes one or two walks; and some of its positions."""
    stored = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    strides = [prod(stored[n + 1 :]) for n in range(len(stored))]
    walk = st.tuples(st.integers(1, 4), st.sampled_from([*strides, 2]))
    axes = tuple(map(tuple, draw(st.lists(st.lists(walk, max_size=2), min_size=1, max_size=3))))
    reach = sum((size - 1) * step for axis in axes for size, step in axis)
    last = prod(stored) - 1 - reach
    layout = Layout(axes, draw(st.integers(0, max(0, last))))
    if last < 0:  # it would lead beyond the tensor
        layout, axes = Layout(((),)), ((),)
    lengths = [prod(size for size, _ in axis) for axis in axes]
    return Behind(layout, stored), tuple(draw(st.integers(1, (1 << length) - 1)) for length in lengths)


@given(views())
def test_the_elements_behind_a_view_are_the_box_around_those_that_are_met(
    view: tuple[Behind, tuple[int, ...]],
) -> None:
    behind, seen = view
    flat = {behind.layout.offset}
    for axis, digits in zip(seen, behind.layout.axes, strict=True):
        shape = [size for size, _ in digits]
        steps = [
            sum(int(at) * step for at, (_, step) in zip(np.unravel_index(position, shape), digits, strict=True))
            if shape
            else 0
            for position in positions(axis)
        ]
        flat = {element + step for element in flat for step in steps}
    places = [np.unravel_index(element, behind.stored) for element in flat]
    box = tuple(of_positions({int(place[n]) for place in places}) for n in range(len(behind.stored)))
    found, exact = behind.back(seen)
    assert found == box
    assert exact == (prod(axis.bit_count() for axis in box) == len(flat))
