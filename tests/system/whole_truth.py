"""The shortest schedule that there is of a tiny network on a tiny system: every split, placement and order.

Written from docs/systems.md and from what the operators read, element by element; nothing of the package that makes
schedules is used here. Sets of elements are numbers used as bits, an element's place being its place in memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations, product
from math import prod

import numpy as np

from tests.system.job_orders import EPS, Held, Jobs, Orders
from tests.system.tiny_systems import BITS, OFFCHIP, Tiny, TinyLayer, TinySystem, Wire

MOST_TILES = 8
Range = tuple[int, int]
"""The first position, and how many."""
Box = tuple[Range, Range, Range]
"""Channels, rows and columns of a layer's output."""


@dataclass(frozen=True)
class TruthTile:
    """A box of a layer's output on a core, in one of its turns there."""

    core: int
    box: Box
    turn: int = 0

    @property
    def sizes(self) -> tuple[int, int, int]:
        return self.box[0][1], self.box[1][1], self.box[2][1]


Sharing = tuple[TruthTile, ...]
"""All tiles of a layer."""


@dataclass(frozen=True)
class Move:
    """A transfer: of the output of the tile `maker` of the layer before, or of an operand (None), to tiles of a layer
    that wait for it; tiles go by their number in their layer."""

    source: int
    to: tuple[int, ...]
    bits: int
    maker: int | None
    readers: tuple[int, ...]


# What is read


@lru_cache(maxsize=1 << 14)
def _elements(shape: tuple[int, ...], box: tuple[Range, ...]) -> int:
    """The elements of a box of a tensor."""
    found = 0
    for place in product(*(range(first, first + count) for first, count in box)):
        at = 0
        for extent, position in zip(shape, place, strict=True):
            at = at * extent + position
        found |= 1 << at
    return found


def _made(layer: TinyLayer, tile: TruthTile) -> int:
    return _elements(layer.sizes, tile.box)


def _reads(layer: TinyLayer, tile: TruthTile) -> int:
    """Of the first input, whose rows and columns are the output's."""
    channels, rows, columns = tile.box
    window_rows, window_columns = layer.window
    first = max(0, rows[0] - window_rows // 2)
    last = min(layer.height, rows[0] + rows[1] + window_rows // 2)
    wide = min(layer.width, columns[0] + columns[1] + window_columns - 1)
    read = (0, layer.inputs) if layer.op in ("conv", "1x1") else channels
    shape = (layer.inputs, layer.height, layer.width)
    return _elements(shape, (read, (first, last - first), (columns[0], wide - columns[0])))


def _operands(layer: TinyLayer, tile: TruthTile, first: bool) -> dict[str, int]:
    """What comes from off the chip."""
    found = {"x": _reads(layer, tile)} if first else {}
    if layer.op in ("conv", "1x1"):
        found["w"] = _elements(
            (layer.channels, layer.inputs * layer.window[0]), (tile.box[0], (0, layer.inputs * layer.window[0]))
        )
    elif layer.op == "add":
        found["y"] = _elements(layer.sizes, tile.box)
    return found


def _by_readers(read: Sequence[int]) -> dict[tuple[int, ...], int]:
    """Which of several sets have an element -> the elements that just these have."""
    found: dict[tuple[int, ...], int] = {(): -1}
    for number, mine in enumerate(read):
        grown: dict[tuple[int, ...], int] = {}
        for holders, elements in found.items():
            if elements & mine:
                grown[(*holders, number)] = elements & mine
            if elements & ~mine and holders:
                grown[holders] = elements & ~mine
        grown[()] = found[()] & ~mine
        found = grown
    return {holders: elements for holders, elements in found.items() if holders}


@dataclass
class _Making:
    """The jobs of some layers, being collected."""

    layers: Sequence[TinyLayer]
    chosen: Sequence[Sharing]
    tiny: Tiny

    def __post_init__(self) -> None:
        self._lengths: list[float] = []
        self._resources: list[tuple[int, ...]] = []
        self._before: list[list[int]] = []
        self._users: list[list[int]] = []
        self._held: list[tuple[int, int, int, list[int]]] = []
        self._numbers: list[list[int]] = []
        for layer, tiles in zip(self.layers, self.chosen, strict=True):
            self._numbers.append([self._tile(layer, tile) for tile in tiles])

    def _add(self, length: float, resources: tuple[int, ...], before: list[int]) -> int:
        self._lengths.append(length)
        self._resources.append(resources)
        self._before.append(before)
        return len(self._lengths) - 1

    def _tile(self, layer: TinyLayer, tile: TruthTile) -> int:
        job = self._add(layer.cycles(tile.sizes, self.tiny.start, self.tiny.each), (tile.core,), [])
        self._users.append([])
        self._held.append((tile.core, prod(tile.sizes) * BITS, job, self._users[job]))
        return job

    def move(self, moves: Sequence[Move], maker: int, reader: int, truth: "Truth") -> None:
        """Transfers, of outputs of the layer `maker` (or of operands) to tiles of the layer `reader`."""
        tiles, own = self.chosen[reader], self._numbers[reader]
        for move in moves:
            length, taken = truth.transfer(move.source, move.to, move.bits)
            made = [] if move.maker is None else [self._numbers[maker][move.maker]]
            job = self._add(length, taken, made)
            for tile in made:
                self._users[tile].append(job)
            for core in move.to if move.to != (OFFCHIP,) else ():
                there = [own[n] for n in move.readers if tiles[n].core == core]
                self._held.append((core, move.bits, job, there))
            for n in move.readers:
                self._before[own[n]].append(job)

    def follow(self, here: Sequence[Range], reader: int) -> None:
        """Tiles that read what a tile of the layer before has made on the same core."""
        for maker, n in here:
            made, job = self._numbers[reader - 1][maker], self._numbers[reader][n]
            self._users[made].append(job)
            self._before[job].append(made)

    def wait(self, lead: float) -> None:
        job = self._add(lead, (), [])
        for tile in self._numbers[0]:
            self._before[tile].append(job)

    def end(self, tail: float) -> None:
        for tile in self._numbers[-1]:
            self._add(tail, (), [tile])

    def made(self, width: int, rooms: tuple[int, ...]) -> Jobs:
        held = tuple(Held(core, bits, job, tuple(users)) for core, bits, job, users in self._held)
        before = tuple(map(tuple, self._before))
        return Jobs(tuple(self._lengths), tuple(self._resources), before, width, held, rooms)


@dataclass(frozen=True)
class Truth:
    """What things cost on one system, and what can be done."""

    tiny: Tiny

    @property
    def system(self) -> TinySystem:
        return self.tiny.system

    # transfers

    @cached_property
    def names(self) -> dict[str, int]:
        """The resources: cores, wires, the port."""
        found = [*(f"core {n}" for n in range(self.system.cores)), *self.system.wires, "port"]
        return {name: number for number, name in enumerate(found)}

    @cached_property
    def _wires(self) -> dict[str, Wire]:
        return self.system.wires

    @lru_cache(maxsize=1 << 10)  # noqa: B019 - a Truth is small, its cache bounded, and equal ones share it
    def _ways(self, sources: tuple[int, ...]) -> dict[int, tuple[str, ...]]:
        """The wires from the nearest source to each core."""
        found: dict[int, tuple[str, ...]] = dict.fromkeys(sources, ())
        queue = list(sources)
        for core in queue:
            for name, wire in self._wires.items():
                if core in (wire.cores[:1] if wire.directed else wire.cores):
                    for end in wire.cores:
                        if end not in found:
                            found[end] = (*found[core], name)
                            queue.append(end)
        return found

    @lru_cache(maxsize=1 << 10)  # noqa: B019 - a Truth is small, its cache bounded, and equal ones share it
    def _route(self, source: int, to: tuple[int, ...]) -> tuple[tuple[str, ...], int]:
        """The wires of a transfer, and how many lie behind each other."""
        served = self.system.served
        if to == (OFFCHIP,):
            ways = [self._ways((source,))[core] for core in served]
            nearest = min(ways, key=len)
            return ("port", *nearest), len(nearest)
        ways = self._ways(served if source == OFFCHIP else (source,))
        branches = [ways[core] for core in to]
        wires = tuple(dict.fromkeys(name for way in branches for name in way))
        return ("port", *wires) if source == OFFCHIP else wires, max(map(len, branches))

    def transfer(self, source: int, to: tuple[int, ...], bits: int) -> tuple[float, tuple[int, ...]]:
        """How long a transfer takes, and the resources that it holds."""
        wires, hops = self._route(source, to)
        flit, system = self.system.flit, self.system
        packed = (system.header_flits + -(-bits // flit)) * flit if flit else bits
        times = [bits / system.port_bits]
        for name in wires:
            times.append(bits / system.offchip_bandwidth if name == "port" else packed / self._wires[name].bandwidth)
        return max(times) + system.hop_cycles * hops, tuple(self.names[name] for name in wires)

    def _moves(self, source: int, maker: int | None, read: Mapping[int, int], tiles: Sharing) -> Iterator[Move]:
        """What goes to tiles (by number) that read some elements: each element once to a core, at once to all cores
        that begin to read it in the same turn."""
        numbers = list(read)
        for holders, elements in _by_readers([read[number] for number in numbers]).items():
            mine = [numbers[holder] for holder in holders]
            first: dict[int, int] = {}
            for number in mine:
                core, turn = tiles[number].core, tiles[number].turn
                first[core] = min(first.get(core, turn), turn)
            groups = [[core for core in first if first[core] == turn] for turn in sorted(set(first.values()))]
            if not self.system.multicast:
                groups = [[core] for group in groups for core in group]
            for group in groups:
                readers = tuple(number for number in mine if tiles[number].core in group)
                yield Move(source, tuple(sorted(group)), elements.bit_count() * BITS, maker, readers)

    @lru_cache(maxsize=1 << 12)  # noqa: B019 - a Truth is small, its cache bounded, and equal ones share it
    def brought(self, number: int, tiles: Sharing, there: tuple[str, ...] = ()) -> tuple[Move, ...]:
        """The operands of a layer that come from off the chip, without those that are `there`."""
        found: list[Move] = []
        operands = [_operands(self.tiny.layers[number], tile, first=number == 0) for tile in tiles]
        for name in [name for name in operands[0] if name not in there] if self.system.served else ():
            read = {n: own[name] for n, own in enumerate(operands)}
            found += self._moves(OFFCHIP, None, read, tiles)
        return tuple(found)

    @lru_cache(maxsize=1 << 12)  # noqa: B019 - a Truth is small, its cache bounded, and equal ones share it
    def lying(self, number: int, tiles: Sharing) -> tuple[int, ...]:
        """Without anything off the chip: the bits of operands that lie on each core throughout."""
        found = [0] * self.system.cores
        operands = [_operands(self.tiny.layers[number], tile, first=number == 0) for tile in tiles]
        for core in range(self.system.cores) if not self.system.served else ():
            for name in operands[0]:
                union = 0
                for tile, own in zip(tiles, operands, strict=True):
                    union |= own[name] if tile.core == core else 0
                found[core] += union.bit_count() * BITS
        return tuple(found)

    @lru_cache(maxsize=1 << 16)  # noqa: B019 - a Truth is small, its cache bounded, and equal ones share it
    def passed(self, number: int, makers: Sharing, tiles: Sharing) -> tuple[tuple[Move, ...], tuple[Range, ...]]:
        """What a layer gets of the one before, and which tiles read which of the same core (maker, reader)."""
        moves: list[Move] = []
        here: list[Range] = []
        read = [_reads(self.tiny.layers[number], tile) for tile in tiles]
        for n, maker in enumerate(makers):
            made = _made(self.tiny.layers[number - 1], maker)
            away = {r: read[r] & made for r, tile in enumerate(tiles) if tile.core != maker.core and read[r] & made}
            moves += self._moves(maker.core, n, away, tiles)
            here += [(n, r) for r, tile in enumerate(tiles) if tile.core == maker.core and read[r] & made]
        return tuple(moves), tuple(here)

    def leaving(self, number: int, tiles: Sharing) -> tuple[Move, ...]:
        """The results."""
        if not self.system.served or number < len(self.tiny.layers) - 1:
            return ()
        return tuple(Move(tile.core, (OFFCHIP,), prod(tile.sizes) * BITS, n, ()) for n, tile in enumerate(tiles))

    # one choice of tiles

    def jobs(self, chosen: Sequence[Sharing], first: int = 0, lead: float = 0.0, tail: float = 0.0) -> Jobs:
        """The tiles of the layers from `first` on, and what they move. The first layer's tiles wait for `lead` cycles,
        and the last one's are followed by `tail`, which stand for layers that are left out."""
        making = _Making(self.tiny.layers[first : first + len(chosen)], chosen, self.tiny)
        for number, tiles in enumerate(chosen):
            layer = first + number
            making.move((*self.brought(layer, tiles), *self.leaving(layer, tiles)), number, number, self)
            if number:
                passed, here = self.passed(layer, chosen[number - 1], tiles)
                making.move(passed, number - 1, number, self)
                making.follow(here, number)
        if lead:
            making.wait(lead)
        if tail:
            making.end(tail)
        rooms = [self.system.capacity] * self.system.cores
        for number, tiles in enumerate(chosen):
            rooms = [room - bits for room, bits in zip(rooms, self.lying(first + number, tiles), strict=True)]
        return making.made(len(self.names), tuple(rooms))

    def shortest(self, chosen: Sequence[Sharing], best: float, most: int = 1 << 62) -> tuple[float, int]:
        """The shortest latency of one choice, or `best` where none is shorter; and the orders tried."""
        jobs = self.jobs(chosen)
        if min(jobs.rooms) < 0:
            return best, 0
        heedless = Orders(jobs, best, most, heedless=True)
        found = heedless.search()
        if found >= best - EPS or not jobs.scarce:
            return found, heedless.nodes
        heeding = Orders(jobs, best, most)
        return heeding.search(), heedless.nodes + heeding.nodes

    def at_least(self, chosen: Sequence[Sharing]) -> float:
        """What no order of one choice is below."""
        return Orders(self.jobs(chosen), float("inf")).at_least()

    # every choice

    def optimum(self, most: int = 1 << 62, known: float = float("inf")) -> tuple[float, int]:
        """The shortest latency of all choices of up to MOST_TILES tiles, or `known` where none is shorter (infinite:
        none fits); and the orders tried. Raises TooManyError."""
        choices = [list(sharings(layer, self.system)) for layer in self.tiny.layers]
        choices[0] = [tiles for tiles in choices[0] if self._is_first_of_its_kind(tiles)]
        least = self._loads(choices)
        least[self._sum([np.array([len(one) for one in own]) for own in choices]) > MOST_TILES] = np.inf
        for number in range(1, len(choices)):
            shape = [len(own) if n in (number - 1, number) else 1 for n, own in enumerate(choices)]
            others = tuple(n for n in range(len(choices)) if n not in (number - 1, number))
            promising = least.min(axis=others) < known - EPS
            least = np.maximum(least, self._of_two(choices, number, promising).reshape(shape))
        best, nodes = known, 0
        order: list[int] = np.argsort(least, axis=None, kind="stable").tolist()
        for flat in order:
            at = tuple(int(n) for n in np.unravel_index(flat, least.shape))
            if least[at] >= best - EPS:
                break
            best, more = self.shortest([own[n] for own, n in zip(choices, at, strict=True)], best, most - nodes)
            nodes += more
        return best, nodes

    def _of_two(self, choices: Sequence[Sequence[Sharing]], number: int, promising: np.ndarray) -> np.ndarray:
        """What no schedule is below, for every promising choice of a layer and the one before: as if all others took
        nothing but their shortest tiles."""
        lead = sum(self._shortest_way(n, choices[n]) for n in range(number - 1))
        tail = sum(self._shortest_way(n, choices[n]) for n in range(number + 1, len(choices)))
        found = np.zeros(promising.shape)
        pairs: list[list[int]] = np.argwhere(promising).tolist()
        for a, b in pairs:
            two = choices[number - 1][a], choices[number][b]
            found[a, b] = Orders(self.jobs(two, number - 1, lead, tail), 0.0).at_least()
        return found

    def _shortest_way(self, number: int, choices: Sequence[Sharing]) -> float:
        """The cycles of the shortest tile of all."""
        return min(
            self.tiny.layers[number].cycles(tile.sizes, self.tiny.start, self.tiny.each)
            for tiles in choices
            for tile in tiles
        )

    @staticmethod
    def _sum(parts: Sequence[np.ndarray]) -> np.ndarray:
        total = parts[0]
        for part in parts[1:]:
            total = total[..., None] + part
        return total

    def _loads(self, choices: Sequence[Sequence[Sharing]]) -> np.ndarray:
        """The load of the busiest resource, for every choice."""
        own = [np.array([self._own_load(n, tiles) for tiles in options]) for n, options in enumerate(choices)]
        joint = [
            np.array([[self._joint_load(n, a, b) for b in choices[n]] for a in choices[n - 1]])
            for n in range(1, len(choices))
        ]
        found = np.zeros([len(options) for options in choices])
        for resource in range(len(self.names)):
            total = own[0][:, resource]
            for n in range(1, len(choices)):
                total = total[..., None] + own[n][:, resource] + joint[n - 1][..., resource]
            found = np.maximum(found, total)
        return found

    def load_of_frame(self, number: int, tiles: Sharing) -> list[float]:
        """For how long each resource is taken by a layer's tiles and what comes and goes with them, weights apart."""
        return self._own_load(number, tiles, there=("w",))

    def load_between(self, number: int, makers: Sharing, tiles: Sharing) -> list[float]:
        """For how long each resource is taken by what a layer gets of the one before."""
        return self._joint_load(number, makers, tiles)

    def _own_load(self, number: int, tiles: Sharing, there: tuple[str, ...] = ()) -> list[float]:
        found = [0.0] * len(self.names)
        for tile in tiles:
            found[tile.core] += self.tiny.layers[number].cycles(tile.sizes, self.tiny.start, self.tiny.each)
        self._add(found, (*self.brought(number, tiles, there), *self.leaving(number, tiles)))
        return found

    def _joint_load(self, number: int, makers: Sharing, tiles: Sharing) -> list[float]:
        found = [0.0] * len(self.names)
        self._add(found, self.passed(number, makers, tiles)[0])
        return found

    def _add(self, loads: list[float], moves: Sequence[Move]) -> None:
        for move in moves:
            length, taken = self.transfer(move.source, move.to, move.bits)
            for resource in taken:
                loads[resource] += length

    def _is_first_of_its_kind(self, tiles: Sharing) -> bool:
        """Whether no other numbering of cores that are alike puts the same boxes on lower cores."""
        cores = [tile.core for tile in tiles]
        return all([to[core] for core in cores] >= cores for to in self.symmetries)

    @cached_property
    def symmetries(self) -> list[tuple[int, ...]]:
        """The numberings of the cores under which the system stays the same."""
        pairs = {(wire.cores, wire.directed) for wire in self.system.wires.values()}
        found: list[tuple[int, ...]] = []
        for to in permutations(range(self.system.cores)):
            moved = {(tuple(to[core] for core in cores), directed) for cores, directed in pairs}
            alike = {cores if d else tuple(sorted(cores)) for cores, d in moved} == {
                cores if d else tuple(sorted(cores)) for cores, d in pairs
            }
            if alike and {to[core] for core in self.system.served} == set(self.system.served):
                found.append(to)
        return found


def sharings(layer: TinyLayer, system: TinySystem) -> Iterator[Sharing]:
    """Every split of a layer over distinct cores, along one axis or two, in every placement."""
    for parts in grids(layer.sizes, system.cores):
        channels, rows, columns = (_parts(size, number) for size, number in zip(layer.sizes, parts, strict=True))
        boxes = [(c, r, w) for c in channels for r in rows for w in columns]
        for cores in permutations(range(system.cores), len(boxes)):
            yield tuple(TruthTile(core, box) for core, box in zip(cores, boxes, strict=True))


def grids(sizes: tuple[int, int, int], most: int) -> Iterator[tuple[int, ...]]:
    """The numbers of parts of each axis that make up to so many boxes."""
    for parts in product(*(range(1, min(size, most) + 1) for size in sizes)):
        if prod(parts) <= most:
            yield parts


def _parts(size: int, number: int) -> list[Range]:
    """Parts as even as can be, the longer ones first."""
    lengths = [size // number + (n < size % number) for n in range(number)]
    return [(sum(lengths[:n]), length) for n, length in enumerate(lengths)]
