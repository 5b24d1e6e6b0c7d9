"""What has to happen, without times: tiles on cores, the transfers between them, and who waits for what.

Everything follows from the boxes of the tiles: which elements a tile reads, which tile makes them, and to which cores
they must be sent. An element comes to a core once, however many of its tiles read it.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from onnx2zz.system.elements import Elements, count
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.tile import Box

OPERANDS = ("I", "W")


@dataclass(eq=False, slots=True, repr=False)
class Tile:
    """A tile on its core, `price` cycles long. `makes`: its output, by the layer's output indices, of `bits`.

    It starts when the transfers that it `needs` have arrived and the tiles that it `follows` have ended. It does not
    wait for those that it `keeps`, which stay until it has ended if they have come before it starts. A box that is
    `partial` makes sums as wide as sums are; the tile that `adds` those of other tiles waits for them no sooner than
    when it has its own.
    """

    number: int
    layer: int
    core: CoreId
    turn: int
    box: Box
    makes: Elements
    bits: int
    needs: "dict[int, Transfer]" = field(default_factory=dict[int, "Transfer"])
    keeps: "dict[int, Transfer]" = field(default_factory=dict[int, "Transfer"])
    follows: "dict[int, Tile]" = field(default_factory=dict[int, "Tile"])
    readers: "dict[int, Tile]" = field(default_factory=dict[int, "Tile"])
    adds: "dict[int, Tile]" = field(default_factory=dict[int, "Tile"])
    sends: "list[Transfer]" = field(default_factory=list["Transfer"])
    frame: int = 0

    def __repr__(self) -> str:
        # Without its neighbours, which have theirs: that is the whole plan, over and over.
        return f"Tile({self.number}, layer {self.layer}, core {self.core}, turn {self.turn}, frame {self.frame})"


@dataclass(eq=False, slots=True, repr=False)
class Transfer:
    """Elements on their way to cores: of a tile's output (`of`), or an operand of `layer` from off the chip.

    `elements` by the indices of the output, or of the operand. Without elements it is a mark: the tile is done, and no
    bit moves. `readers`: the tiles that read it, each once, all destinations' together; `keepers`: those that only keep
    it. Large systems have millions of these.
    `partial`: sums that are added to others there. `setup`: it has come before the first frame and stays, so that
    nobody waits for it. `after`: the transfer that took the elements off the chip, from where this one fetches them.
    `is_input`: of the network's input, which each frame brings anew.
    """

    number: int
    source: CoreId
    to: tuple[CoreId, ...]
    elements: Elements
    bits: int
    of: Tile | None
    layer: int
    operand: str = ""
    partial: bool = False
    readers: list[Tile] = field(default_factory=list[Tile])
    keepers: list[Tile] = field(default_factory=list[Tile])
    frame: int = 0
    setup: bool = False
    after: "Transfer | None" = None
    is_input: bool = False

    def __repr__(self) -> str:
        return f"Transfer({self.number}, layer {self.layer}, from {self.source} to {self.to}, {self.bits} bit)"

    def kept_for(self, done: Container[int]) -> dict[CoreId, int]:
        """For how many tiles each destination keeps it: those that read it, and those that only keep it and are not
        among the `done`."""
        found = dict.fromkeys(self.to, 0)
        for tile in self.readers:
            found[tile.core] += 1
        for tile in self.keepers:
            if tile.number not in done:
                found[tile.core] += 1
        return found


@dataclass
class Plan:
    """Tiles in order of their layers and turns, the transfers, and how many reads are told by a box around them.
    `makers`: of a layer those that have whole sums, which others read."""

    layers: Sequence[Told]
    tiles: list[Tile] = field(default_factory=list[Tile])
    transfers: list[Transfer] = field(default_factory=list[Transfer])
    by_layer: dict[int, list[Tile]] = field(default_factory=dict[int, list[Tile]])
    makers: dict[int, list[Tile]] = field(default_factory=dict[int, list[Tile]])
    hulls: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    resident: dict[CoreId, int] = field(default_factory=dict[CoreId, int])
    multicast: bool = True

    def send(self, tile: Tile, to: tuple[CoreId, ...], elements: Elements) -> Transfer:
        """A transfer of elements of a tile's output; a mark where there are none."""
        widths = self.layers[tile.layer].placed.widths
        bits = count(elements) * (widths.O if tile.box.partial else widths.O_final) if all(elements) else 0
        number = len(self.transfers)
        transfer = Transfer(number, tile.core, to, elements, bits, tile, tile.layer, partial=tile.box.partial)
        self.transfers.append(transfer)
        tile.sends.append(transfer)
        return transfer

    def together(self, first: Mapping[CoreId, int]) -> list[tuple[CoreId, ...]]:
        """Cores that begin to read in the same turn are sent to together; others later, so that they need not keep
        it."""
        if not self.multicast:
            return [(core,) for core in sorted(first, key=lambda core: (first[core], core))]
        turns: dict[int, list[CoreId]] = {}
        for core, turn in first.items():
            turns.setdefault(turn, []).append(core)
        return [tuple(sorted(turns[turn])) for turn in sorted(turns)]


def wait_for(tiles: Iterable[Tile], transfer: Transfer) -> None:
    """Those of the tiles that lie where a transfer goes wait for it."""
    cores = frozenset(transfer.to)
    for tile in tiles:
        if tile.core in cores and transfer.number not in tile.needs:
            tile.needs[transfer.number] = transfer
            transfer.readers.append(tile)


def follow(tile: Tile, producer: Tile) -> None:
    """A tile reads what another one has made on its core."""
    tile.follows[producer.number] = producer
    producer.readers[tile.number] = tile
