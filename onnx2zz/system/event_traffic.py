"""What a schedule's transfers carry where only values other than zero are sent.

Of what a layer reads a share is not zero; where those values lie is not told apart. So a transfer carries that share of
its elements, and all of them where a reader needs the zeros, too. Weights, partial sums and results are sent dense.
"""

import math
from dataclasses import dataclass

from onnx2zz.pricing.event_driven import Activities
from onnx2zz.system.elements import count
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import Network, Route
from onnx2zz.system.plan import Transfer


@dataclass(frozen=True)
class Packets:
    """A transfer's packets: `values` in them, flits of headers and of data, and bits that a link carries for them."""

    values: int
    header_flits: int
    payload_flits: int
    wire_bits: float


def packets_of(network: Network, values: int, bits: float) -> Packets:
    """As few packets as so many values fill; `bits`: of the values, which is all that goes where there are no flits."""
    if not network.flit:
        return Packets(values, 0, 0, bits)
    in_a_flit = network.values_per_flit
    in_a_packet = (network.packet_flits - network.header_flits) * in_a_flit if network.packet_flits else 1
    headers, payload = -(-values // in_a_packet) * network.header_flits, -(-values // in_a_flit)
    return Packets(values, headers, payload, (headers + payload) * network.flit)


@dataclass(frozen=True)
class EventTraffic:
    """What was measured of a network, on the wires of a system."""

    network: Network
    graph: LayerGraph
    activities: Activities

    def driven(self, transfer: Transfer) -> bool:
        """Whether a transfer carries what layers read as events: no weights, no partial sums, no results."""
        if transfer.partial or not transfer.readers:
            return False
        return transfer.of is not None or not self.graph.layers[transfer.layer].is_constant(transfer.operand)

    def packets(self, transfer: Transfer) -> Packets:
        """Those that carry the values other than zero of a transfer that is driven by events."""
        elements = count(transfer.elements) if all(transfer.elements) else 0
        values = math.ceil(elements * self.share(transfer))
        return packets_of(self.network, values, transfer.bits * self.share(transfer))

    def share(self, transfer: Transfer) -> float:
        """The share of a transfer's elements that is sent."""
        return max(self._sent_to(transfer, layer) for layer in self.readers(transfer))

    def readers(self, transfer: Transfer) -> list[int]:
        """The layers that read a transfer, in order."""
        return sorted({tile.layer for tile in transfer.readers})

    def _sent_to(self, transfer: Transfer, layer: int) -> float:
        """The share that a layer needs: all of it where its zeros count like any other value."""
        activity = self.activities.layers[self.graph.entries[layer]["id"]]
        if not activity.skipping:
            return 1.0
        producer = None if transfer.of is None else transfer.of.layer
        operands = [edge.operand for edge in self.graph.edges.get(layer, ()) if edge.producer == producer]
        if producer is None:
            operands = [transfer.operand]
        return max((activity.density.get(operand, 1.0) for operand in operands), default=1.0)


def event_energy(network: Network, route: Route, packets: Packets, bits: float) -> float:
    """pJ of packets on the links of a route; through the off-chip port all `bits` go, as they lie in memory."""
    return sum(link.energy_per_bit * (bits if link is network.port else packets.wire_bits) for link in route.links)


def hops(network: Network, route: Route) -> int:
    """Links between cores that a route takes."""
    return len(network.between_cores(route))
