"""What was chosen for a layer: known choices are read without numpy, which takes as long to import as all else."""

from dataclasses import dataclass
from typing import Literal

from onnx2zz.pricing.certificate import Certificate
from onnx2zz.zigzag.unrolling import Unrolling

Origin = Literal["mapping file", "generated", "enumerated", "optimal"]


@dataclass(frozen=True)
class Candidate:
    """An unrolling, where it comes from, its honest price (pJ, cycles) if it has one, else why it is not chosen.

    `below_roofline`: ZigZag's own number for it is less than the roofline; at equal cost one that is not is preferred.
    `ordering`: the loop ordering that has this price, innermost first; None: the best that a search of orderings finds.
    """

    unrolling: Unrolling
    origin: Origin
    energy_pj: float | None = None
    latency_cycles: float | None = None
    below_roofline: bool = False
    refused: str | None = None
    ordering: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True)
class NeededWire:
    """What a mapping needs between units, in words, and the line of the sidecar's `interconnect:` that declares it."""

    what: str
    key: str


@dataclass(frozen=True)
class Undeclared:
    """A mapping that is refused because the accelerator declares no such wires, and the share that it would save of
    what is minimised."""

    candidate: Candidate
    needs: tuple[NeededWire, ...]
    saves: float


@dataclass(frozen=True)
class Choice:
    """What was chosen for a layer (None where nothing may be), and why.

    `runners_up`: the best of the others, whatever the mapping file and ZigZag's generator gave, and some that were
    refused. `priced` of the `enumerated` and the given ones have a price. `certificate`: how good the best is, proven.
    `undeclared`: a better one that needs wires which nobody declared.
    """

    best: Candidate | None
    runners_up: tuple[Candidate, ...]
    priced: int
    enumerated: int
    reason: str
    certificate: Certificate | None = None
    undeclared: Undeclared | None = None
