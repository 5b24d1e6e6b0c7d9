"""What one layer costs under many unrollings: bounds of many at once, prices of those that are asked for.

A price is ZigZag's to the last bit. Where the unrolling divides the layer it comes without ZigZag's conversion, and
with a bound for each ordering only those are priced that can still be the best.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes
from onnx2zz.zigzag.failure import PricingError, sentence
from onnx2zz.zigzag.layer import mapped_layer
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import objective
from onnx2zz.zigzag.search import NotCoveredError
from onnx2zz.zigzag.search.best_of import best_of
from onnx2zz.zigzag.search.least import alike, least
from onnx2zz.zigzag.search.spread import Candidates
from onnx2zz.zigzag.search.whole_unrolling import Ground, Lengthened, ground
from onnx2zz.zigzag.spatial import price_unrolling
from onnx2zz.zigzag.unrolling import Unrolling

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class UnrollingPrices:
    """Of a layer on an accelerator. `mapping_entry`: memory operand links and loop order; its unrolling is not used."""

    def __init__(
        self, entry: WorkloadEntry, mapping_entry: MappingEntry, accelerator: Accelerator, options: PriceOptions
    ):
        self.entry, self.mapping_entry, self.accelerator, self.options = entry, mapping_entry, accelerator, options

    @cached_property
    def ground(self) -> Ground | None:
        """None where only ZigZag's own search has ZigZag's answer, or it raises."""
        kind = TemporalMappingType(self.options.temporal_mapping_type)
        try:
            return ground(self.accelerator, mapped_layer(self.entry, self.mapping_entry), kind, self.options.lpf_limit)
        except Exception:  # ZigZag raises anything; each price says what
            return None

    def price(
        self,
        lengthened: WorkloadEntry,
        unrolling: Unrolling,
        *,
        patiently: bool = True,
        bounds: Floats | None = None,
        surely: bool = False,
    ) -> tuple[float, float]:
        """Energy (pJ) and latency (cycles) under the best loop ordering, as `price_unrolling` gives them; `lengthened`:
        the layer, with loops that may be longer. `bounds`: what `least` says of its orderings, and `surely`: they are
        used only where that raises nothing less.

        Raises PricingError with a sentence.
        """
        sizes = lengthened_sizes(lengthened)
        # An unrolling that does not divide has two versions in ZigZag, fractional and integer, and needs its
        # conversion.
        if self.ground is not None and self.ground.divides(unrolling, sizes):
            try:
                best = best_of(self.ground, unrolling, sizes, self.options.opt, bounds, surely=surely)
            # ZigZag's own search may still have a price; `price_unrolling` below knows whether to ask it.
            except NotCoveredError:
                pass
            except Exception as error:  # as in price_unrolling
                raise PricingError(sentence(error)) from error
            else:
                if best is None:
                    raise PricingError("no loop ordering fits the memories")
                return best.energy, best.latency
        given = (lengthened, self.mapping_entry, unrolling, self.accelerator, self.options)
        return price_unrolling(*given, patiently=patiently)

    def least(
        self, factors: Whole, loops: Sequence[str], sizes: Whole, axes: Mapping[str, Whole], loads: Floats
    ) -> list[Floats] | None:
        """Per candidate what the objective can be at least for each of its orderings; None where nothing is known.

        factors: (candidates, array dims, loops); sizes: (candidates, loops), which they divide; axes: (candidates,)
        each, the axes that two loops sweep, where the layer gives them; loads: (candidates,), cycles of the first loads
        at least, where a tensor lies in a memory as a whole that has room for it.
        """
        # No bound is better than one from a model that ZigZag's numbers do not follow.
        if self.ground is None:
            return None
        given = self._candidates(factors, loops, sizes, axes)
        # Not one array: candidates have different numbers of orderings.
        found: list[Floats] = [np.zeros(0)] * len(factors)
        try:
            for rows in alike(self.ground, given):
                values = self._values(self.ground, given.rows(rows), loads[rows])
                for row, value in zip(rows.tolist(), values, strict=True):
                    found[row] = value
        except NotCoveredError:
            return None
        return found

    def _values(self, ground: Ground, given: Candidates, loads: Floats) -> Floats:
        asked = objective(self.options.opt)
        # Where operands are cut alike, or tiles are held twice, the allocator need not take a whole tensor that fits.
        takes_all = ground.mapping_type == TemporalMappingType.UNEVEN and not any(map(any, ground.doubled))
        known = loads[:, None] if takes_all else 0.0
        bound = least(ground, given, known, energy=not asked.is_latency, cycles=not asked.is_energy)
        return asked.value(bound.energy, bound.cycles)

    def _candidates(self, factors: Whole, loops: Sequence[str], sizes: Whole, axes: Mapping[str, Whole]) -> Candidates:
        assert self.ground is not None
        places = [self.ground.dims.index(loop) for loop in loops]
        wide = np.ones((*factors.shape[:2], len(self.ground.dims)), dtype=np.int64)
        wide[:, :, places] = factors
        lengths = np.ones((len(factors), len(self.ground.dims)), dtype=np.int64)
        lengths[:, places] = sizes
        return Candidates(wide, lengths, axes)


def lengthened_sizes(entry: WorkloadEntry) -> Lengthened:
    """The sizes of a layer's loops, and of the axes for which it gives one."""
    axes = zip(entry.get("pr_loop_dims") or (), entry.get("pr_loop_sizes") or (), strict=False)
    return Lengthened(loop_sizes(entry), {str(index).upper(): size for index, size in axes})
