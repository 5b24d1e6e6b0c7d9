"""`onnx2zz.verify` and `verify_schedule`: whether a workload, and a schedule, compute what the model computes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import numpy as np

from onnx2zz.api.compile import AnyModelOptions, Model, compiled_of
from onnx2zz.compiler import Compiled
from onnx2zz.proof.given_inputs import check_inputs, read_inputs
from onnx2zz.proof.result import Verification
from onnx2zz.proof.sampling import USUAL_POINTS
from onnx2zz.proof.verify import VerifyOptions
from onnx2zz.proof.verify import verify as run
from onnx2zz.system.replay.play import play
from onnx2zz.system.replay.result import Replay


def verify(
    model: Model,
    *,
    points: int = USUAL_POINTS,
    seed: int = 0,
    inputs: str | Path | Mapping[str, np.ndarray] | None = None,
    **options: Unpack[AnyModelOptions],
) -> Verification:
    """Runs every layer as ZigZag will read it and compares with onnxruntime.

    `.ok` is whether all that claims to be exact was run, and nothing differs.

    `points`: output elements at which a large layer is run. `inputs`: values of the model's inputs by name, or a .npz
    file of them; the others are random, from `seed`. Raises InputError.

    >>> import onnx2zz
    >>> found = onnx2zz.verify("lenet5", points=20)
    >>> found.ok, found.proofs.to_dataframe()["verdict"].unique().tolist()
    (True, ['proven'])
    """
    compiled = compiled_of(model, options)
    return run(compiled, _asked(compiled, points, seed, inputs))


def verify_schedule(
    model: Model,
    folder: str | Path,
    *,
    points: int = USUAL_POINTS,
    seed: int = 0,
    inputs: str | Path | Mapping[str, np.ndarray] | None = None,
    **options: Unpack[AnyModelOptions],
) -> Replay:
    """Plays the schedule that an evaluation on a system wrote into a folder: each core holds what has come to it, each
    tile is computed from that alone and compared with onnxruntime.

    `.ok` is whether it can be carried out and all was computed; `.faults` are sentences, in the order of time. Options
    are those of `verify`. Raises InputError where the folder's files are none, or another model's.
    """
    compiled = compiled_of(model, options)
    return play(Path(folder), compiled, _asked(compiled, points, seed, inputs))


def _asked(
    compiled: Compiled, points: int, seed: int, inputs: str | Path | Mapping[str, np.ndarray] | None
) -> VerifyOptions:
    if isinstance(inputs, str | Path):
        inputs = read_inputs(Path(inputs), compiled.graph)
    given = check_inputs("inputs", inputs or {}, compiled.graph)
    return VerifyOptions(points, seed, compiled.file.parent if compiled.file else None, given)
