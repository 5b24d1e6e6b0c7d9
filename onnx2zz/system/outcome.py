"""What a schedule comes to: by core, link and part of the energy, and the sums of all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add

import numpy as np

from onnx2zz.pricing.schedule_kind import ScheduleKind
from onnx2zz.pricing.system_result import CoreUse, LinkUse, StackUse
from onnx2zz.system.bounds import Bounds
from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId, Link
from onnx2zz.system.plan import Tile, Transfer
from onnx2zz.system.schedule import Schedule
from onnx2zz.system.tiling import Tiling


@dataclass(frozen=True)
class SystemOutcome:
    """A schedule with its prices. `tile_energy`: pJ of each tile; `link_energy`, `offchip_energy`: of each transfer.

    `kind`: how the cores take up the layers; `stacks`: those that are fused. A pipeline has an `interval`: the cycles
    after which the next of its `frames` does the same, or those of a `batch` together, so much for each of them;
    `own_bound`: the bound of that on its own cores. What is set up before the first frame is in no total.
    """

    model: str
    opt: str
    system: System
    schedule: Schedule
    tile_energy: Mapping[int, float]
    link_energy: Mapping[int, float]
    offchip_energy: Mapping[int, float]
    static_pj: float
    macs: int
    bounds: Bounds
    tilings: Mapping[int, Tiling]
    tried: int
    kind: ScheduleKind = "layers"
    stacks: Sequence[StackUse] = ()
    frames: int = 1
    interval: float | None = None
    setup_cycles: float = 0.0
    own_bound: float | None = None
    batch: int = 1

    @property
    def latency(self) -> float:
        """From a frame's first start to its last end."""
        if self.batch > 1:
            return self.schedule.longest_frame
        return self.schedule.latency - (self.frames - 1) * (self.interval or 0.0)

    def of_a_frame(self, total: float) -> float:
        """What a frame has of something that all frames have together."""
        return total if self.frames == 1 else total / self.frames

    @cached_property
    def energy(self) -> dict[str, float]:
        """The parts of the energy, in pJ; the static part stands beside the sum."""
        return {
            "cores_pj": _sum(self.tile_energy.values()),
            "links_pj": _sum(self._of_frames(self.link_energy)),
            "offchip_pj": _sum(self._of_frames(self.offchip_energy)),
            "static_pj": self.static_pj,
        }

    @cached_property
    def total(self) -> dict[str, float]:
        parts = self.energy
        return {
            "latency_cycles": self.latency,
            "interval_cycles": self._interval,
            "energy_pj": parts["cores_pj"] + parts["links_pj"] + parts["offchip_pj"],
            "macs": self.macs,
            "offchip_bits": sum(transfer.bits for transfer in self.moved if self._leaves_the_chip(transfer)),
            # Hops are links between cores: the port is told by offchip_bits, and would count twice.
            "noc_bit_hops": sum(transfer.bits * len(self._between_cores(transfer)) for transfer in self.moved),
        }

    @property
    def _interval(self) -> float:
        # One frame repeats nothing: schedule.json has its latency there.
        if self.interval is None or self.frames == 1:
            return self.latency
        if self.batch == 1:
            return self.interval
        # A frame of a batch may end a little later than it might, for want of a free port.
        ends = self.schedule.frame_ends
        return (ends[self.frames - 1] - ends[0]) / (self.frames - 1)

    @property
    def tiles(self) -> Sequence[Tile]:
        """In the order of their layers, then turns."""
        return self.schedule.plan.tiles

    @property
    def transfers(self) -> Sequence[Transfer]:
        return self.schedule.plan.transfers

    @cached_property
    def moved(self) -> Sequence[Transfer]:
        """The transfers of the frames, without those before the first."""
        return [transfer for transfer in self.transfers if not transfer.setup]

    @cached_property
    def cores(self) -> tuple[CoreUse, ...]:
        busy: dict[CoreId, float] = {}
        energy: dict[CoreId, float] = {}
        for tile in self.tiles:
            start, end = self.schedule.tiles[tile.number]
            busy[tile.core] = busy.get(tile.core, 0.0) + end - start
            energy[tile.core] = energy.get(tile.core, 0.0) + self.tile_energy[tile.number]
        return tuple(
            CoreUse(
                core.id,
                self.system.called[core.accelerator.path],
                core.capacity,
                self.schedule.memory[core.id].peak,
                busy.get(core.id, 0.0),
                energy.get(core.id, 0.0),
            )
            for core in self.system.cores
        )

    @cached_property
    def links(self) -> tuple[LinkUse, ...]:
        network = self.system.network
        joined = list(network.by_id.values())
        bits, busy, energy = (np.zeros(len(joined), dtype) for dtype in (np.int64, np.float64, np.float64))
        per_bit = np.array([link.energy_per_bit for link in joined])
        over_port = np.array([link is network.port for link in joined])
        # All links of a transfer at once: a tree to 1,000 cores has 1,000, each of them once.
        for transfer in self.moved:
            start, end = self.schedule.transfers[transfer.number]
            own = network.numbers(self.schedule.routes[transfer.number].links)
            bits[own] += transfer.bits
            busy[own] += end
            busy[own] -= start
            # Packets are the network's: off the chip data go as they are.
            wire = np.where(over_port[own], transfer.bits, network.wire_bits(transfer.bits))
            energy[own] += wire * per_bit[own]
        return tuple(
            LinkUse(
                link.id,
                link.nodes,
                link.directed,
                link.bandwidth,
                int(bits[number]),
                float(busy[number]),
                float(energy[number]),
            )
            for number, link in enumerate(joined)
        )

    def memory(self) -> Iterator[tuple[CoreId, list[tuple[float, float]]]]:
        """What each core holds over time: (cycle, bits) where it changes. On large systems these are millions, so that
        no core's are kept."""
        for core, course in self.schedule.memory.items():
            yield core, list(zip(course.times, course.held, strict=True))

    def span(self, layer: int) -> tuple[float, float]:
        """From the first start of a layer's tiles to the last end, in the first frame."""
        spans = [self.schedule.tiles[tile.number] for tile in self.first_frame(layer)]
        return min(start for start, _ in spans), max(end for _, end in spans)

    def first_frame(self, layer: int) -> Sequence[Tile]:
        """A layer's tiles in the first frame."""
        return [tile for tile in self.schedule.plan.by_layer[layer] if not tile.frame]

    def _of_frames(self, energy: Mapping[int, float]) -> Iterable[float]:
        """The pJ of the transfers of the frames."""
        return (pj for number, pj in energy.items() if not self.transfers[number].setup)

    def _between_cores(self, transfer: Transfer) -> Sequence[Link]:
        return self.system.network.between_cores(self.schedule.routes[transfer.number])

    def _leaves_the_chip(self, transfer: Transfer) -> bool:
        return len(self._between_cores(transfer)) < len(self.schedule.routes[transfer.number].links)


def _sum(numbers: Iterable[float]) -> float:
    """Plain additions from the left, as an evaluation on one core makes them."""
    # Not sum(), which newer Pythons compensate: the last bit would differ from one core's evaluation.
    return reduce(add, numbers, 0.0)
