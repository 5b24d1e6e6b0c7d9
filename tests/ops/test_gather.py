"""Gather by indices that a run decides, against onnxruntime: any axis, any rank of indices, repeated and negative."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.oracle import check_node, distinct


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.lists(st.integers(1, 5), max_size=2), st.data())
def test_rows_that_a_run_names(shape: list[int], picked: list[int], data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    inputs = {"table": distinct(rng, *shape), "ids": np.asarray(rng.integers(-shape[axis], shape[axis], picked))}
    (layer,) = check_node(helper.make_node("Gather", ["table", "ids"], ["y"], axis=axis), inputs)
    assert (layer.kind, layer.also_reads) == ("movement", ("ids",))
    assert layer.operations == max(1, int(np.prod(shape)) // shape[axis] * int(np.prod(picked)))
