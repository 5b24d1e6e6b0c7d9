"""What passes one end of a border, through a port of the memory that lies there."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .arrays import Floats
from .nest import Transfer, Width


@dataclass(frozen=True)
class Passage:
    """At the places of a view, C last: `bits` of a tile, and the `times` that one passes; `units`: (C,), how many
    memories there are; `port`: of all ports, the one that is `width` wide."""

    transfer: Transfer
    port: int
    width: Width
    bits: Floats
    times: Floats
    units: Floats

    @cached_property
    def taken(self) -> Floats:
        """Cycles of a tile."""
        return np.ceil(self.bits / self.width.greatest)

    @cached_property
    def again(self) -> Floats:
        """Times but the first, which is no stall: it is loaded before the computation."""
        return np.maximum(self.times - 1, 0)

    @property
    def words(self) -> Floats:
        """That are read or written, in all memories, as ZigZag counts them."""
        accesses = np.ceil(self.bits / self.width.least) * (self.width.least / self.width.greatest)
        # In ZigZag's order (cost_model/cost_model.py:536): a last bit decides whether an access is whole.
        return np.trunc(accesses * self.times * self.units)

    def often(self, steps: Floats, iterations: Floats) -> Floats:
        """Cycles during the computation of what passes more than once; `steps`: in which a tile is used, of all
        `iterations`. In whole bits a cycle (loading.py)."""
        share = np.floor(self.bits / steps) / self.width.greatest
        return np.where(self.times > 1, np.minimum(share * iterations, self.taken * self.again), 0.0)
