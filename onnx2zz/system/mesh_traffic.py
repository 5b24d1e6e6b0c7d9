"""What moves between the places of a mesh, and how little of it any placement of the same parts could move.

Cost is bits times links between cores, and the bits of the link that carries most. Parts are what each core has been
given; a placement says where on the mesh each such core lies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId, Link
from onnx2zz.system.plan import Transfer

Places = Mapping[CoreId, CoreId]
"""Where each core lies: at which core's place."""


@dataclass(frozen=True)
class Flow:
    """Bits that go from a core to others, all transfers of a frame between these together."""

    source: CoreId
    to: tuple[CoreId, ...]
    is_input: bool
    bits: int


def flows(transfers: Iterable[Transfer]) -> tuple[Flow, ...]:
    """What moves with a frame: nothing of what is set up before the first."""
    bits: dict[tuple[CoreId, tuple[CoreId, ...], bool], int] = {}
    for one in transfers:
        if one.bits and not one.setup:
            key = one.source, one.to, one.is_input
            bits[key] = bits.get(key, 0) + one.bits
    return tuple(Flow(*key, number) for key, number in bits.items())


@dataclass(frozen=True)
class MeshTraffic:
    """The flows of a schedule on a system whose cores are alike and lie on a mesh."""

    system: System
    flows: tuple[Flow, ...]

    def links(self, flow: Flow, at: Places) -> Sequence[Link]:
        """The links between cores that a flow takes."""
        network = self.system.network
        to = tuple(sorted(at.get(core, core) for core in flow.to))
        route = network.route(at.get(flow.source, flow.source), to, flow.is_input)
        assert route is not None, "on a mesh every core is in reach"
        return network.between_cores(route)

    def loads(self, at: Places) -> dict[str, int]:
        """Bits that each link between cores carries."""
        network = self.system.network
        found = np.zeros(len(network.by_id), dtype=np.int64)
        for flow in self.flows:
            found[network.numbers(self.links(flow, at))] += flow.bits
        return {link: bits for link, bits in zip(network.by_id, found.tolist(), strict=True) if bits}

    @cached_property
    def as_it_is(self) -> Places:
        return {core: core for core in self.system.by_id}

    @cached_property
    def least_bit_hops(self) -> float:
        """Bits x links that no placement is below.

        A tree to n cores has n links, one from off the chip n less the cores where it enters. Of what goes to one core
        alone: the partners of a core lie no nearer than the places around one do, the busiest partner nearest; and so
        with the places around where data come in.
        """
        among = self._among
        inside = sum(_in_order(list(own.values()), self._nearest) for own in among.values()) / 2
        total = inside
        for flow in self.flows:
            if len(flow.to) > 1:
                entered = self.entered(flow)
                total += flow.bits * (len(flow.to) if entered is None else max(0, len(flow.to) - len(entered)))
        for is_input in (False, True):
            alone = [flow for flow in self.flows if len(flow.to) == 1 and flow.is_input == is_input]
            total += self._from_outside([flow for flow in alone if self.entered(flow) is not None])
        return total

    @cached_property
    def least_busiest(self) -> float:
        """Bits that the link which carries most carries under any placement: what comes to a core and leaves it shares
        its links at best, and all bits x links share all links."""
        links = self.system.network.links
        into: dict[CoreId, int] = {}
        out: dict[CoreId, int] = {}
        for link in links:
            for node in link.nodes[1:] if link.directed else link.nodes:
                into[node] = into.get(node, 0) + 1
            for node in link.nodes[:1] if link.directed else link.nodes:
                out[node] = out.get(node, 0) + 1
        comes: dict[CoreId, int] = {}
        leaves: dict[CoreId, int] = {}
        for flow in (one for one in self.flows if self.entered(one) is None):
            leaves[flow.source] = leaves.get(flow.source, 0) + flow.bits
            for core in flow.to:
                comes[core] = comes.get(core, 0) + flow.bits
        shared = max(
            max(comes.values(), default=0) / max(into.values(), default=1),
            max(leaves.values(), default=0) / max(out.values(), default=1),
        )
        return max(shared, self.least_bit_hops / max(1, len(links)))

    def _from_outside(self, alone: Sequence[Flow]) -> float:
        """Bits x links of what comes from off the chip to one core, or leaves from one."""
        if not alone:
            return 0.0
        bits: dict[CoreId, int] = {}
        for flow in alone:
            core = flow.to[0] if flow.source not in self.system.by_id else flow.source
            bits[core] = bits.get(core, 0) + flow.bits
        entered = self.entered(alone[0])
        assert entered is not None
        places = sorted(self.system.by_id)
        distances = [min(self._distance[places.index(at), n] for at in entered) for n in range(len(places))]
        return _in_order(list(bits.values()), sorted(distances))

    def entered(self, flow: Flow) -> tuple[CoreId, ...] | None:
        """The cores at the link over which a flow comes onto the chip or leaves it; None of one between cores."""
        network = self.system.network
        if flow.source in self.system.by_id and all(core in self.system.by_id for core in flow.to):
            return None
        link = network.stream if flow.is_input and network.stream is not None else network.port
        assert link is not None
        return tuple(node for node in link.nodes if node in self.system.by_id)

    @cached_property
    def _among(self) -> dict[CoreId, dict[CoreId, int]]:
        """Bits between each core and each other, either way, of flows to one core alone."""
        found: dict[CoreId, dict[CoreId, int]] = {}
        for flow in self.flows:
            if len(flow.to) == 1 and self.entered(flow) is None:
                for one, other in ((flow.source, flow.to[0]), (flow.to[0], flow.source)):
                    own = found.setdefault(one, {})
                    own[other] = own.get(other, 0) + flow.bits
        return found

    @cached_property
    def _distance(self) -> np.ndarray:
        """Links between any two places, by their order."""
        width = self.system.mesh_width
        assert width is not None
        rows, columns = np.divmod(np.arange(len(self.system.cores)), width)
        return np.abs(rows[:, None] - rows) + np.abs(columns[:, None] - columns)

    @cached_property
    def _nearest(self) -> Sequence[float]:
        """How near the first, second ... other place lies to a place at best."""
        return [float(one) for one in np.sort(self._distance, axis=1).min(axis=0)[1:]]


def _in_order(bits: Sequence[float], distances: Sequence[float]) -> float:
    """The least that bits x distances come to: most bits over the least distance."""
    return sum(b * d for b, d in zip(sorted(bits, reverse=True), distances, strict=False))
