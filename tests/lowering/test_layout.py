"""Layouts against numpy: strides of transposed, expanded and reshaped views."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.lowering.layout import contiguous


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
