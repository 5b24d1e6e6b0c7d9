"""BatchNormalization in training mode: the statistics are the batch's own."""

import numpy as np
import pytest
from onnx import helper

from tests.oracle import distinct, lowered, model_of, run_layers


@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (5, 3)])
def test_training_mode(shape: tuple[int, ...]) -> None:
    """onnxruntime normalises in training builds only; the definition is a few lines."""
    rng = np.random.default_rng(0)
    x = distinct(rng, *shape)
    vectors = {name: 1 + distinct(rng, shape[1]) for name in ("scale", "shift", "mean", "variance")}
    node = helper.make_node(
        "BatchNormalization",
        ["x", *vectors],
        ["y", "new_mean", "new_variance"],
        training_mode=1,
        momentum=0.7,
        epsilon=1e-2,
    )
    _, layers = lowered(model_of([node], {"x": x}, vectors, ["y", "new_mean", "new_variance"], 15))
    got = run_layers(layers, {"x": x, **vectors})
    axes = (0, *range(2, len(shape)))
    column = (1, -1, *(1 for _ in shape[2:]))
    mean, variance = x.mean(axes), x.var(axes)
    centred = (x - mean.reshape(column)) / np.sqrt(variance + 1e-2).reshape(column)
    wanted = centred * vectors["scale"].reshape(column) + vectors["shift"].reshape(column)
    np.testing.assert_allclose(got["y"], wanted, 1e-5, 1e-5)
    np.testing.assert_allclose(got["new_mean"], 0.7 * vectors["mean"] + 0.3 * mean, 1e-5)
    np.testing.assert_allclose(got["new_variance"], 0.7 * vectors["variance"] + 0.3 * variance, 1e-5)
