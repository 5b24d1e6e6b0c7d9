"""What has to happen, without times: tiles on cores, the transfers between them, and who waits for what.

Everything follows from the boxes of the tiles: which elements a tile reads, which tile makes them, and to which cores
they must be sent. An element comes to a core once, however many of its tiles read it.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from onnx2zz.system.elements import Elements, cells, common, count, positions, without
from onnx2zz.system.meeting import Meeting
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.reads import Edge
from onnx2zz.system.tile import Box
from onnx2zz.system.tiling import Share

OPERANDS = ("I", "W")
PAIRS_AT_ONCE = 1 << 18
"""Of boxes that are made and read: 256 kB."""


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


def plan(
    layers: Sequence[Told],
    edges: Mapping[int, Sequence[Edge]],
    results: Iterable[int],
    shares: Mapping[int, Sequence[tuple[CoreId, Share]]],
    offchip: CoreId | None,
    multicast: bool = True,
    brought: Callable[[Told, str], bool] = lambda told, operand: True,
    broadcast: Container[int] = (),
) -> Plan:
    """The plan of a network. `edges`: those into each layer; `results`: layers whose output leaves the chip; `shares`:
    the tiles of each layer with their cores (a layer without any is left out, and so is what it makes). Without an
    off-chip core constants and inputs lie where they are read. Without `multicast` each core is sent to for itself.
    `brought`: whether a layer's operand that no layer makes is part of the plan; `broadcast`: layers whose network
    inputs go to all their cores together."""
    found = Plan(layers, multicast=multicast)
    for told in (one for one in layers if one.placed.id in shares):
        identity = told.placed.id
        own = [_tile(found, told, core, share) for core, share in shares[identity]]
        found.by_layer[identity] = own
        found.makers[identity] = [tile for tile in own if not tile.box.partial]
        into = edges.get(identity, ())
        # An operand that some layer makes is joined even if its producer is left out here: it never comes from
        # outside.
        made = {edge.operand for edge in into}
        for operand in OPERANDS:
            if operand not in made and brought(told, operand):
                whole = offchip is not None and identity in broadcast and not told.is_constant(operand)
                _bring(found, told, operand, own, offchip, whole)
        for edge in (one for one in into if one.producer in shares):
            _join(found, told, edge, own)
        _gather(found, own)
    # After all layers: what is kept here was sent for readers of any layer, later ones among them.
    for edge in (edge for into in edges.values() for edge in into if not edge.by_element):
        if edge.producer in shares and edge.reader in shares:
            _keep(found.makers[edge.producer], found.by_layer[edge.reader])
    if offchip is not None:
        for layer in (one for one in results if one in shares):
            # What a core computes again for itself leaves the chip from the core that has it in its band.
            for tile in (one for one in found.makers[layer] if not one.box.recomputed):
                _send(found, tile, (offchip,), tile.makes)
    return found


def _tile(found: Plan, told: Told, core: CoreId, share: Share) -> Tile:
    makes = told.told("O", told.ranges(dict(share.box.ranges)))
    widths = told.placed.widths
    bits = count(makes) * (widths.O if share.box.partial else widths.O_final)
    tile = Tile(len(found.tiles), told.placed.id, core, share.turn, share.box, makes, bits)
    found.tiles.append(tile)
    return tile


def _send(found: Plan, tile: Tile, to: tuple[CoreId, ...], elements: Elements) -> Transfer:
    widths = found.layers[tile.layer].placed.widths
    bits = count(elements) * (widths.O if tile.box.partial else widths.O_final) if all(elements) else 0
    transfer = Transfer(len(found.transfers), tile.core, to, elements, bits, tile, tile.layer, partial=tile.box.partial)
    found.transfers.append(transfer)
    tile.sends.append(transfer)
    return transfer


def _bring(found: Plan, told: Told, operand: str, own: Sequence[Tile], offchip: CoreId | None, broadcast: bool) -> None:
    """An operand that no layer makes: from off the chip, each element to each core that reads it once; `broadcast`: all
    of it to all of these together."""
    widths = {"I": told.placed.widths.I, "W": told.placed.widths.W}
    has_one = operand == "I" or len(told.placed.layer.inputs) > 1
    if not has_one or not widths[operand]:
        return
    # Halos overlap: elements are taken apart by which tiles read them, so that each comes to a core once and is let
    # go with its own last reader.
    wanted: dict[Elements, list[Tile]] = {}
    for tile in own:
        wanted.setdefault(told.told(operand, told.ranges(dict(tile.box.ranges))), []).append(tile)
    parts = [elements for elements in wanted if all(elements)]
    whole = tuple(_union(axis) for axis in zip(*parts, strict=True))
    all_parts = (1 << len(parts)) - 1
    for held, pieces in ({all_parts: [whole]} if broadcast else cells(whole, parts)).items() if parts else ():
        reading = [tile for number in positions(held) for tile in wanted[parts[number]]]
        first = _first_turns(reading)
        for elements in pieces if first else ():
            bits = count(elements) * widths[operand]
            # With no level above the cores constants lie where they are read, a copy on each core, for the whole run.
            if offchip is None:
                for core in first:
                    found.resident[core] = found.resident.get(core, 0) + bits
                continue
            for to in _together(found, first):
                number = len(found.transfers)
                sent = Transfer(number, offchip, to, elements, bits, None, told.placed.id, operand)
                sent.is_input = not told.is_constant(operand)
                found.transfers.append(sent)
                _await(reading, sent)


def _union(axes: Iterable[int]) -> int:
    found = 0
    for axis in axes:
        found |= axis
    return found


def _first_turns(tiles: Iterable[Tile]) -> dict[CoreId, int]:
    """In which turn each core begins to read."""
    first: dict[CoreId, int] = {}
    for tile in tiles:
        first[tile.core] = min(first.get(tile.core, tile.turn), tile.turn)
    return first


def _together(found: Plan, first: Mapping[CoreId, int]) -> list[tuple[CoreId, ...]]:
    """Cores that begin to read in the same turn are sent to together; others later, so that they need not keep it."""
    if not found.multicast:
        return [(core,) for core in sorted(first, key=lambda core: (first[core], core))]
    turns: dict[int, list[CoreId]] = {}
    for core, turn in first.items():
        turns.setdefault(turn, []).append(core)
    return [tuple(sorted(turns[turn])) for turn in sorted(turns)]


def _await(tiles: Iterable[Tile], transfer: Transfer) -> None:
    """Those of the tiles that lie where a transfer goes wait for it."""
    cores = frozenset(transfer.to)
    for tile in tiles:
        if tile.core in cores and transfer.number not in tile.needs:
            tile.needs[transfer.number] = transfer
            transfer.readers.append(tile)


def _follow(tile: Tile, producer: Tile) -> None:
    tile.follows[producer.number] = producer
    producer.readers[tile.number] = tile


def _join(found: Plan, told: Told, edge: Edge, own: Sequence[Tile]) -> None:
    """What the tiles of a layer read of another layer's tiles."""
    producer = found.layers[edge.producer]
    wanted = _wanted(found, told, producer, edge, own)
    makers, boxes = found.makers[edge.producer], list(wanted)
    at_hand = _recomputed(makers)
    for maker, meeting in zip(makers, _met([maker.makes for maker in makers], boxes), strict=True):
        away: dict[Elements, list[Tile]] = {}
        for elements in meeting:
            read = common(elements, maker.makes)
            for tile in wanted[elements]:
                if tile.core == maker.core:
                    _follow(tile, maker)
                elif not maker.box.recomputed:
                    for lacking in without([read], at_hand.get(tile.core, ())):
                        away.setdefault(lacking, []).append(tile)
        if away:
            _carry(found, maker, away)
        if not edge.by_element:
            _mark(found, maker, own)


def _recomputed(makers: Sequence[Tile]) -> dict[CoreId, list[Elements]]:
    """What each core computes of a layer for itself alone: nobody sends it that."""
    found: dict[CoreId, list[Elements]] = {}
    for maker in makers:
        if maker.box.recomputed:
            found.setdefault(maker.core, []).append(maker.makes)
    return found


def _gather(found: Plan, own: Sequence[Tile]) -> None:
    """Partial sums go to the core of the tile that adds them, each tile's whole box once."""
    adders = {tile.makes: tile for tile in own if tile.box.adds}
    for tile in own:
        if tile.box.partial:
            adder = adders[tile.makes]
            adder.adds[tile.number] = tile
            if tile.core == adder.core:
                _follow(adder, tile)
            else:
                _await([adder], _send(found, tile, (adder.core,), tile.makes))


def _met(makers: Sequence[Elements], boxes: Sequence[Elements]) -> list[list[Elements]]:
    """For each box that is made those of `boxes` that have an element of it."""
    meeting = Meeting(makers, boxes)
    made, read = meeting.of_first(makers), meeting.of_second(boxes)
    # Many at once, as long as the table of pairs stays small.
    at_once = max(1, PAIRS_AT_ONCE // max(1, len(boxes)))
    return [
        [boxes[n] for n in np.flatnonzero(row).tolist()]
        for first in range(0, len(makers), at_once)
        for row in meeting.meet(made[first : first + at_once, None], read)
    ]


def _wanted(found: Plan, told: Told, producer: Told, edge: Edge, own: Sequence[Tile]) -> dict[Elements, list[Tile]]:
    """The elements of the producer's output, by its indices, that each tile reads."""
    number = OPERANDS.index(edge.operand) if edge.operand in OPERANDS else None
    wanted: dict[Elements, list[Tile]] = {}
    known: dict[Elements, list[Elements]] = {}
    for tile in own:
        ranges = told.ranges(dict(tile.box.ranges))
        read = told.placed.layer.inputs[number] if number is not None else None
        seen = told.seen(read, ranges) if read is not None else ()
        # Many tiles see the same (all channels' parts of one row): going back through views is what this costs.
        if seen not in known:
            boxes, exact = edge.needed(seen)
            exact = exact and (read is None or told.sees_exactly(read))
            # A box through views may be larger than what is read (a reshape): then more is sent than needed, and the
            # pair is told as a hull.
            written = [producer.written(box) for box in boxes]
            if not exact or not all(whole for _, whole in written):
                found.hulls.add((edge.producer, edge.reader))
            known[seen] = [box for made, _ in written for box in made]
        for box in known[seen]:
            wanted.setdefault(box, []).append(tile)
    return wanted


def _carry(found: Plan, maker: Tile, away: Mapping[Elements, Sequence[Tile]]) -> None:
    """Send what other cores read and have not got yet; who reads it waits for it, and keeps what came before."""
    parts = list(away)
    # An earlier edge or operand may have sent the same elements to the same core: nothing comes twice (schedule.json
    # forbids it unless marked).
    earlier = [transfer for transfer in maker.sends if transfer.readers]
    # One part and nothing sent before is by far the most common: it is its own one cell.
    pieces = (
        {1: [parts[0]]}
        if len(parts) == 1 and not earlier
        else cells(maker.makes, [*parts, *(transfer.elements for transfer in earlier)])
    )
    for held, boxes in pieces.items():
        holding = positions(held)
        reading = [tile for number in holding if number < len(parts) for tile in away[parts[number]]]
        come = [earlier[number - len(parts)] for number in holding if number >= len(parts)]
        first = _first_turns(reading)
        for core in (core for transfer in come for core in transfer.to):
            # That core has it: its tile waits for what came before instead.
            first.pop(core, None)
        for to in _together(found, first):
            come += [_send(found, maker, to, elements) for elements in boxes]
        for transfer in come if reading else ():
            _await(reading, transfer)


def _mark(found: Plan, maker: Tile, own: Sequence[Tile]) -> None:
    """Where workload.yaml does not say which elements are read, a tile waits for every tile of the producer: its own
    core's, and of each other at least a mark. What has come is kept until the last of the core's tiles has ended."""
    # All tiles of a core, not the first and the last alone: in a pipeline turns may change places.
    by_core = _by_core(own)
    for tile in by_core.pop(maker.core, ()):
        _follow(tile, maker)
    unmarked: dict[CoreId, list[Tile]] = {}
    for core, tiles in by_core.items():
        come = [transfer for transfer in maker.sends if core in transfer.to and transfer.readers]
        # Bits that a tile waits for tell it as well that the producer's tile is done.
        waiting = [tile for tile in tiles if not any(one.number in tile.needs for one in come)]
        if tiles[0] in waiting:
            unmarked[core] = waiting
        else:
            _await(waiting, next(one for one in come if one.number in tiles[0].needs))
        # Whoever judges by workload.yaml alone cannot know when they were last read, and counts them as held until
        # then.
        for transfer in come:
            _await([tiles[-1]], transfer)
            _keep_in(tiles, transfer)
    for to in _together(found, dict.fromkeys(unmarked, 0)):
        mark = _send(found, maker, to, (0,) * len(maker.makes))
        _await((tile for core in to for tile in unmarked[core]), mark)


def _by_core(own: Iterable[Tile]) -> dict[CoreId, list[Tile]]:
    """The tiles of each core."""
    found: dict[CoreId, list[Tile]] = {}
    for tile in own:
        found.setdefault(tile.core, []).append(tile)
    return found


def _keep(makers: Sequence[Tile], own: Sequence[Tile]) -> None:
    """What comes for other layers may be there before a layer that reads by order alone: it is kept by it, too, which
    matters where the other layers' tiles run first."""
    by_core = _by_core(own)
    for transfer in (one for maker in makers for one in maker.sends if one.bits):
        for core in transfer.to:
            _keep_in(by_core.get(core, ()), transfer)


def _keep_in(tiles: Iterable[Tile], transfer: Transfer) -> None:
    """What has come lies there until those of the tiles have ended that do not wait for it."""
    for tile in tiles:
        if transfer.number not in tile.needs:
            if transfer.number not in tile.keeps:
                transfer.keepers.append(tile)
            tile.keeps[transfer.number] = transfer
