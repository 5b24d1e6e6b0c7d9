"""What a user may say about a proof."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from onnx2zz.proof.sampling import USUAL_POINTS

Watch = Callable[[int, int, str], None]
"""Is told how many nodes are done, of how many, and the next's name."""


@dataclass(frozen=True)
class VerifyOptions:
    """`points`: output elements at which a large layer is run. `directory`: where a model's external data would lie.

    `inputs`: the values of some of the model's inputs, in their shapes and types; the others are random.
    """

    points: int = USUAL_POINTS
    seed: int = 0
    directory: Path | None = None
    inputs: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
