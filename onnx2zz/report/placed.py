"""On which cores of a system layers run, and how they are shared out, in a cell of a table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from onnx2zz.pricing.result import Evaluation

if TYPE_CHECKING:
    from onnx2zz.pricing.system_result import LayerUse


def layers_placed(evaluation: Evaluation) -> "Mapping[int, LayerUse]":
    """Where the layers run, by their ids; none on one accelerator."""
    if evaluation.system is None:
        return {}
    return {layer.id: use for layer, use in zip(evaluation.layers, evaluation.system.layers, strict=True)}


def cores_told(cores: Sequence[int]) -> str:
    """`0-3, 8`."""
    runs: list[list[int]] = []
    for core in cores:
        if runs and core == runs[-1][-1] + 1:
            runs[-1].append(core)
        else:
            runs.append([core])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def split_told(use: "LayerUse") -> str:
    """`OY 2, OX 2; K 3 in turn`."""
    at_once, turns = (", ".join(f"{loop} {n}" for loop, n in cut.items()) for cut in (use.split, use.turns))
    return "; ".join(filter(None, (at_once, f"{turns} in turn" if turns else "")))
