"""The numbers of the cores under which a schedule is looked for, so that the result does not depend on the user's.

Among equal ways the search takes the first, and which is first depends on the numbers of cores. So of all numberings
under which the links stay as they are (a mesh is turned and mirrored), one is chosen by what the cores and the port
are, the search runs under it, and what it finds is told in the user's numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TypeVar

from onnx2zz.system.description import Core, System
from onnx2zz.system.network import CoreId, Link, Network, Route
from onnx2zz.system.placement import Placed
from onnx2zz.system.schedule import Schedule

FEW = 6
"""Cores whose numberings are all looked at; of more only those that a mesh or a ring can have."""
Of = TypeVar("Of")


@dataclass(frozen=True)
class Numbering:
    """`to`: the number under which each core goes while a schedule is looked for."""

    to: Mapping[CoreId, CoreId]

    @property
    def is_the_users(self) -> bool:
        return all(core == number for core, number in self.to.items())

    def _changes_nothing(self, network: Network) -> bool:
        """Whether a system is the same under these numbers, the order in which links off the chip name its cores
        included."""
        served = [link.nodes[:-1] for link in network.outside]
        return self.is_the_users and all(cores == tuple(sorted(cores)) for cores in served)

    def system(self, system: System) -> System:
        """The system with its cores so numbered. Its links are the same: they lie where they lay."""
        if self._changes_nothing(system.network):
            # The very system, so that the routes that its network has found are known to whoever asks it later.
            return system
        cores = sorted((replace(core, id=self.to[core.id]) for core in system.cores), key=lambda core: core.id)
        network = system.network
        port, stream = (self._moved(link, system) for link in (network.port, network.stream))
        return replace(system, cores=tuple(cores), network=replace(network, port=port, stream=stream))

    def _moved(self, link: Link | None, system: System) -> Link | None:
        """A link that leads off the chip, from the cores' numbers here."""
        return None if link is None else replace(link, nodes=(*self._served(link, system), *link.nodes[-1:]))

    def by_core(self, of: Mapping[CoreId, Of]) -> dict[CoreId, Of]:
        """What is told of each core, by its number here."""
        return {self.to[core]: one for core, one in of.items()}

    def placed(self, fixed: Mapping[int, Placed]) -> dict[int, Placed]:
        """Where the user has placed layers, in these numbers."""
        return {layer: replace(own, cores=tuple(self.to[core] for core in own.cores)) for layer, own in fixed.items()}

    def tell(self, schedule: Schedule, network: Network) -> None:
        """Put a schedule that was made in these numbers in the user's; `network` is the user's."""
        if self._changes_nothing(network):
            return
        back = {number: core for core, number in self.to.items()}
        links = _moved_links(network.links, back)
        links |= {link.id: link for link in network.outside}
        for tile in schedule.plan.tiles:
            tile.core = back[tile.core]
        for transfer in schedule.plan.transfers:
            # What stands for the memory off the chip is no core, so that it keeps its number.
            transfer.source = back.get(transfer.source, transfer.source)
            transfer.to = tuple(sorted(back.get(core, core) for core in transfer.to))
        schedule.plan.resident = {back[core]: bits for core, bits in schedule.plan.resident.items()}
        schedule.memory = {core: schedule.memory[self.to[core]] for core in self.to}
        for number, route in schedule.routes.items():
            own = tuple(links[link.id] for link in route.links)
            schedule.routes[number] = Route(own, route.depth, route.port and links[route.port.id])

    def key(self, system: System, fixed: Mapping[int, Placed]) -> tuple[object, ...]:
        """What numberings are compared by: low numbers at the port, then what each core is, and what is placed."""
        served = tuple(self._served(link, system) for link in system.network.outside)
        kinds = sorted((self.to[core.id], _kind(core)) for core in system.cores)
        placed = sorted((layer, own.cores) for layer, own in self.placed(fixed).items())
        return served, tuple(kinds), tuple(placed)

    def _served(self, link: Link, system: System) -> tuple[CoreId, ...]:
        return tuple(sorted(self.to[core] for core in link.nodes if core in system.by_id))


def canonical(system: System, fixed: Mapping[int, Placed]) -> Numbering:
    """The numbering that makes systems alike that differ in nothing but the numbers of their cores; the user's own,
    where it is as good."""
    found = [Numbering(to) for to in _candidates(system) if _keeps_links(system.network.links, to)]
    return min(found, key=lambda one: one.key(system, fixed))


def _kind(core: Core) -> tuple[str, str]:
    return str(core.accelerator.path), str(core.mapping)


def _candidates(system: System) -> Iterator[dict[CoreId, CoreId]]:
    """The user's numbering first."""
    cores = sorted(system.by_id)
    if system.mesh_width is not None:
        orders = _turned(
            [cores[start : start + system.mesh_width] for start in range(0, len(cores), system.mesh_width)]
        )
    elif len(cores) <= FEW:
        orders = permutations(cores)
    else:
        around = [*cores, *cores]
        each_way = [around[start : start + len(cores)] for start in range(len(cores))]
        orders = iter([*each_way, *(order[::-1] for order in each_way)])
    for order in orders:
        yield dict(zip(order, cores, strict=True))


def _turned(rows: Sequence[Sequence[CoreId]]) -> Iterator[Sequence[CoreId]]:
    """A mesh read row by row, as it is and mirrored; a square one along its columns, too."""
    columns = list(zip(*rows, strict=True))
    for grid in (rows, columns) if len(rows) == len(columns) else (rows,):
        for down in (grid, grid[::-1]):
            yield [core for row in down for core in row]
            yield [core for row in down for core in row[::-1]]


def _keeps_links(links: Sequence[Link], to: Mapping[CoreId, CoreId]) -> bool:
    """Whether each link lies where one just like it has lain."""
    return sorted(map(_place, links)) == sorted(_place(_moved(link, to)) for link in links)


def _moved_links(links: Sequence[Link], to: Mapping[CoreId, CoreId]) -> dict[str, Link]:
    """By the name of each link the one where it comes to lie."""
    there = sorted(links, key=lambda link: (_place(link), link.id))
    come = sorted(links, key=lambda link: (_place(_moved(link, to)), link.id))
    return {link.id: lies for link, lies in zip(come, there, strict=True)}


def _moved(link: Link, to: Mapping[CoreId, CoreId]) -> Link:
    return replace(link, nodes=tuple(to.get(node, node) for node in link.nodes))


def _place(link: Link) -> tuple[object, ...]:
    nodes = link.nodes if link.directed else tuple(sorted(link.nodes))
    return nodes, link.bandwidth, link.energy_per_bit, link.directed, link.hop_cycles
