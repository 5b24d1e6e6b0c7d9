"""Frames taken together, layer by layer, so that weights that do not stay come once for all of them.

Each frame of a batch has tiles and transfers of its own, but for those that bring constants: these serve all frames,
and are told as the first one's. A layer does what it does for one frame after the other before the next layer begins,
as far as the memories have room for that (`batch_order.py`).
"""

from dataclasses import replace

from onnx2zz.system.pipeline.residency import constants, settle
from onnx2zz.system.plan import Plan, Tile, Transfer


def batched(one: Plan, frames: int) -> Plan:
    """The plan of so many frames together, of that of one frame; no weights stay yet in either."""
    settle(one, frozenset())
    found = Plan(one.layers, hulls=one.hulls, resident=dict(one.resident), multicast=one.multicast)
    tiles = _tiles(one, found, frames)
    shared = {sent.number for sent in constants(one)}
    sent: dict[tuple[int, int], Transfer] = {}
    for transfer in one.transfers:
        if transfer.number in shared:
            serving = _sent(found, transfer, tiles, range(frames))
            sent |= {(transfer.number, frame): serving for frame in range(frames)}
        else:
            sent |= {(transfer.number, frame): _sent(found, transfer, tiles, [frame]) for frame in range(frames)}
    for (number, frame), tile in tiles.items():
        _join(tile, one.tiles[number], frame, tiles, sent)
    _keep_the_first_inputs(one, frames, tiles, sent)
    return found


def _tiles(one: Plan, found: Plan, frames: int) -> dict[tuple[int, int], Tile]:
    """The tiles of all frames by their number in one frame and their frame, in order of layers and turns."""
    made: dict[tuple[int, int], Tile] = {}
    for layer, own in one.by_layer.items():
        turns = 1 + max(tile.turn for tile in own)
        # Turns that have weights of their own serve all frames before the next turn's weights come. Other turns are
        # parts of a frame: its next layer can begin when they are done.
        weights_by_turn = any(
            len({tile.turn for tile in sent.readers}) < turns for sent in constants(one) if sent.layer == layer
        )
        step, apart = (frames, 1) if weights_by_turn else (1, turns)
        copies = [(tile.turn * step + frame * apart, frame, tile) for frame in range(frames) for tile in own]
        first = len(found.tiles)
        for turn, frame, tile in sorted(copies, key=lambda copy: (copy[0], copy[2].number)):
            copy = Tile(len(found.tiles), layer, tile.core, turn, tile.box, tile.makes, tile.bits, frame=frame)
            found.tiles.append(copy)
            made[tile.number, frame] = copy
        found.by_layer[layer] = found.tiles[first:]
        found.makers[layer] = [copy for copy in found.by_layer[layer] if not copy.box.partial]
    return made


def _sent(found: Plan, of_one: Transfer, tiles: dict[tuple[int, int], Tile], frames: range | list[int]) -> Transfer:
    """A transfer for these frames, told as the first one's."""
    copy = replace(
        of_one,
        number=len(found.transfers),
        of=None if of_one.of is None else tiles[of_one.of.number, frames[0]],
        readers=[tiles[tile.number, frame] for frame in frames for tile in of_one.readers],
        keepers=[tiles[tile.number, frame] for frame in frames for tile in of_one.keepers],
        frame=frames[0],
    )
    found.transfers.append(copy)
    return copy


def _join(
    tile: Tile, of_one: Tile, frame: int, tiles: dict[tuple[int, int], Tile], sent: dict[tuple[int, int], Transfer]
) -> None:
    """What a tile waits for, keeps and sends, in its own frame."""
    needs = [sent[number, frame] for number in of_one.needs]
    keeps = [sent[number, frame] for number in of_one.keeps]
    tile.needs = {one.number: one for one in needs}
    tile.keeps = {one.number: one for one in keeps}
    tile.sends = [sent[one.number, frame] for one in of_one.sends]
    for own, others in ((tile.follows, of_one.follows), (tile.readers, of_one.readers), (tile.adds, of_one.adds)):
        own.update((tiles[number, frame].number, tiles[number, frame]) for number in others)


def _keep_the_first_inputs(
    one: Plan, frames: int, tiles: dict[tuple[int, int], Tile], sent: dict[tuple[int, int], Transfer]
) -> None:
    """Let what the first frame's tiles read from off the chip lie there as long as later frames' tiles are at it."""
    # Whoever judges schedule.json takes what came with the first frame to be there for all of them, constants and
    # inputs alike.
    for transfer in one.transfers:
        first = sent[transfer.number, 0]
        if transfer.of is None and first is not sent[transfer.number, frames - 1]:
            for tile in (tiles[reader.number, frame] for frame in range(1, frames) for reader in transfer.readers):
                first.keepers.append(tile)
                tile.keeps[first.number] = first
