"""What the memories hold while tiles join an order, and what may leave the chip to make room.

An output lies on its core until its last reader there and its last transfer. Once all that read it there have joined,
only transfers to other cores keep it: it may go off the chip, and they fetch it from there. What others of its own core
have yet to read stays, and so does what has come to a core that has yet to read it: that is how schedule.json counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Plan, Tile, Transfer

Wave = tuple[int, int]
"""A layer and one of its turns: its tiles run at once."""


@dataclass
class Course:
    """What is held while tiles join. `lying`: by core the outputs that lie there; `fetched`: the transfers that bring
    what has left the chip."""

    plan: Plan
    capacity: Mapping[CoreId, float]
    held: dict[CoreId, float] = field(default_factory=dict[CoreId, float])
    arrived: set[int] = field(default_factory=set[int])
    joined: set[int] = field(default_factory=set[int])
    left_of_tile: dict[int, int] = field(default_factory=dict[int, int])
    left_of_arrival: dict[int, dict[CoreId, int]] = field(default_factory=dict[int, dict[CoreId, int]])
    lying: dict[CoreId, dict[int, Tile]] = field(default_factory=dict[CoreId, dict[int, Tile]])
    fetched: dict[int, Transfer] = field(default_factory=dict[int, Transfer])

    def added(self, tiles: Sequence[Tile]) -> dict[CoreId, float]:
        """The bits that come to each core with some tiles."""
        more: dict[CoreId, float] = {}
        coming: set[int] = set()
        for tile in tiles:
            more[tile.core] = more.get(tile.core, 0) + tile.bits
            for transfer in tile.needs.values():
                if transfer.number not in self.arrived and transfer.number not in coming:
                    coming.add(transfer.number)
                    for core in transfer.to:
                        more[core] = more.get(core, 0) + transfer.bits
        return more

    def overfull(self, more: Mapping[CoreId, float]) -> CoreId | None:
        """A core that would hold more than it can."""
        for core, bits in more.items():
            if self.held.get(core, 0) + bits > self.capacity[core]:
                return core
        return None

    def leaving(self, more: Mapping[CoreId, float]) -> list[Tile] | None:
        """The tiles whose outputs have to leave the chip for so many bits to fit each core, those that are read last
        first; None where that does not do."""
        found: list[Tile] = []
        for core, bits in more.items():
            lacking = self.held.get(core, 0) + bits - self.capacity[core]
            if lacking <= 0:
                continue
            may = sorted(filter(self._may_leave, self.lying.get(core, {}).values()), key=self._read_next, reverse=True)
            for tile in may:
                if lacking > 0:
                    found.append(tile)
                    lacking -= tile.bits
            if lacking > 0:
                return None
        return found

    def leave(self, tile: Tile) -> None:
        """The output of a tile leaves the chip: those that have yet to read it fetch it from there."""
        self.fetched |= {transfer.number: transfer for transfer in self._unsent(tile)}
        # Readers on other cores no longer count: they wait for what comes back.
        self.left_of_tile[tile.number] = 0
        self._let_go(tile)

    def _may_leave(self, tile: Tile) -> bool:
        """Whether only transfers keep an output. Partial sums go to whoever adds them, and nowhere else."""
        unsent = len(self._unsent(tile))
        return not tile.box.partial and unsent > 0 and unsent == self.left_of_tile[tile.number]

    def _unsent(self, tile: Tile) -> list[Transfer]:
        return [one for one in tile.sends if one.readers and one.number not in self.arrived]

    def _read_next(self, tile: Tile) -> tuple[Wave, int]:
        return min((reader.layer, reader.turn) for one in self._unsent(tile) for reader in one.readers), tile.bits

    def waited_for(self, core: CoreId) -> frozenset[int]:
        """The layers of tiles that have not joined and read what the core holds."""
        found: set[int] = set()
        for tile in self.plan.tiles:
            if tile.number not in self.joined:
                # Three ways to need what lies on the core: reading an output there, having got an arrival there, and
                # waiting for what the core has yet to send.
                here = any(p.number in self.joined and p.core == core for p in tile.follows.values())
                come = tile.core == core and any(number in self.arrived for number in (*tile.needs, *tile.keeps))
                unsent = [t for t in tile.needs.values() if t.number not in self.arrived and t.source == core]
                sent = any(t.of is not None and t.of.number in self.joined for t in unsent)
                if here or come or sent:
                    found.add(tile.layer)
        return frozenset(found)

    def join(self, tiles: Sequence[Tile]) -> None:
        """What the tiles bring is held, what nobody reads any more is not."""
        for core, bits in self.added(tiles).items():
            self.held[core] = self.held.get(core, 0) + bits
        # First all of the wave are there, then they read: one that adds partial sums follows tiles of its own wave.
        for tile in tiles:
            self.joined.add(tile.number)
            self.lying.setdefault(tile.core, {})[tile.number] = tile
            # Results have no readers: they leave at once, and no reader that is still to come keeps them.
            self.left_of_tile[tile.number] = len(tile.readers) + sum(
                1 for transfer in tile.sends if transfer.number not in self.arrived and transfer.readers
            )
            for transfer in tile.needs.values():
                self._arrive(transfer)
        for tile in tiles:
            for producer in tile.follows.values():
                self._read(producer)
            for transfer in (*tile.needs.values(), *tile.keeps.values()):
                # What a tile would keep and has not come by now comes later without being kept by it
                # (`Transfer.keepers`).
                if transfer.number in self.arrived:
                    self._read_arrival(transfer, tile.core)
            if not self.left_of_tile[tile.number]:
                self._let_go(tile)

    def _arrive(self, transfer: Transfer) -> None:
        if transfer.number in self.arrived:
            return
        self.arrived.add(transfer.number)
        self.left_of_arrival[transfer.number] = transfer.kept_for(self.joined)
        if transfer.of is not None and transfer.number not in self.fetched:
            self._read(transfer.of)

    def _read(self, producer: Tile) -> None:
        self.left_of_tile[producer.number] -= 1
        if not self.left_of_tile[producer.number]:
            self._let_go(producer)

    def _let_go(self, tile: Tile) -> None:
        if self.lying[tile.core].pop(tile.number, None) is not None:  # once: partial sums may go with their own wave
            self.held[tile.core] -= tile.bits

    def _read_arrival(self, transfer: Transfer, core: CoreId) -> None:
        left = self.left_of_arrival[transfer.number]
        left[core] -= 1
        if not left[core]:
            del left[core]
            self.held[core] -= transfer.bits
            if not left:
                del self.left_of_arrival[transfer.number]
