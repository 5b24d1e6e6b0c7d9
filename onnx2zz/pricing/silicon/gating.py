"""Operations that are not carried out because an operand is zero. The cycle passes all the same."""

from collections.abc import Sequence
from math import prod

from onnx2zz.pricing.silicon.flow import OUTPUT, Flow, PricedLayer


def executed(layer: PricedLayer, gated: Sequence[str]) -> float:
    """The share of operations whose gated operands are all other than zero, if zeros are spread evenly."""
    return prod(layer.density.get(operand, 1.0) for operand in _of_layer(layer, gated))


def kept_of_operations(layer: PricedLayer, flow: Flow, gated: Sequence[str]) -> float:
    """The share of a flow between the lowest memory and the array that takes place.

    A gated operand is read before anybody knows that it is zero, unless one before it in the list was. An access that
    serves several operations falls away only if none of them is carried out.
    """
    if flow.link >= 0:
        return 1.0
    operands = _of_layer(layer, gated)
    # The order of the list is the order in which the chip looks at operands.
    before = operands[: operands.index(flow.operand)] if flow.operand in operands else operands
    carried_out = prod(layer.density.get(operand, 1.0) for operand in before)
    served = max(1.0, layer.layer.operations / flow.elements)
    return 1.0 - (1.0 - carried_out) ** served


def _of_layer(layer: PricedLayer, gated: Sequence[str]) -> list[str]:
    """The layer's operands that are gated; memory operands (I1) are taken for what they hold."""
    links = {level.memory_operand: level.operand for level in layer.price.memory_energy}
    named = [operand if operand in layer.layer.indices else links.get(operand, "") for operand in gated]
    return [operand for operand in dict.fromkeys(named) if operand in layer.layer.inputs and operand != OUTPUT]
