"""The layers that a second opinion is asked for: what was priced, with its price, each kind once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from onnx2zz.formats.accelerator import Hierarchy
from onnx2zz.formats.workload_entry import EntryLayer, layer_kind, read_layer
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.layer_result import MAC_TYPES
from onnx2zz.pricing.result import LayerResult
from onnx2zz.zigzag.layer_price import Direction, LevelEnergy


@dataclass(frozen=True)
class Asked:
    """A priced layer and those that are like it."""

    layer: EntryLayer
    found: LayerResult
    alike: tuple[str, ...] = ()

    def levels(self, operand: str) -> tuple[LevelEnergy, ...]:
        """An operand's memories, lowest first, with what passes them."""
        whole = self.found.breakdown
        return tuple(level for level in whole.memory_energy if level.operand == operand) if whole else ()

    def buffer(self, operand: str, hierarchy: Hierarchy) -> LevelEnergy | None:
        """The lowest memory of an operand that stands beside the array: it serves all of its dimensions."""
        served = {memory.name: set(memory.served) for memory in hierarchy.memories}
        return next((one for one in self.levels(operand) if set(hierarchy.array) <= served[one.memory]), None)

    def unrolled(self) -> Mapping[str, Mapping[str, float]]:
        """Array dim -> the loops that lie along it."""
        return {
            dim: {loop: size for loop, size in loops.items() if size > 1}
            for dim, loops in (self.found.spatial_mapping or {}).items()
        }

    def loops_above(self, operand: str, memory: str) -> tuple[tuple[str, float], ...]:
        """The temporal loops outside of what a memory holds, innermost first: those of the memories above it."""
        whole = self.found.breakdown
        levels = whole.temporal_mapping[operand] if whole else ()
        at = [level.memory for level in levels].index(memory)
        return tuple(loop for level in levels[at:] for loop in level.loops)


def moved(level: LevelEnergy, direction: Direction) -> float:
    """Elements that pass a memory in a direction."""
    return sum(one.elements for one in level.traffic if one.direction == direction)


def repeated(loops: Sequence[tuple[str, float]], relevant: set[str]) -> float:
    """How often loops come back to the same elements."""
    return prod(size for loop, size in loops if loop not in relevant)


def walked(layer: EntryLayer, operand: str) -> set[str]:
    """The loops that an operand depends on, those of its windows among them."""
    found: set[str] = set()
    for index in layer.indices[operand]:
        relation = layer.related.get(index)
        found |= {index} if relation is None else {relation.first, relation.second}
    return found


def distinct(workload: PricedWorkload, results: Sequence[LayerResult]) -> Iterator[Asked]:
    """Each kind of layer once, with the names of the others of its kind that have the same price."""
    by_id = {result.id: result for result in results}
    groups: dict[object, list[tuple[EntryLayer, LayerResult]]] = {}
    for number, entry in enumerate(workload.layers):
        layer, found = read_layer(number, entry), by_id.get(entry["id"])
        if layer is not None and found is not None:
            # By what was found too: layers of one kind may be mapped by entries of their own.
            same = layer_kind(entry), repr(found.spatial_mapping), found.latency_cycles, found.energy_pj
            groups.setdefault(same, []).append((layer, found))
    for (layer, found), *others in groups.values():
        yield Asked(layer, found, tuple(other.name for _, other in others))


def is_product(layer: EntryLayer) -> bool:
    """Whether other tools have such a layer: sums of products of two tensors."""
    return layer.kind in MAC_TYPES and layer.combine == "*" and len(layer.inputs) == 2
