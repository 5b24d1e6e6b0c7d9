"""What is asked of ZigZag for one layer, and what it says: plain data, which can be had without importing ZigZag."""

from dataclasses import dataclass
from typing import Literal

from onnx2zz.zigzag.objective import LATENCY, ObjectiveName

LPF_LIMIT = 6
"""The loop factors that are ordered unless told otherwise: ZigZag's own default (api.py:38)."""

Search = Literal["fast", "exhaustive", "both"]
"""The temporal search: ours, ZigZag's own, or both and compared. The numbers do not depend on it."""


Engine = Literal["loma", "salsa"]
"""ZigZag's temporal searches: all orderings of loop factors, or simulated annealing."""
TemporalMappingType = Literal["uneven", "even"]
"""Whether operands may be cut at different loops."""


@dataclass(frozen=True)
class PriceOptions:
    """What ZigZag is to optimise, and how hard. `lpf_limit` bounds the loop factors that are ordered (6 is 720
    orderings); `mixed_spatial_mapping` lets its generator unroll several dims over one array dim. `engine`: all
    orderings (loma), or simulated annealing (salsa)."""

    opt: ObjectiveName = LATENCY
    lpf_limit: int = LPF_LIMIT
    spatial_mappings: int = 3
    temporal_mapping_type: TemporalMappingType = "uneven"
    mixed_spatial_mapping: bool = False
    engine: Engine = "loma"

    @property
    def repeatable(self) -> bool:
        """Whether the same layer has the same price each time, so that prices may be kept and taken."""
        return self.engine != "salsa"


Direction = Literal["read_to_low", "write_from_low", "read_to_high", "write_from_high"]
"""How data pass a memory: to and from the level below it (the array is the lowest), or the one above."""


@dataclass(frozen=True)
class Traffic:
    """What passes a memory in one direction: elements that are accessed, one by one, and what that costs in pJ."""

    direction: Direction
    elements: float
    energy_pj: float


@dataclass(frozen=True)
class LevelEnergy:
    """What one operand's traffic at one memory costs, in pJ. `operand` is the layer's (I, W, O), `memory_operand` the
    accelerator's (I1, I2, O); `traffic` leaves out directions in which nothing passes."""

    operand: str
    memory: str
    energy_pj: float
    memory_operand: str
    traffic: tuple[Traffic, ...]


@dataclass(frozen=True)
class Cycles:
    """What ZigZag's latency is the sum of (cost_model.py:1089-1121): steps of the array, stalls at memories while it
    works, the first loads before it (`filling`), the last results and sums on their way after it (`draining`)."""

    steps: float
    stalls: float
    filling: float
    draining: float


@dataclass(frozen=True)
class SearchedPrice:
    """A layer's energy in pJ and latency in cycles as our search has found them: ZigZag's numbers to the last bit, of
    which ZigZag has not been asked."""

    energy_pj: float
    latency_cycles: float


@dataclass(frozen=True)
class LayerPrice:
    """ZigZag's numbers for one layer. Energy in pJ (`energy_total`), latency in cycles (`latency_total2`).

    `spatial_mapping` is array dim -> ((layer dim, factor), ...); `temporal_mapping` is operand -> the loops at each
    memory level, innermost first; `memory_energy` has each operand's memories, lowest first. `warnings` tell what the
    user must know about how the numbers came about.
    """

    energy_pj: float
    latency_cycles: float
    spatial_utilization: float
    spatial_mapping: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    temporal_mapping: tuple[tuple[str, tuple[tuple[tuple[str, float], ...], ...]], ...]
    operation_energy_pj: float
    memory_energy: tuple[LevelEnergy, ...]
    warnings: tuple[str, ...] = ()
    cycles: Cycles | None = None
