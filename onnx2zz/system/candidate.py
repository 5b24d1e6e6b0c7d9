"""A way to run a layer that has its price."""

from dataclasses import dataclass

from onnx2zz.system.network import CoreId
from onnx2zz.system.tiling import Tiling


@dataclass(frozen=True)
class Candidate:
    """A tiling of a layer on cores: the cycles of the core that takes longest, and pJ of all. `fill`: the share of a
    core's memory that its activations of the layer take all together, with the weights of one turn."""

    tiling: Tiling
    cores: tuple[CoreId, ...]
    cycles: float
    energy: float
    fill: float = 0.0
