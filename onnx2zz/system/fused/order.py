"""In which order the tiles of stacks are taken: stack after stack, in each the deepest tile that can be done."""

from collections.abc import Mapping, Sequence

from onnx2zz.system.network import CoreId
from onnx2zz.system.order import Overfull, Wave, ordered_by
from onnx2zz.system.plan import Plan, Tile


def depth_first(plan: Plan, capacity: Mapping[CoreId, float], stack_of: Mapping[int, int]) -> list[Tile] | Overfull:
    """The tiles in such an order, if it fits the memories. `stack_of`: the number of each layer's stack; stacks are
    done in the order of their numbers."""

    def within_a_stack(ready: Sequence[Wave]) -> Sequence[Wave]:
        current = min(stack_of[layer] for layer, _ in ready)
        return [wave for wave in reversed(ready) if stack_of[wave[0]] == current]

    return ordered_by(plan, capacity, within_a_stack)
