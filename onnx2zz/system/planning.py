"""How the plan of a network is made, of the tiles of its layers: what each reads, and who sends it where."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

import numpy as np

from onnx2zz.system.by_order import keep, mark
from onnx2zz.system.elements import Elements, cells, common, count, positions, without
from onnx2zz.system.meeting import Meeting
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.plan import OPERANDS, Plan, Tile, Transfer, follow, wait_for
from onnx2zz.system.reads import Edge
from onnx2zz.system.tiling import Share

PAIRS_AT_ONCE = 1 << 18
"""Of boxes that are made and read: 256 kB."""


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
            keep(found.makers[edge.producer], found.by_layer[edge.reader])
    if offchip is not None:
        for layer in (one for one in results if one in shares):
            # What a core computes again for itself leaves the chip from the core that has it in its band.
            for tile in (one for one in found.makers[layer] if not one.box.recomputed):
                found.send(tile, (offchip,), tile.makes)
    return found


def _tile(found: Plan, told: Told, core: CoreId, share: Share) -> Tile:
    makes = told.told("O", told.ranges(dict(share.box.ranges)))
    widths = told.placed.widths
    bits = count(makes) * (widths.O if share.box.partial else widths.O_final)
    tile = Tile(len(found.tiles), told.placed.id, core, share.turn, share.box, makes, bits)
    found.tiles.append(tile)
    return tile


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
            for to in found.together(first):
                number = len(found.transfers)
                sent = Transfer(number, offchip, to, elements, bits, None, told.placed.id, operand)
                sent.is_input = not told.is_constant(operand)
                found.transfers.append(sent)
                wait_for(reading, sent)


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
                    follow(tile, maker)
                elif not maker.box.recomputed:
                    for lacking in without([read], at_hand.get(tile.core, ())):
                        away.setdefault(lacking, []).append(tile)
        if away:
            _carry(found, maker, away)
        if not edge.by_element:
            mark(found, maker, own)


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
                follow(adder, tile)
            else:
                wait_for([adder], found.send(tile, (adder.core,), tile.makes))


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
        for to in found.together(first):
            come += [found.send(maker, to, elements) for elements in boxes]
        for transfer in come if reading else ():
            wait_for(reading, transfer)
