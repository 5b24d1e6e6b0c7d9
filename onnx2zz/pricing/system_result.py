"""What a result says of a system of cores: the bound, the parts of the energy, each core and each link."""

from collections.abc import Mapping
from dataclasses import dataclass

CoreId = int


@dataclass(frozen=True)
class CoreUse:
    """One core: what it is, bits of its highest memory and the most that it held, cycles that it worked, pJ."""

    id: CoreId
    accelerator: str
    capacity_bits: int
    peak_bits: float
    busy_cycles: float
    energy_pj: float


@dataclass(frozen=True)
class LinkUse:
    """One link, bus or port: what it joins, bit a cycle, bits that it carried, cycles that it was taken, pJ."""

    id: str
    nodes: tuple[CoreId, ...]
    directed: bool
    bandwidth: float
    bits: int
    busy_cycles: float
    energy_pj: float


@dataclass(frozen=True)
class LayerUse:
    """Where and when a layer runs: its id, cores, number of tiles, how it is shared out, first start and last end."""

    layer: int
    cores: tuple[int, ...]
    tiles: int
    split: Mapping[str, int]
    turns: Mapping[str, int]
    start: float
    end: float


@dataclass(frozen=True)
class SystemResult:
    """`gap`: latency over its bound. `hulls`: pairs of layers (producer, reader) between which what is read is taken as
    the box around it."""

    schedule: str
    latency_cycles: float
    bound_cycles: float
    bound_by: str
    gap: float | None
    clock_mhz: float | None
    energy: Mapping[str, float]
    offchip_bits: float
    noc_bit_hops: float
    tiles: int
    transfers: int
    tried: int
    hulls: tuple[tuple[int, int], ...]
    cores: tuple[CoreUse, ...]
    links: tuple[LinkUse, ...]
    layers: tuple[LayerUse, ...]
