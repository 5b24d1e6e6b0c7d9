"""A buffer that shifts: neighbouring windows overlap, and what overlaps is not fetched again."""

from math import prod

from onnx2zz.pricing.silicon.flow import Flow, PricedLayer


def kept_of_windows(layer: PricedLayer, flow: Flow, memories: tuple[str, ...]) -> float:
    """The share of a flow that is left if `memories` take only what is new, and hand on only what is new.

    The loop that runs next outside of the lower memory moves the window: of E windows of w elements each, all but the
    first bring `stride` new ones. For a row of E outputs with R taps that is ((E - 1) x stride + R) / (E x R).
    What enters the array is counted as ZigZag counts it: each operation needs its operand.
    """
    link = flow.link
    if link < 0 or not _is_named(layer, flow, memories):
        return 1.0
    above = layer.loops_above(flow.operand, link)
    # Nothing moves the window: it is filled once.
    if not above:
        return 1.0
    # Only the next loop outward: when any other one steps, the window has been moved to its end and back, and all is
    # new.
    dim, count = above[0]
    return prod(_kept(layer, flow.operand, link, index, dim, count) for index in layer.layer.indices[flow.operand])


def _is_named(layer: PricedLayer, flow: Flow, memories: tuple[str, ...]) -> bool:
    levels = layer.levels(flow.operand)
    return any(level.memory in memories for level in levels[flow.link : flow.link + 2])


def _kept(layer: PricedLayer, operand: str, link: int, index: str, dim: str, count: float) -> float:
    relation = layer.layer.related.get(index)
    if relation is None or dim not in (relation.first, relation.second):
        return 1.0
    coefficient = relation.a if dim == relation.first else relation.b
    sizes = _in_one_copy(layer, operand, link)
    window = relation.count({name: round(sizes.get(name, 1)) for name in (relation.first, relation.second)})
    beside = prod(size for name, size in layer.unrolled() if name == dim)
    within = prod(size for name, size in layer.loops_up_to(operand, link) if name == dim)
    # A step beyond the window's own length leaves nothing to keep.
    step = min(window, coefficient * within * beside)
    return (window + (count - 1) * step) / (count * window)


def _in_one_copy(layer: PricedLayer, operand: str, link: int) -> dict[str, float]:
    """The loops whose data lie in one copy of the lower memory: its own, and those unrolled where it serves."""
    memory = layer.memory(layer.levels(operand)[link].memory)
    sizes: dict[str, float] = {}
    for dim, size in (*layer.loops_up_to(operand, link), *layer.unrolled(memory.served if memory else ())):
        sizes[dim] = sizes.get(dim, 1) * size
    return sizes
