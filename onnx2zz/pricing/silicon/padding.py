"""Feature maps that lie in a buffer with their padding: zeros that are written and read like any other element."""

from math import prod

from onnx2zz.pricing.silicon.flow import OUTPUT, Flow, PricedLayer


def with_padding(layer: PricedLayer, flow: Flow, memories: tuple[str, ...]) -> float:
    """What a flow grows to, 1 or more, if `memories` hold inputs with their padding.

    ZigZag cuts a tile at the end of the tensor. A tile that holds an axis whole has the padding of both ends; one that
    holds a part of it has that of an end at times, which is left out.
    """
    if flow.memory not in memories or flow.operand == OUTPUT or flow.link < 0:
        return 1.0
    sizes = layer.tile(flow.operand, flow.link)
    return prod(
        _padded(layer, index, layer.reach(index, sizes))
        for index in layer.layer.indices[flow.operand]
        if index in layer.layer.related
    )


def _padded(layer: PricedLayer, index: str, reach: float) -> float:
    # Units beyond the end of a loop that they do not divide read nothing.
    return max(1.0, min(reach, layer.layer.reach(index)) / layer.layer.extent(index))
