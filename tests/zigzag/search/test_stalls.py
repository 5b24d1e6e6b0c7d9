"""The union of windows against marking every cycle."""

from math import prod

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.zigzag.search.stalls import union

steps = st.lists(st.integers(1, 5), min_size=1, max_size=5)


@given(data=st.data(), steps=steps)
def test_union_of_windows(data: st.DataObject, steps: list[int]) -> None:
    periods = [prod(steps[: place + 1]) for place in range(len(steps))]
    allowed = [data.draw(st.integers(0, period)) for period in periods]
    order = data.draw(st.permutations(range(len(steps))))
    marked = np.zeros(periods[-1], dtype=bool)
    for period, window in zip(periods, allowed, strict=True):
        marked |= np.arange(periods[-1]) % period < window
    column = [[float(values[place])] for values in (periods, allowed) for place in order]
    ours = union(np.array(column[: len(steps)]), np.array(column[len(steps) :]))
    assert ours.tolist() == [marked.sum()]
