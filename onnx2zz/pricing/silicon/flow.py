"""A priced layer as its rules see it: what flows through each memory, and how the loops lie around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

from onnx2zz.formats.accelerator import Hierarchy, Memory
from onnx2zz.formats.workload_entry import EntryLayer
from onnx2zz.zigzag.layer_price import Direction, LayerPrice, LevelEnergy

Loop = tuple[str, float]
OUTPUT = "O"
FINAL = "O_final"


@dataclass(frozen=True)
class Flow:
    """What passes a memory in one direction: `elements` of `width` bits, and what ZigZag charges for them in pJ.

    `level` counts an operand's memories from the array, which is below 0.
    """

    operand: str
    memory_operand: str
    memory: str
    level: int
    direction: Direction
    elements: float
    width: int
    energy_pj: float

    @property
    def bits(self) -> float:
        return self.elements * self.width

    @property
    def is_read(self) -> bool:
        return self.direction.startswith("read")

    @property
    def link(self) -> int:
        """The level whose link to the one above it is passed; -1 is the link between level 0 and the array."""
        return self.level - 1 if self.direction.endswith("_low") else self.level


@dataclass(frozen=True)
class Role:
    """What a layer is to its neighbours. `arriving`: its operands that come straight from the array that makes them;
    `handed_on`: its result goes straight to the next layer; `path`: what those before it in an output path take, None
    where it lies in none."""

    arriving: tuple[str, ...] = ()
    handed_on: bool = False
    path: "PathTime | None" = None


@dataclass(frozen=True)
class PathTime:
    """What a convolution and the layers in its output path take together: cycles, those in which they keep the highest
    memory's port at work, and those of memories that are not pipelined or open rows."""

    cycles: float
    port_cycles: float
    access_cycles: float = 0.0

    def with_layer(self, cycles: float, port_cycles: float, access_cycles: float) -> "PathTime":
        """After one more layer, which adds `cycles`."""
        return PathTime(self.cycles + cycles, self.port_cycles + port_cycles, self.access_cycles + access_cycles)


@dataclass(frozen=True)
class PricedLayer:
    """One layer with its price. `density`: the share of an operand's elements that are not zero, where it is known."""

    layer: EntryLayer
    price: LayerPrice
    hierarchy: Hierarchy
    density: Mapping[str, float] = field(default_factory=dict[str, float])
    role: Role = Role()

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """All of them, operand by operand from the lowest memory up."""
        return tuple(
            Flow(
                level.operand,
                level.memory_operand,
                level.memory,
                number,
                traffic.direction,
                traffic.elements,
                self._width(level, traffic.direction),
                traffic.energy_pj,
            )
            for operand in dict.fromkeys(level.operand for level in self.price.memory_energy)
            for number, level in enumerate(self.levels(operand))
            for traffic in level.traffic
        )

    def levels(self, operand: str) -> tuple[LevelEnergy, ...]:
        """An operand's memories, lowest first."""
        return tuple(level for level in self.price.memory_energy if level.operand == operand)

    def memory(self, name: str) -> Memory | None:
        """A memory of the accelerator by its name."""
        return next((memory for memory in self.hierarchy.memories if memory.name == name), None)

    def loops_up_to(self, operand: str, level: int) -> tuple[Loop, ...]:
        """The temporal loops that run inside a memory, innermost first."""
        return tuple(loop for loops in self._temporal(operand)[: level + 1] for loop in loops)

    def loops_above(self, operand: str, level: int) -> tuple[Loop, ...]:
        """The temporal loops outside of a memory, innermost first."""
        return tuple(loop for loops in self._temporal(operand)[level + 1 :] for loop in loops)

    def contents(self, operand: str, level: int) -> float:
        """Distinct elements of an operand that all units together hold at a level, or that enter the array (-1)."""
        sizes = self.tile(operand, level)
        return prod(self.reach(index, sizes) for index in self.layer.indices[operand])

    def tile(self, operand: str, level: int) -> dict[str, float]:
        """How much of each loop lies within a level, spatial unrolling included."""
        sizes: dict[str, float] = {}
        for dim, size in (*self.loops_up_to(operand, level), *self.unrolled()):
            sizes[dim] = sizes.get(dim, 1) * size
        return sizes

    def unrolled(self, array_dims: tuple[str, ...] | None = None) -> tuple[Loop, ...]:
        """The spatial loops, of all array dimensions or of those named."""
        return tuple(
            loop for name, loops in self.price.spatial_mapping if array_dims is None or name in array_dims
            for loop in loops
        )  # fmt: skip

    def reach(self, index: str, sizes: Mapping[str, float]) -> float:
        """Distinct values of an index within such a tile, padding included."""
        relation = self.layer.related.get(index)
        if relation is None:
            return sizes.get(index, 1)
        first, second = sizes.get(relation.first, 1), sizes.get(relation.second, 1)
        # Unrollings that do not divide their loops are fractions in ZigZag; their products are whole but for a
        # rounding.
        return relation.count({relation.first: round(first), relation.second: round(second)})

    def _temporal(self, operand: str) -> tuple[tuple[Loop, ...], ...]:
        return next((levels for name, levels in self.price.temporal_mapping if name == operand), ())

    def _width(self, level: LevelEnergy, direction: Direction) -> int:
        """Sums that come back are as wide as sums, those that do not are final (ZigZag mapping/mapping.py:428-452)."""
        precision = self.layer.precision
        if level.operand != OUTPUT:
            return precision.get(level.operand, 0)
        # A sum that never comes back over this link is finished when it leaves.
        back = "read_to_low" if direction.endswith("_low") else "write_from_high"
        partial = any(traffic.direction == back for traffic in level.traffic)
        return precision.get(OUTPUT if partial else FINAL, 0)
