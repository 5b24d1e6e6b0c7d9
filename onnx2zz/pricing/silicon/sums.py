"""Sums on their way: which reads of them a chip leaves out."""

from onnx2zz.pricing.silicon.flow import OUTPUT, Flow, PricedLayer


def kept_of_sums(layer: PricedLayer, flow: Flow, memories: tuple[str, ...]) -> float:
    """The share of a flow that is left if a sum that begins in one of `memories` is not read before its first part has
    come: it is zero.

    ZigZag charges for that read where sums are moved a tile at a time. A stay of a sum in a memory begins with what
    came from above, or with nothing; each stay ends on the way up.
    """
    if flow.operand != OUTPUT or flow.direction not in ("read_to_low", "write_from_high"):
        return 1.0
    levels = layer.levels(OUTPUT)
    # The flow may be counted at either end of its link; what matters is the memory above, where the sum begins.
    upper = flow.link + 1
    if upper >= len(levels) or levels[upper].memory not in memories:
        return 1.0
    stays = {
        other.direction: other.elements for other in layer.flows if other.operand == OUTPUT and other.level == upper
    }
    # From the highest memory nothing leaves that ZigZag counts; there each result stays once.
    ended = stays.get("read_to_high", 0.0) if upper + 1 < len(levels) else float(layer.layer.elements(OUTPUT))
    # Every stay ends on the way up, but some of them began with a sum from above, which is not zero.
    begun = max(0.0, ended - stays.get("write_from_high", 0.0))
    return max(0.0, 1.0 - begun / stays["read_to_low"]) if stays.get("read_to_low") else 1.0
