"""Who waits for what where a layer reads by order alone: of a tensor behind views workload.yaml says no more than that.

Whoever judges by that file takes each tile of the reader to read something of every tile of the producer.
"""

from collections.abc import Iterable, Sequence

from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Plan, Tile, Transfer, follow, wait_for


def mark(found: Plan, maker: Tile, own: Sequence[Tile]) -> None:
    """Where workload.yaml does not say which elements are read, a tile waits for every tile of the producer: its own
    core's, and of each other at least a mark. What has come is kept until the last of the core's tiles has ended."""
    # All tiles of a core, not the first and the last alone: in a pipeline turns may change places.
    by_core = _by_core(own)
    for tile in by_core.pop(maker.core, ()):
        follow(tile, maker)
    unmarked: dict[CoreId, list[Tile]] = {}
    for core, tiles in by_core.items():
        come = [transfer for transfer in maker.sends if core in transfer.to and transfer.readers]
        # Bits that a tile waits for tell it as well that the producer's tile is done.
        waiting = [tile for tile in tiles if not any(one.number in tile.needs for one in come)]
        if tiles[0] in waiting:
            unmarked[core] = waiting
        else:
            wait_for(waiting, next(one for one in come if one.number in tiles[0].needs))
        # Whoever judges by workload.yaml alone cannot know when they were last read, and counts them as held until
        # then.
        for transfer in come:
            wait_for([tiles[-1]], transfer)
            _keep_in(tiles, transfer)
    for to in found.together(dict.fromkeys(unmarked, 0)):
        sent = found.send(maker, to, (0,) * len(maker.makes))
        wait_for((tile for core in to for tile in unmarked[core]), sent)


def keep(makers: Sequence[Tile], own: Sequence[Tile]) -> None:
    """What comes for other layers may be there before a layer that reads by order alone: it is kept by it, too, which
    matters where the other layers' tiles run first."""
    by_core = _by_core(own)
    for transfer in (one for maker in makers for one in maker.sends if one.bits):
        for core in transfer.to:
            _keep_in(by_core.get(core, ()), transfer)


def _by_core(own: Iterable[Tile]) -> dict[CoreId, list[Tile]]:
    """The tiles of each core."""
    found: dict[CoreId, list[Tile]] = {}
    for tile in own:
        found.setdefault(tile.core, []).append(tile)
    return found


def _keep_in(tiles: Iterable[Tile], transfer: Transfer) -> None:
    """What has come lies there until those of the tiles have ended that do not wait for it."""
    for tile in tiles:
        if transfer.number not in tile.needs:
            if transfer.number not in tile.keeps:
                transfer.keepers.append(tile)
            tile.keeps[transfer.number] = transfer
