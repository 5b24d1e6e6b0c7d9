"""The temporal loops that LOMA permutes, and what the user demands of their order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from zigzag.datatypes import LayerDim, UnrollFactor
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.spatial_mapping_internal import SpatialMappingInternal
from zigzag.mapping.temporal_mapping import TemporalMappingType
from zigzag.opt.loma.engine import LomaEngine
from zigzag.opt.loma.multipermute import (
    PermutationConstraint,
    StaticPositionsAndSizesConstraint,
    StaticPositionsConstraint,
)
from zigzag.workload.layer_node import LayerNode

from .orderings import FixedLoops, Loops
from .reading import NotCoveredError


@dataclass(frozen=True)
class LoopFactors:
    """The distinct loops by name, in the order in which `loops` numbers them, and the demands."""

    named: tuple[tuple[LayerDim, int], ...]
    loops: Loops
    fixed: tuple[FixedLoops, ...]


def loop_factors(
    accelerator: Accelerator,
    layer: LayerNode,
    unrolling: SpatialMappingInternal,
    mapping_type: TemporalMappingType,
    lpf_limit: int | None,
) -> LoopFactors:
    """LOMA's prime factors, merged down to the limit by LOMA itself (opt/loma/engine.py:92-96, 155-213, 299-348).

    Raises NotCoveredError if the user gives the whole order (stages/mapping/temporal_mapping_generator_stage.py:60-71).
    """
    engine = LomaEngine(
        accelerator=accelerator,
        layer=layer,
        spatial_mapping=unrolling,
        mapping_type=mapping_type,
        loma_lpf_limit=lpf_limit,
    )
    return factors_of(engine, engine.get_temporal_loops())


def factors_of(engine: LomaEngine, sizes: dict[LayerDim, UnrollFactor]) -> LoopFactors:
    """The factors of temporal loops of these sizes, which are above 1; an engine serves once."""
    layer = engine.layer
    if layer.temporal_ordering.is_complete(sizes):
        raise NotCoveredError("the user gives the whole loop order")
    constraints = layer.temporal_ordering.get_constraints()
    # Any constraint, even an empty one, makes the engine test each permutation (engine.py:350).
    if any(not constraint.is_empty() for constraint in constraints):
        engine.set_constraints(constraints)
    engine.temporal_loop_dim_size = sizes
    engine.update_min_lpf_factor(sizes)
    engine.get_prime_factors()
    # LOMA sorts its multiset before it permutes (multipermute.py:103): numbers in this order compare as its loops do.
    factors = sorted(engine.lpfs)
    named = tuple(dict.fromkeys(factors))
    loops = Loops(
        dims=tuple(layer.layer_dims.index(dim) for dim, _ in named),
        sizes=tuple(size for _, size in named),
        counts=tuple(factors.count(loop) for loop in named),
    )
    return LoopFactors(named, loops, tuple(_fixed(engine.constraints, named, loops.length)))


def free_factors(dims: Sequence[LayerDim], sizes: tuple[int, ...], limit: int | None) -> LoopFactors:
    """What `factors_of` gives for loops of these sizes, of which one is above 1, where the user demands nothing of
    their order: without LOMA's objects."""
    # By name, as ZigZag's dims compare (datatypes.py:36), not by their place in the layer.
    factors = sorted(
        (dim.name, number, factor)
        for number, (dim, kept) in enumerate(zip(dims, _kept(sizes, limit), strict=True))
        for factor in kept
    )
    counts = Counter(factors)
    loops = Loops(
        dims=tuple(number for _, number, _ in counts),
        sizes=tuple(factor for _, _, factor in counts),
        counts=tuple(counts.values()),
    )
    return LoopFactors(tuple((dims[number], factor) for _, number, factor in counts), loops, ())


@lru_cache(maxsize=1 << 14)
def _kept(sizes: tuple[int, ...], limit: int | None) -> tuple[tuple[int, ...], ...]:
    """Factors of each loop: prime ones, of which the two least of the loop that has the most are merged, the first of
    equals, until few enough are left (opt/loma/engine.py:299-348)."""
    kept = [list(primes_of(size)) for size in sizes]
    most = sum(map(len, kept))
    if limit is None:
        return tuple(map(tuple, kept))
    # ZigZag raises a limit that is below the number of loops (engine.py:159): each keeps one factor at least.
    for _ in range(most - max(limit, sum(size > 1 for size in sizes))):
        # `max` takes the first of equals, here and in ZigZag, and loops stand in the same order in both.
        longest = max(kept, key=len)
        one, other, *rest = longest
        longest[:] = sorted([one * other, *rest])
    return tuple(map(tuple, kept))


@lru_cache(maxsize=1 << 12)
def primes_of(size: int) -> tuple[int, ...]:
    """Prime factors in rising order."""
    found: list[int] = []
    divisor = 2
    while size > 1:
        # Nothing smaller than the rest divides it: it is a prime.
        if divisor * divisor > size:
            divisor = size
        if size % divisor:
            divisor += 1
        else:
            found.append(divisor)
            size //= divisor
    return tuple(found)


def _fixed(
    constraints: Sequence[PermutationConstraint], named: Sequence[tuple[LayerDim, int]], length: int
) -> Iterator[FixedLoops]:
    """opt/loma/multipermute.py:66-97 as places in an ordering."""
    for constraint in constraints:
        # ZigZag tests each permutation for each demand. As places they filter whole arrays of orderings.
        if isinstance(constraint, StaticPositionsConstraint):
            wanted = [(place, dim, None) for place, dim in constraint.static_positions.items()]
        elif isinstance(constraint, StaticPositionsAndSizesConstraint):
            wanted = [(place, *loop) for place, loop in constraint.static_positions_and_sizes.items()]
        else:
            raise NotCoveredError(f"constraint {type(constraint).__name__} is unknown")
        for place, dim, size in wanted:
            # ZigZag indexes a list with it and would raise IndexError; a negative place counts from outside, as in a
            # list.
            if not -length <= place < length:
                raise NotCoveredError("the user fixes more loops than there are")
            yield FixedLoops(
                place, tuple(i for i, loop in enumerate(named) if loop[0] == dim and size in (None, loop[1]))
            )
