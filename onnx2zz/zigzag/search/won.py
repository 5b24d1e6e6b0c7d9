"""Winners that are known: a mapping is chosen by its price, and priced again when it is chosen; and tiles that differ
are often alike once they are padded."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.zigzag.objective import ObjectiveName

from .loop_factors import LoopFactors
from .nest import Nest
from .objective import Candidate

MOST = 2048
"""Winners that are kept, 5 kB each; all are let go when there are more."""


@dataclass(frozen=True)
class Won:
    """The winner out of all orderings (None: none fits), and how many of those that fit were priced for it."""

    winner: Candidate | None
    priced: int


@dataclass(frozen=True)
class Known:
    """By what they depend on: the nest, its loops, whether operands are cut alike, and the objective."""

    found: dict[Hashable, tuple[Nest, Won]] = field(default_factory=dict[Hashable, tuple[Nest, Won]])

    def get(self, nest: Nest, factors: LoopFactors, kind: TemporalMappingType, objective: ObjectiveName) -> Won | None:
        """None where it is not known."""
        of, won = self.found.get(_key(nest, factors, kind, objective), (None, None))
        return won if of == nest else None

    def put(
        self, nest: Nest, factors: LoopFactors, kind: TemporalMappingType, objective: ObjectiveName, won: Won
    ) -> None:
        """Keep a winner."""
        if len(self.found) >= MOST:
            self.found.clear()
        self.found[_key(nest, factors, kind, objective)] = nest, won


def _key(nest: Nest, factors: LoopFactors, kind: TemporalMappingType, objective: ObjectiveName) -> Hashable:
    # What differs among the layers and mappings of one accelerator; the rest of a nest does not hash, and is compared.
    moved = tuple((operand.elements, operand.fractional.levels, operand.integer.levels) for operand in nest.operands)
    return moved, factors.named, factors.loops, factors.fixed, kind, objective


KNOWN = Known()
"""Of this process: nothing that a winner depends on is left out of its key and nest."""
