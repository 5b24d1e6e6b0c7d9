"""Where on a mesh the cores of a schedule lie so that little moves far: cores change places as long as that helps.

One core after the other, those that move most first, is tried at the places beside those that it has to do with, and
whoever lies there takes its place. What is minimised is bits x links; after that the busiest link, as long as bits x
links stay within 2 %. (A quadratic assignment: no way to find the best of many places is known that is not exhaustive.)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from onnx2zz.system.mesh_traffic import MeshTraffic, Places
from onnx2zz.system.network import CoreId

MOST_ROUTES = 60_000
"""Ways of flows that are looked at before no further change is tried."""
FOR_THE_BUSIEST = 1.02
"""How many times as many bits x links may be taken for the busiest link's sake."""


def nearer(traffic: MeshTraffic) -> Places:
    """The places of the cores, from where they are on."""
    found = _Changing(traffic, dict(traffic.as_it_is))
    found.descend()
    found.relieve()
    return found.at


@dataclass
class _Changing:
    traffic: MeshTraffic
    at: dict[CoreId, CoreId]
    routes: int = 0
    cost: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.cost = [self._cost(number, self.at) for number in range(len(self.traffic.flows))]

    def descend(self) -> None:
        """Change places until bits x links do not get fewer."""
        better = True
        while better and self.routes < MOST_ROUTES:
            better = False
            for core in self._busiest_first:
                tried = [(self._change(core, place)[0], place) for place in sorted(self._near(core))]
                gain, place = min(tried, default=(0, core))
                if gain < 0:
                    self._take(core, place)
                    better = True

    def relieve(self) -> None:
        """Change places of those whose data take the busiest link, as long as it gets less busy."""
        most = sum(self.cost) * FOR_THE_BUSIEST
        while self.routes < MOST_ROUTES:
            loads = self.traffic.loads(self.at)
            self.routes += len(self.traffic.flows)
            busiest = max(loads, key=lambda link: (loads[link], link), default=None)
            if busiest is None or not self._relieved(busiest, loads[busiest], most):
                return

    def _relieved(self, busiest: str, load: int, most: float) -> bool:
        over = [n for n, flow in enumerate(self.traffic.flows) if busiest in self._ids(n, self.at) and flow.bits]
        for core in dict.fromkeys(core for n in over for core in self._ends(n)):
            for place in sorted(self._near(core)):
                added, after = self._change(core, place)
                if sum(self.cost) + added > most:
                    continue
                self.routes += len(self.traffic.flows)
                if max(self.traffic.loads(after).values(), default=0) < load:
                    self._take(core, place)
                    return True
                if self.routes >= MOST_ROUTES:
                    return False
        return False

    def _ids(self, flow: int, at: Places) -> list[str]:
        return [link.id for link in self.traffic.links(self.traffic.flows[flow], at)]

    def _cost(self, flow: int, at: Places) -> int:
        self.routes += 1
        return self.traffic.flows[flow].bits * len(self.traffic.links(self.traffic.flows[flow], at))

    def _change(self, core: CoreId, place: CoreId) -> tuple[int, Places]:
        """Bits x links that are added where a core goes to a place, and who lies where then."""
        after = {**self.at, core: place, self._who(place): self.at[core]}
        touched = {*self._flows_of.get(core, ()), *self._flows_of.get(self._who(place), ())}
        return sum(self._cost(n, after) - self.cost[n] for n in touched), after

    def _take(self, core: CoreId, place: CoreId) -> None:
        other, before = self._who(place), self.at[core]
        self.at[core], self.at[other] = place, before
        for n in {*self._flows_of.get(core, ()), *self._flows_of.get(other, ())}:
            self.cost[n] = self._cost(n, self.at)

    def _who(self, place: CoreId) -> CoreId:
        return next(core for core, at in self.at.items() if at == place)

    def _near(self, core: CoreId) -> set[CoreId]:
        """The places beside those that a core has to do with, and theirs."""
        own = self.at[core]
        partners = {end for n in self._flows_of.get(core, ()) for end in self._ends(n)} - {core}
        around = {self.at[one] for one in partners} | self._outside_of(core)
        return (around | {near for place in around for near in self._beside[place]}) - {own}

    def _outside_of(self, core: CoreId) -> set[CoreId]:
        """Where what a core gets from off the chip comes in."""
        flows = [self.traffic.flows[n] for n in self._flows_of.get(core, ())]
        return {node for flow in flows for node in self.traffic.entered(flow) or ()}

    def _ends(self, flow: int) -> Iterator[CoreId]:
        one = self.traffic.flows[flow]
        yield from (core for core in (one.source, *one.to) if core in self.at)

    @cached_property
    def _flows_of(self) -> Mapping[CoreId, list[int]]:
        found: dict[CoreId, list[int]] = {}
        for n in range(len(self.traffic.flows)):
            for core in self._ends(n):
                found.setdefault(core, []).append(n)
        return found

    @cached_property
    def _busiest_first(self) -> list[CoreId]:
        bits = {core: sum(self.traffic.flows[n].bits for n in own) for core, own in self._flows_of.items()}
        return sorted(bits, key=lambda core: (-bits[core], core))

    @cached_property
    def _beside(self) -> Mapping[CoreId, set[CoreId]]:
        found: dict[CoreId, set[CoreId]] = {core: set() for core in self.at}
        for link in self.traffic.system.network.links:
            for node in link.nodes:
                found[node] |= {end for end in link.nodes if end != node}
        return found
