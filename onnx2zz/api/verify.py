"""`onnx2zz.verify`: whether the workload computes what the model computes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import numpy as np

from onnx2zz.api.compile import Model, ModelOptions, compiled_of
from onnx2zz.proof.given_inputs import check_inputs, read_inputs
from onnx2zz.proof.result import Verification
from onnx2zz.proof.sampling import USUAL_POINTS
from onnx2zz.proof.verify import VerifyOptions
from onnx2zz.proof.verify import verify as run


def verify(
    model: Model,
    *,
    points: int = USUAL_POINTS,
    seed: int = 0,
    inputs: str | Path | Mapping[str, np.ndarray] | None = None,
    **options: Unpack[ModelOptions],
) -> Verification:
    """Runs every layer as ZigZag will read it and compares with onnxruntime.

    `.ok` is whether all that claims to be exact was run, and nothing differs.

    `points`: output elements at which a large layer is run. `inputs`: values of the model's inputs by name, or a .npz
    file of them; the others are random, from `seed`. Raises InputError.
    """
    compiled = compiled_of(model, options)
    if isinstance(inputs, str | Path):
        inputs = read_inputs(Path(inputs), compiled.graph)
    given = check_inputs("inputs", inputs or {}, compiled.graph)
    directory = compiled.file.parent if compiled.file else None
    return run(compiled, VerifyOptions(points, seed, directory, given))
