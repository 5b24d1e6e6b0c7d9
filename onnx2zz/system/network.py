"""What joins the cores: links, buses and the off-chip port, and the way that data take over them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

CoreId = int
PORT, STREAM = "port", "inputs"
"""What the link to the off-chip core is called, and that over which inputs come in past its memory."""


@dataclass(frozen=True)
class Link:
    """A wire that carries one transfer at a time, `bandwidth` bit a cycle at `energy_per_bit` pJ.

    A directed one leads from the first of `nodes` to the second. A shared one (a bus, a wire that both ends take in
    turn, the off-chip port) joins all of them. A transfer waits `hop_cycles` at each link before its data flow.
    """

    id: str
    nodes: tuple[CoreId, ...]
    bandwidth: float
    energy_per_bit: float = 0.0
    directed: bool = False
    hop_cycles: float = 0.0

    def ends_from(self, node: CoreId) -> Sequence[CoreId]:
        """Where the link leads from a node."""
        if self.directed:
            return self.nodes[1:] if node == self.nodes[0] else ()
        return self.nodes if node in self.nodes else ()


@dataclass(frozen=True)
class Route:
    """The links that a transfer takes, each once, and how many lie one behind the other on the longest way. `port`:
    that of them behind which the off-chip core lies, if it is taken."""

    links: tuple[Link, ...]
    depth: int
    port: Link | None = None

    @cached_property
    def narrowest(self) -> float:
        """Bit a cycle of the link that takes longest for what goes over wires; the port is none of these."""
        return min((link.bandwidth for link in self.links if link is not self.port), default=float("inf"))

    @cached_property
    def waits(self) -> float:
        """Cycles until the first bit has arrived everywhere."""
        return max((link.hop_cycles for link in self.links), default=0.0) * self.depth


@dataclass(frozen=True)
class Network:
    """The links between cores. A packet is `header_flits` and as many flits of `flit` bit as its data fill (0: data go
    as they are). With `multicast` one transfer branches on its way to several cores, else each has its own.

    Where values other than zero are sent alone, a flit holds `values_per_flit` of them with their addresses, and a
    packet `packet_flits` flits, its header's included (0: one value).

    `port` is the link behind which the off-chip core lies, if there is one; nothing but off-chip data takes it.
    `with_port`: buses that such data occupy as well, since the off-chip core hangs on them. `stream`: the link over
    which the network's inputs come in, if no memory brings them.
    """

    links: tuple[Link, ...]
    port: Link | None = None
    with_port: tuple[Link, ...] = ()
    offchip: CoreId | None = None
    flit: int = 0
    header_flits: int = 0
    multicast: bool = True
    values_per_flit: int = 1
    packet_flits: int = 0
    stream: Link | None = None

    @property
    def port_id(self) -> str | None:
        return self.port.id if self.port else None

    @cached_property
    def into_a_core(self) -> float:
        """Bit a cycle that all links into a core bring together, of the core that has least."""
        into: dict[CoreId, float] = {}
        for link in self.links:
            # A shared link brings to each of its cores, though to one at a time: the bound is on what a core can get.
            for node in link.nodes[1:] if link.directed else link.nodes:
                into[node] = into.get(node, 0.0) + link.bandwidth
        return min(into.values(), default=1.0)

    @cached_property
    def by_id(self) -> Mapping[str, Link]:
        """Every link, those to the outside too."""
        return {link.id: link for link in (*self.links, *self.outside)}

    @cached_property
    def outside(self) -> tuple[Link, ...]:
        """The links that lead off the chip."""
        return tuple(link for link in (self.port, self.stream) if link is not None)

    def between_cores(self, route: Route) -> Sequence[Link]:
        """The links of a route that do not lead off the chip: one that does lies before all others."""
        leaves = any(link is route.links[0] for link in self.outside) if route.links else False
        return route.links[1:] if leaves else route.links

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {name: number for number, name in enumerate(self.by_id)}

    def numbers(self, links: Iterable[Link]) -> np.ndarray:
        """The place of each link among all of `by_id`."""
        return np.array([self._numbers[link.id] for link in links], dtype=np.intp)

    @cached_property
    def _leaving(self) -> Mapping[CoreId, Sequence[tuple[Link, CoreId]]]:
        found: dict[CoreId, list[tuple[Link, CoreId]]] = {}
        for link in self.links:
            for node in link.nodes:
                found.setdefault(node, []).extend((link, end) for end in link.ends_from(node) if end != node)
        # The order decides between ways that are as short: by numbers of cores, so that routes are the same in every
        # run.
        return {node: sorted(ways, key=lambda way: (way[1], way[0].id)) for node, ways in found.items()}

    def route(self, source: CoreId, destinations: Iterable[CoreId], is_input: bool = False) -> Route | None:
        """The links of the shortest-path tree from a core to others, each once; None where one is out of reach.
        `is_input`: a transfer of the network's input, which comes in over the stream, if there is one."""
        asked = source, tuple(sorted(destinations)), is_input and self.stream is not None
        if asked not in self._routes:
            self._routes[asked] = self._found_route(*asked)
        return self._routes[asked]

    @cached_property
    def _routes(self) -> dict[tuple[CoreId, tuple[CoreId, ...], bool], Route | None]:
        """Those that were asked for. They are this network's own: what links are is told by which they are."""
        return {}

    def _found_route(self, source: CoreId, destinations: tuple[CoreId, ...], is_input: bool) -> Route | None:
        if is_input and self.stream is not None:
            entered = tuple(node for node in self.stream.nodes if node != self.offchip)
            branches = self._branches(self._tree(entered), destinations)
            return None if branches is None else Route((self.stream, *branches.links), branches.depth)
        if self.offchip in destinations or source == self.offchip:
            return self._over_the_port(source, destinations)
        tree = self._tree((source,))
        return self._branches(tree, destinations)

    def _over_the_port(self, source: CoreId, destinations: tuple[CoreId, ...]) -> Route | None:
        assert self.port is not None
        served = tuple(node for node in self.port.nodes if node != self.offchip)
        # Out of the chip's memory data may enter at any core of the port; into it they leave at the one that is
        # nearest.
        if source == self.offchip:
            branches = self._branches(self._tree(served), destinations)
        else:  # to the nearest of the cores at the port
            tree = self._tree((source,))
            nearest = min((n for n in served if n in tree), key=lambda n: (self._depth(tree, n), n), default=None)
            branches = None if nearest is None else self._branches(tree, (nearest,))
        return (
            None
            if branches is None
            else Route((self.port, *self.with_port, *branches.links), branches.depth, self.port)
        )

    def _branches(
        self, tree: Mapping[CoreId, tuple[Link, CoreId] | None], destinations: Iterable[CoreId]
    ) -> Route | None:
        used: dict[str, Link] = {}
        depths: dict[CoreId, int] = {}
        for node in destinations:
            if node not in tree:
                return None
            # Back from each destination until the way meets one that is there already: links that ways share are in
            # the tree once, so that a multicast takes them once.
            passed: list[CoreId] = []
            while node not in depths and (way := tree[node]) is not None:
                passed.append(node)
                link, node = way
                used[link.id] = link
            depth = depths.setdefault(node, 0)
            for before in reversed(passed):
                depths[before] = depth = depth + 1
        return Route(tuple(used.values()), max(depths.values(), default=0))

    def _depth(self, tree: Mapping[CoreId, tuple[Link, CoreId] | None], node: CoreId) -> int:
        depth, way = 0, tree[node]
        while way is not None:
            depth, way = depth + 1, tree[way[1]]
        return depth

    @cached_property
    def _trees(self) -> dict[tuple[CoreId, ...], Mapping[CoreId, tuple[Link, CoreId] | None]]:
        return {}

    def _tree(self, sources: tuple[CoreId, ...]) -> Mapping[CoreId, tuple[Link, CoreId] | None]:
        """For every core that can be reached its link and core before, the nearest source first."""
        if sources not in self._trees:
            self._trees[sources] = self._found_tree(sources)
        return self._trees[sources]

    def _found_tree(self, sources: tuple[CoreId, ...]) -> Mapping[CoreId, tuple[Link, CoreId] | None]:
        before: dict[CoreId, tuple[Link, CoreId] | None] = dict.fromkeys(sources)
        queue = list(sources)
        # Breadth first, the queue growing while it is walked: the first way to a core is a shortest.
        for node in queue:
            for link, end in self._leaving.get(node, ()):
                if end not in before:
                    before[end] = (link, node)
                    queue.append(end)
        return before

    def hops(self, source: CoreId, destination: CoreId) -> int:
        """Links between two cores, the port not counted; 0 where there is no way."""
        tree = self._tree((source,))
        return self._depth(tree, destination) if destination in tree else 0

    def wire_bits(self, bits: float) -> float:
        """What goes over a link for so many bits of data."""
        if not self.flit:
            return bits
        return (self.header_flits + -(-bits // self.flit)) * self.flit

    def duration(self, route: Route, bits: float, widest: float) -> float:
        """Cycles from the first bit sent to the last bit that has arrived; the memories at both ends take `widest`."""
        # A transfer within one place takes no link, and no time.
        if not route.links:
            return 0.0
        # Data flow through (wormhole): every link of the way is taken for as long as the slowest needs, and only the
        # head waits at each.
        over_port = bits / route.port.bandwidth if route.port else 0.0
        return max(over_port, self.wire_bits(bits) / route.narrowest, bits / widest) + route.waits

    def energy(self, route: Route, bits: float) -> float:
        """pJ on the links of a route, the port's included."""
        wire = self.wire_bits(bits)
        return sum(link.energy_per_bit * (bits if link is self.port else wire) for link in route.links)
