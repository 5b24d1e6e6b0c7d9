"""One layer under many unrollings that divide its loops: its nest under each, without ZigZag's conversion of each.

What all have in common (memories, ports, which loops move which operand) is read from ZigZag once, under an array that
unrolls nothing. ZigZag's two versions of a mapping, fractional and integer, are the same where every loop is divided
evenly; what is left of its conversion (stages/mapping/spatial_mapping_conversion.py:192-254,
mapping/spatial_mapping_internal.py:79-177) are products.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from zigzag.datatypes import LayerDim, UnrollFactor
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.spatial_mapping import SpatialMapping
from zigzag.mapping.spatial_mapping_internal import SpatialMappingInternal
from zigzag.mapping.temporal_mapping import TemporalMappingType
from zigzag.opt.loma.engine import LomaEngine
from zigzag.workload.layer_node import LayerNode

from onnx2zz.zigzag.unrolling import Unrolling as Unrolled
from onnx2zz.zigzag.unrolling import totals

from .loop_factors import LoopFactors, factors_of, free_factors
from .nest import Nest, Operand, PartialAxis, Transfer, Unrolling
from .reading import read_nest
from .search import convert


@dataclass(frozen=True)
class Lengthened:
    """Sizes of a layer's loops, and of the axes that two loops sweep where the layer gives them, by their names in
    capitals."""

    loops: Mapping[str, int]
    axes: Mapping[str, int]


@dataclass(frozen=True)
class Ground:
    """A layer on an accelerator before anything is unrolled.

    array: units of each array dim; served: per operand and architecture level the array dims whose units a memory
    serves first, in ZigZag's order (those that none serves are above the highest); axes: what the operands' partial
    axes are called.
    """

    accelerator: Accelerator
    layer: LayerNode
    nothing: SpatialMappingInternal
    nest: Nest
    array: Mapping[str, int]
    served: tuple[tuple[tuple[str, ...], ...], ...]
    axes: tuple[tuple[str, ...], ...]
    mapping_type: TemporalMappingType
    lpf_limit: int | None
    factored: dict[tuple[int, ...], LoopFactors] = field(default_factory=dict[tuple[int, ...], LoopFactors])

    @cached_property
    def dims(self) -> tuple[str, ...]:
        """The layer's loops, as nests number them."""
        return tuple(str(dim) for dim in self.layer.layer_dims)

    @cached_property
    def systolic(self) -> tuple[str, ...]:
        """The array dims along which results are passed on."""
        array: Any = self.accelerator.operational_array
        return tuple(str(dim) for dim in getattr(array, "systolic_dimensions", ()))

    @cached_property
    def unit_energy(self) -> float:
        """pJ of one operation."""
        array: Any = self.accelerator.operational_array
        return array.unit.energy_cost

    @cached_property
    def port(self) -> Mapping[Transfer, int]:
        """The port of each transfer."""
        return {transfer: number for number, port in enumerate(self.nest.ports) for transfer in port.transfers}

    @cached_property
    def doubled(self) -> tuple[tuple[bool, ...], ...]:
        """Per operand and memory level: whether tiles are held twice."""
        found: tuple[list[bool], ...] = tuple([] for _ in self.nest.operands)
        for memory in self.nest.memories:
            for op in memory.operands:
                found[op].append(memory.double_buffered)
        return tuple(map(tuple, found))

    def place(self, dim: str) -> int:
        """Of an array dim among all."""
        return list(self.array).index(dim)

    def extents(
        self, sizes: NDArray[np.int64], axes: Mapping[str, NDArray[np.int64]]
    ) -> list[list[NDArray[np.float64]]]:
        """Per operand and partial axis (C,): what ZigZag clips it to in layers with loops of these sizes (C, loops)."""
        # The layer's own extent is without padding; a longer loop adds what its window sweeps beyond the layer's own.
        own = np.array([[self.layer.layer_dim_sizes[dim] for dim in self.layer.layer_dims]])
        return [
            [
                axes[name].astype(float) if name in axes else axis.extent + _grown(axis, own, sizes)
                for axis, name in zip(operand.partial, names, strict=True)
            ]
            for operand, names in zip(self.nest.operands, self.axes, strict=True)
        ]

    def divides(self, unrolling: Unrolled, sizes: Lengthened) -> bool:
        """Whether the unrolling divides all loops and fits the array: then `nest` has what ZigZag makes of it."""
        fits = all(factor <= self.array[dim] for dim, pairs in unrolling for _, factor in pairs)
        return fits and all(loop in sizes.loops and sizes.loops[loop] % f == 0 for loop, f in totals(unrolling).items())

    def under(self, unrolling: Unrolled, sizes: Lengthened) -> Nest:
        """The layer with loops of these sizes under an unrolling that divides them."""
        by_dim = dict(unrolling)
        length = {number: sizes.loops[dim] for number, dim in enumerate(self.dims)}
        operands = tuple(self._operand(op, by_dim, length, sizes) for op in range(len(self.nest.operands)))
        return replace(
            self.nest,
            operands=operands,
            mac_energy=self.unit_energy * prod(length.values()),
            drain_cycles=sum(max(prod(f for _, f in by_dim.get(dim, ())) - 1, 0) for dim in self.systolic),
        )

    def loops(self, unrolling: Unrolled, sizes: Lengthened) -> LoopFactors:
        """The temporal loops that are left, as LOMA factors them. Raises NotCoveredError."""
        divided = totals(unrolling)
        return self.factors(tuple(sizes.loops[dim] // divided.get(dim, 1) for dim in self.dims))

    def factors(self, steps: tuple[int, ...]) -> LoopFactors:
        """The same of loops of so many steps."""
        if steps not in self.factored:
            self.factored[steps] = self._factors(steps)
        return self.factored[steps]

    def _factors(self, steps: tuple[int, ...]) -> LoopFactors:
        demands = self.layer.temporal_ordering.get_constraints()
        # Where all loops are unrolled LOMA makes up one of size 1 (engine.py:199), and `free_factors` does not.
        if all(demand.is_empty() for demand in demands) and any(step > 1 for step in steps):
            return free_factors(self.layer.layer_dims, steps, self.lpf_limit)
        sizes = zip(self.layer.layer_dims, steps, strict=True)
        left: dict[LayerDim, UnrollFactor] = {dim: size for dim, size in sizes if size > 1}
        return factors_of(self._engine(), left)

    def _engine(self) -> LomaEngine:
        return LomaEngine(
            accelerator=self.accelerator,
            layer=self.layer,
            spatial_mapping=self.nothing,  # asked only for the loops that it leaves, and they are given
            mapping_type=self.mapping_type,
            loma_lpf_limit=self.lpf_limit,
        )

    def _operand(
        self, op: int, by_dim: Mapping[str, tuple[tuple[str, int], ...]], length: Mapping[int, int], sizes: Lengthened
    ) -> Operand:
        operand = self.nest.operands[op]
        partial = tuple(
            replace(axis, extent=self._extent(axis, name, length, sizes))
            for axis, name in zip(operand.partial, self.axes[op], strict=True)
        )
        longer = replace(operand, partial=partial)
        number = {dim: place for place, dim in enumerate(self.dims)}
        levels = tuple(_level(dims, by_dim, number) for dims in self.served[op])
        unrolling = Unrolling(levels, boosts(longer, levels), _units(levels))
        ones = {dim: np.array([float(size)]) for dim, size in length.items()}
        elements = float(longer.tensor_size(ones)[0])
        return replace(longer, elements=elements, fractional=unrolling, integer=unrolling)

    def _extent(self, axis: PartialAxis, name: str, length: Mapping[int, int], sizes: Lengthened) -> int:
        """What ZigZag clips an axis to: as given, else without the padding (workload/layer_node.py:293-310)."""
        if name in sizes.axes:
            return sizes.axes[name]
        own = {number: self.layer.layer_dim_sizes[dim] for number, dim in enumerate(self.layer.layer_dims)}
        return axis.extent + _swept(axis, length) - _swept(axis, own)


def ground(
    accelerator: Accelerator,
    layer: LayerNode,
    mapping_type: TemporalMappingType,
    lpf_limit: int | None,
    keeps_at_output: bool = True,
) -> Ground:
    """Raises NotCoveredError where the search could not promise ZigZag's numbers for any unrolling."""
    array = {str(dim): size for dim, size in accelerator.operational_array.dimension_sizes.items()}
    nothing = SpatialMapping.empty()
    # ZigZag's conversion asserts that this has been done, also for a mapping of nothing.
    nothing.initialize_oa_dims(accelerator.operational_array.dimension_sizes)
    setting = convert(accelerator, layer, nothing, lpf_limit)
    nest = read_nest(accelerator, layer, setting.fractional, setting.integer, keeps_at_output)
    links = layer.memory_operand_links
    served = tuple(
        _served(accelerator.memory_hierarchy.get_memory_levels(links.layer_to_mem_op(op)), list(array))
        for op in layer.layer_operands
    )
    relevancy = layer.loop_relevancy_info
    axes = tuple(tuple(str(axis) for axis in relevancy.pr_dims[op]) for op in layer.layer_operands)
    return Ground(accelerator, layer, setting.integer, nest, array, served, axes, mapping_type, lpf_limit)


def _served(levels: list[Any], array: list[str]) -> tuple[tuple[str, ...], ...]:
    # An array dim belongs to the lowest memory that serves it: ZigZag deletes it from its copy then (:222).
    left = dict.fromkeys(array)
    found: list[tuple[str, ...]] = []
    for level in levels:
        dims = [str(dim) for dim in level.served_dimensions if str(dim) in left]
        found.append(tuple(dims))
        for dim in dims:
            del left[dim]
    return (*found, tuple(left))


def _level(
    dims: tuple[str, ...], by_dim: Mapping[str, tuple[tuple[str, int], ...]], number: Mapping[str, int]
) -> tuple[tuple[int, float], ...]:
    found: dict[int, float] = {}
    for dim in dims:
        for loop, factor in by_dim.get(dim, ()):
            # A loop on several array dims of one level is one entry to ZigZag, at the place of its first (:213-219).
            found[number[loop]] = found.get(number[loop], 1.0) * factor
    return tuple(found.items())


def _units(levels: tuple[tuple[tuple[int, float], ...], ...]) -> tuple[int, ...]:
    counts = [int(prod(factor for _, factor in level)) for level in levels]
    return tuple(prod(counts[level:]) for level in range(len(counts)))


def boosts(operand: Operand, levels: tuple[tuple[tuple[int, float], ...], ...]) -> tuple[int, ...]:
    """How many distinct elements a unit of each level serves at once, with the same roundings as ZigZag's."""
    distinct = list(_distinct(operand, levels))
    # Products from each level up, then their quotient, then `round`: in another order a factor of 2.5 might round
    # otherwise.
    unique = [prod(distinct[level:]) for level in range(len(levels))]
    return tuple(round(low / high) for low, high in pairwise(unique))


def _distinct(operand: Operand, levels: tuple[tuple[tuple[int, float], ...], ...]) -> Iterator[float]:
    """Per level: by what factor its loops multiply the elements."""
    swept: dict[PartialAxis, tuple[dict[int, float], float]] = {
        axis: ({axis.first: 1.0, axis.second: 1.0}, 1.0) for axis in operand.partial
    }
    for level in levels:
        found = 1.0
        for dim, factor in level:
            if dim in operand.relevant:
                found *= factor
            for axis in operand.partial:
                if dim in (axis.first, axis.second):
                    sizes, before = swept[axis]
                    sizes[dim] *= factor
                    size = float(axis.size(np.array(sizes[axis.first]), np.array(sizes[axis.second])))
                    found *= size / before
                    swept[axis] = sizes, size
        yield found


def _swept(axis: PartialAxis, length: Mapping[int, Any]) -> int:
    sizes = (np.array(float(length[dim])) for dim in (axis.first, axis.second))
    # The extent switched off: what is wanted is how far the loops reach, by which the extent itself grows.
    return int(replace(axis, extent=2**62).size(*sizes))


def _grown(axis: PartialAxis, own: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    def swept(length: NDArray[np.int64]) -> NDArray[np.float64]:
        return replace(axis, extent=2**62).size(
            length[:, axis.first].astype(float), length[:, axis.second].astype(float)
        )

    return swept(sizes) - swept(own)
