"""Whether the tiles of a layer are its loop nest, each point once, and whether sums that were cut are put together."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from onnx2zz.system.replay.fault import EPS, Fault
from onnx2zz.system.replay.scene import Scene
from onnx2zz.system.replay.written import Id, WrittenTile


def nest_faults(scene: Scene) -> Iterator[Fault]:
    """Loop points that no tile does, or several, and sums without an end."""
    by_layer: dict[tuple[int, int], list[WrittenTile]] = {}
    for tile in scene.schedule.tiles.values():
        by_layer.setdefault((tile.layer, tile.frame), []).append(tile)
    for frame in range(scene.schedule.frames):
        for layer in range(len(scene.needs.graph.layers)):
            tiles = by_layer.get((layer, frame), [])
            yield from _once(scene, layer, frame, [tile for tile in tiles if not tile.recomputed])
            yield from _sums(scene, layer, tiles)


def _once(scene: Scene, layer: int, frame: int, tiles: Sequence[WrittenTile]) -> Iterator[Fault]:
    sizes = scene.needs.told(layer).sizes
    where = f"layer {layer}{f', frame {frame}' if scene.schedule.frames > 1 else ''}"
    # As many points as the nest has and no two boxes that overlap: then each point is done once.
    points = sum(math.prod(size for _, (_, size) in scene.boxes[tile.id]) for tile in tiles)
    whole = math.prod(sizes.values())
    if points != whole:
        yield Fault(where, f"its tiles do {points:,} loop points, and it has {whole:,}")
    starts = np.array([[start for _, (start, _) in scene.boxes[tile.id]] for tile in tiles], dtype=np.int64)
    ends = starts + np.array([[size for _, (_, size) in scene.boxes[tile.id]] for tile in tiles], dtype=np.int64)
    for number in range(len(tiles) - 1):
        overlap = ((starts[number + 1 :] < ends[number]) & (starts[number] < ends[number + 1 :])).all(axis=1)
        if overlap.any():
            other = tiles[number + 1 + int(np.argmax(overlap))]
            yield Fault(where, f"tiles {tiles[number].id} and {other.id} do some of the same loop points", other.start)
            return


def _sums(scene: Scene, layer: int, tiles: Sequence[WrittenTile]) -> Iterator[Fault]:
    """A tile with a part of a sum is `partial`, or adds the rest: the tiles of one box of the output, all of them."""
    told = scene.needs.told(layer)
    summed = [loop for loop in told.sizes if loop not in told.indices("O")]
    adders: dict[Id, list[WrittenTile]] = {}
    for tile in tiles:
        for other in tile.adds:
            adders.setdefault(other, []).append(tile)
        if tile.partial:
            continue
        together = [tile, *(scene.schedule.tiles[other] for other in tile.adds)]
        strange = [t for t in together if t.layer != layer or t.frame != tile.frame]
        if strange or any(scene.makes[t.id] != scene.makes[tile.id] for t in together):
            yield Fault(f"tile {tile.id}", "it adds tiles that have no part of its sums", tile.end)
            continue
        # Boxes do not overlap (`_once`), so as many values as there are make the whole sum.
        done = sum(math.prod(dict(scene.boxes[t.id])[loop][1] for loop in summed) for t in together)
        whole = math.prod(told.sizes[loop] for loop in summed)
        if done != whole:
            yield Fault(f"tile {tile.id}", f"it sums {done:,} values for each output, of {whole:,}", tile.end)
    for tile in tiles:
        into = adders.get(tile.id, [])
        if tile.partial and len(into) != 1:
            yield Fault(f"tile {tile.id}", f"its partial sums are added by {len(into)} tiles", tile.end)
        if into and not tile.partial:
            yield Fault(f"tile {tile.id}", f"tile {into[0].id} adds it, and it is not partial", tile.end)
        # On one core nothing is sent that would tell when the sums are there; from other cores the transfer does
        # (`arrivals`).
        if tile.partial and len(into) == 1 and into[0].core == tile.core and tile.end > into[0].end + EPS:
            yield Fault(f"tile {into[0].id}", f"it ends before tile {tile.id} has, whose sums it adds", into[0].end)
