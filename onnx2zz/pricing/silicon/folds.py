"""A loop folded over two dimensions of the array, whose parts take inputs one after another."""

from math import ceil, prod

from onnx2zz.pricing.silicon.flow import OUTPUT, Flow, PricedLayer


def parts_of_fold(layer: PricedLayer) -> tuple[str, int] | None:
    """The folded loop and its parts: it is priced on the array folded, which is longer than the array
    (pricing/fold.py); the loop stands last on that dimension. None where nothing is folded."""
    for dim, loops in layer.price.spatial_mapping:
        times = ceil(prod(size for _, size in loops) / layer.hierarchy.array[dim])
        if times > 1:
            return loops[-1][0], times
    return None


def sent_again(layer: PricedLayer, operand: str, level: int) -> float:
    """How many times the distinct elements at a level are sent if each part gets its own: what two windows of
    neighbours share is sent to both. For E rows of outputs, R taps and stride U in t parts:
    t x ((E / t - 1) x U + R) / ((E - 1) x U + R).
    """
    fold = parts_of_fold(layer)
    if fold is None or operand == OUTPUT:
        return 1.0
    loop, times = fold
    whole = layer.tile(operand, level)
    part = {**whole, loop: whole.get(loop, 1) / times}
    related = [layer.layer.related.get(index) for index in layer.layer.indices[operand]]
    # Elements that do not depend on the loop are alike for all parts: one transfer would do, and each takes its own.
    return prod(
        times * (relation.stretch(part) / relation.stretch(whole))
        for relation in related
        if relation is not None and loop in (relation.first, relation.second)
    )


def to_each_part(layer: PricedLayer, flow: Flow, memories: tuple[str, ...]) -> float:
    """What a flow out of `memories` towards the array grows to, 1 or more."""
    if flow.memory not in memories or flow.direction != "read_to_low" or flow.link < 0:
        return 1.0
    return sent_again(layer, flow.operand, flow.link)
