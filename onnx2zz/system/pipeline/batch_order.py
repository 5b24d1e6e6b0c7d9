"""Orders for a batch of frames: the first layers frame by frame, those behind them layer by layer.

The first layers of most networks have large activations and few weights, the last ones the other way round. Where each
frame goes through the first layers by itself, the large activations of only one frame lie there at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from onnx2zz.system.course import Wave
from onnx2zz.system.network import CoreId
from onnx2zz.system.order import Overfull, Preference, most_held, ordered_by
from onnx2zz.system.pipeline.residency import constants
from onnx2zz.system.plan import Plan, Tile

WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""The shares of all memories that the weights of the first layers may take together."""


def deep_at_first(plan: Plan, capacity: Mapping[CoreId, float]) -> Iterator[Sequence[Tile]]:
    """The order that takes least room of those with some of the first layers frame by frame; none where none fits."""
    found: list[tuple[float, Sequence[Tile]]] = []
    for behind in _cuts(plan, sum(capacity.values())):
        order = ordered_by(plan, capacity, _deep_before(behind))
        if not isinstance(order, Overfull):
            held = most_held(plan, order)
            found.append((max(held[core] / bits for core, bits in capacity.items() if core in held), order))
    if found:
        yield min(found, key=lambda one: one[0])[1]


def _cuts(plan: Plan, room: float) -> Sequence[int]:
    """The layers that come first behind those whose weights take a share of the room."""
    bits = dict.fromkeys(plan.by_layer, 0)
    for one in constants(plan):
        bits[one.layer] += one.bits * len(one.to)
    layers = sorted(bits)
    sums = list(accumulate(bits[layer] for layer in layers))
    cuts = (next((n for n, s in enumerate(sums) if s > share * room), len(layers)) for share in WEIGHTS)
    return list(dict.fromkeys(layers[n] if n < len(layers) else layers[-1] + 1 for n in cuts))


def _deep_before(behind: int) -> Preference:
    def preference(ready: Sequence[Wave]) -> Sequence[Wave]:
        first = [wave for wave in ready if wave[0] < behind]
        return [*reversed(first), *(wave for wave in ready if wave[0] >= behind)]

    return preference
