"""How often the array takes up new stationary data: a systolic array's folds, the passes of a row-stationary one."""

from collections.abc import Mapping, Sequence
from math import ceil, prod

from onnx2zz.pricing.silicon.flow import PricedLayer
from onnx2zz.pricing.silicon.folds import sent_again
from onnx2zz.zigzag.layer_price import LevelEnergy


def passes(layer: PricedLayer) -> int:
    """How often the units are filled with what stays in them longest.

    That is the operand whose lowest memory is filled least often, among memories that do not serve the whole array;
    without such a memory nothing stays in the units, and the layer is one pass.
    """
    return round(min(_fills(layer).values(), default=1))


def stationary(layer: PricedLayer) -> str | None:
    """The operand that stays in the units longest; None where nothing stays."""
    fills = _fills(layer)
    return min(fills, key=lambda operand: fills[operand], default=None)


def _fills(layer: PricedLayer) -> dict[str, float]:
    found: dict[str, float] = {}
    for operand in layer.layer.indices:
        levels = layer.levels(operand)
        memory = layer.memory(levels[0].memory) if levels else None
        # A memory that serves all dimensions stands beside the array; what is in the units has a copy for some of them.
        if memory is not None and layer.layer.precision.get(operand) and not _serves_all(memory.served, layer):
            found[operand] = prod(size for _, size in layer.loops_above(operand, 0))
    return found


def _serves_all(served: tuple[str, ...], layer: PricedLayer) -> bool:
    return set(layer.hierarchy.array) <= set(served)


def filling_cycles(layer: PricedLayer, rates: Mapping[str, float], folds_apart: Sequence[str] = ()) -> int:
    """Cycles in which memories are filled one after another before a pass can begin; `rates` has bits a cycle.

    A memory takes the distinct elements that all its copies hold together: one transfer reaches every copy, or those of
    one part of a folded loop where the memory above is one of `folds_apart`.
    """
    return sum(
        ceil(_filled(layer, level, number, folds_apart) / rates[level.memory])
        for operand in layer.layer.inputs
        for number, level in enumerate(layer.levels(operand))
        if level.memory in rates
    )


def _filled(layer: PricedLayer, level: LevelEnergy, number: int, folds_apart: Sequence[str]) -> float:
    """Bits that a memory takes."""
    above = layer.levels(level.operand)[number + 1 : number + 2]
    apart = any(memory.memory in folds_apart for memory in above)
    bits = layer.contents(level.operand, number) * layer.layer.precision.get(level.operand, 0)
    return bits * sent_again(layer, level.operand, number) if apart else bits
