"""The links that transfers take, and for how long: the slowest link, or the memory at either end."""

from dataclasses import dataclass, field

from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId, Route
from onnx2zz.system.plan import Transfer

Ends = tuple[CoreId, tuple[CoreId, ...], bool]
"""From where to where, and whether the network's input is carried."""


@dataclass(frozen=True)
class TransferWays:
    """The ways of a system's transfers; `known`: those that were asked for."""

    system: System
    known: dict[Ends, tuple[Route, float]] = field(default_factory=dict[Ends, tuple[Route, float]])

    def of(self, transfer: Transfer) -> tuple[Route, float]:
        """The links of a transfer, and the cycles that it takes all of them."""
        return self.between(transfer.source, transfer.to, transfer.is_input, transfer.bits)

    def between(self, source: CoreId, to: tuple[CoreId, ...], is_input: bool, bits: float) -> tuple[Route, float]:
        """The same of so many bits from a core to others, in the order of their numbers."""
        asked = source, to, is_input
        if asked not in self.known:
            self.known[asked] = self._way(*asked)
        route, widest = self.known[asked]
        return route, self.system.network.duration(route, bits, widest)

    def _way(self, source: CoreId, to: tuple[CoreId, ...], is_input: bool) -> tuple[Route, float]:
        """The links from a core to others, and bit a cycle of the memory at their ends that takes least."""
        route = self.system.network.route(source, to, is_input)
        assert route is not None, f"no way from core {source} to {to}"
        if self.system.same_port is not None:
            return route, self.system.same_port
        return route, min(self.system.by_id[core].port_bits for core in (source, *to) if core in self.system.by_id)
