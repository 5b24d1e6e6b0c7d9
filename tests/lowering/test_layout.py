"""Layouts against numpy: where the elements of views and chains of views lie."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.lowering.layout import Layout, contiguous


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_reshape_is_affine_exactly_where_numpy_needs_no_copy(shape: list[int], data: st.DataObject) -> None:
    array = np.arange(int(np.prod(shape)))
    order = data.draw(st.permutations(range(len(shape))))
    view = array.reshape(shape).transpose(order)
    target = [view.size]
    for factor in (2, 3, 5):
        if target[-1] % factor == 0 and data.draw(st.booleans()):
            target[-1:] = [target[-1] // factor, factor] if data.draw(st.booleans()) else [factor, target[-1] // factor]
    layout = contiguous(tuple(shape)).transposed(tuple(order)).reshaped(tuple(target))
    reshaped = view.reshape(target)
    free = np.shares_memory(reshaped, array)
    assert (layout is not None and layout.affine) == free
    if free and layout is not None:
        strides = [digits[0][1] if digits else 0 for digits in layout.axes]
        assert all(s * 8 == t for s, t, size in zip(strides, reshaped.strides, target, strict=True) if size > 1)


def elements(layout: Layout) -> np.ndarray:
    """The position behind each element of a view."""
    found = np.asarray(layout.offset)
    for axis in layout.axes:
        along = np.zeros(1, int)
        for size, stride in axis:
            along = (along[:, None] + stride * np.arange(size)).ravel()
        found = found[..., None] + along
    return found


def one_view(shape: tuple[int, ...], array: np.ndarray, data: st.DataObject) -> tuple[Layout | None, np.ndarray]:
    """A drawn view of an array, and its layout relative to it."""
    own = contiguous(shape)
    kind = data.draw(st.sampled_from(["transpose", "cut", "expand", "reshape"]))
    if kind == "transpose":
        order = tuple(data.draw(st.permutations(range(len(shape)))))
        return own.transposed(order), array.transpose(order)
    if kind == "cut":
        axis = data.draw(st.integers(0, len(shape) - 1))
        begin = data.draw(st.integers(0, shape[axis] - 1))
        step = data.draw(st.sampled_from([1, 2, -1, -2]))
        taken = array[(slice(None),) * axis + (slice(begin, None, step),)]
        digits = ((taken.shape[axis], step * own.axes[axis][0][1]),) if taken.shape[axis] > 1 else ()
        start = begin * own.axes[axis][0][1] if own.axes[axis] else 0
        return Layout((*own.axes[:axis], digits, *own.axes[axis + 1 :]), start), taken
    if kind == "expand":
        grown = (data.draw(st.integers(1, 3)), *(data.draw(st.integers(2, 3)) if e == 1 else e for e in shape))
        return own.expanded(grown), np.broadcast_to(array, grown)
    merged = data.draw(st.integers(0, len(shape) - 1))
    target = (*shape[:merged], int(np.prod(shape[merged : merged + 2])), *shape[merged + 2 :])
    target = (
        target if data.draw(st.booleans()) else (1, *target[:-1], 2, target[-1] // 2) if target[-1] % 2 == 0 else target
    )
    return contiguous(target), array.reshape(target)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 5), st.data())
def test_a_chain_of_views_lies_where_numpy_has_it(shape: list[int], length: int, data: st.DataObject) -> None:
    view = np.arange(int(np.prod(shape))).reshape(shape)
    layout: Layout | None = contiguous(tuple(shape))
    for _ in range(length):
        own, view = one_view(view.shape, view, data)
        assert own is not None
        layout = layout.then(own) if layout else None
    if layout is not None:
        assert layout.shape == view.shape
        np.testing.assert_array_equal(elements(layout), view)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_the_identity_changes_nothing(shape: list[int], data: st.DataObject) -> None:
    own, view = one_view(tuple(shape), np.arange(int(np.prod(shape))).reshape(shape), data)
    assert own is not None
    assert contiguous(tuple(shape)).then(own) == Layout(own.axes, own.offset) or own.repeats
    after = own.then(contiguous(view.shape))
    assert after is not None
    np.testing.assert_array_equal(elements(after), view)


def test_a_part_of_a_part_keeps_both_beginnings() -> None:
    rows = Layout((((3, 4),), ((4, 1),)), 8)  # rows 2..4 of 6 x 4
    second = Layout((((2, 4),), ((4, 1),)), 4)  # rows 1..2 of 3 x 4
    assert rows.then(second) == Layout((((2, 4),), ((4, 1),)), 12)


def test_a_walk_that_steps_unevenly_from_digit_to_digit_has_no_layout() -> None:
    turned = contiguous((3, 4)).transposed((1, 0))
    assert turned.reshaped((2, 6)) == Layout((((2, 2),), ((2, 1), (3, 4))))
    assert turned.reshaped((12,)) == Layout((((4, 1), (3, 4)),))
    assert turned.then(Layout((((5, 2),),))) is None
