"""How often the array takes up new stationary data: a systolic array's folds, the passes of a row-stationary one."""

from collections.abc import Iterator, Mapping
from math import ceil, prod

from onnx2zz.pricing.silicon.flow import PricedLayer


def passes(layer: PricedLayer) -> int:
    """How often the units are filled with what stays in them longest.

    That is the operand whose lowest memory is filled least often, among memories that do not serve the whole array;
    without such a memory nothing stays in the units, and the layer is one pass.
    """
    return round(min(_fills(layer), default=1))


def _fills(layer: PricedLayer) -> Iterator[float]:
    for operand in layer.layer.indices:
        levels = layer.levels(operand)
        memory = layer.memory(levels[0].memory) if levels else None
        # A memory that serves all dimensions stands beside the array; what is in the units has a copy for some of them.
        if memory is not None and layer.layer.precision.get(operand) and not _serves_all(memory.served, layer):
            yield prod(size for _, size in layer.loops_above(operand, 0))


def _serves_all(served: tuple[str, ...], layer: PricedLayer) -> bool:
    return set(layer.hierarchy.array) <= set(served)


def filling_cycles(layer: PricedLayer, rates: Mapping[str, float]) -> int:
    """Cycles in which memories are filled one after another before a pass can begin; `rates` has bits a cycle.

    A memory takes the distinct elements that all its copies hold together: one transfer reaches every copy.
    """
    return sum(
        ceil(layer.contents(level.operand, number) * layer.layer.precision.get(level.operand, 0) / rates[level.memory])
        for operand in layer.layer.inputs
        for number, level in enumerate(layer.levels(operand))
        if level.memory in rates
    )
