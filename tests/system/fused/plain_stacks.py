"""Stacks of convolutions on one core with an off-chip memory, in plain arithmetic: which rows are computed when, what
is held meanwhile, and what it costs. Knows nothing of the package; every way is gone through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

BITS, UNITS = 8, 8
Rows = tuple[int, int]
"""From which row to before which."""


@dataclass(frozen=True)
class Window:
    """A convolution: rows of its image and of its output, columns of its output, channels of both, and its window."""

    rows_in: int
    row_in_bits: int
    rows: int
    columns: int
    channels_in: int
    filters: int
    kernel: tuple[int, int]
    stride: int
    pad: int

    @property
    def row_bits(self) -> int:
        return self.columns * self.filters * BITS

    @property
    def weight_bits(self) -> int:
        return self.filters * self.channels_in * self.kernel[0] * self.kernel[1] * BITS

    def reads(self, rows: Rows) -> Rows:
        """The rows of its image that are there, for some rows of its output."""
        first, last = rows[0] * self.stride - self.pad, (rows[1] - 1) * self.stride - self.pad + self.kernel[0]
        return max(0, min(first, self.rows_in)), min(self.rows_in, max(0, last))

    def cycles(self, rows: Rows, start: int) -> int:
        each = self.columns * self.channels_in * self.kernel[0] * self.kernel[1] * -(-self.filters // UNITS)
        return start + (rows[1] - rows[0]) * each


def cut_in_rows(layers: Sequence[Window], height: int) -> list[list[Rows]]:
    """The tiles of each layer of a stack whose last one has tiles of a height: of the others the rows that are needed
    next, no more at once than usual."""
    last = layers[-1].rows
    bands = [(at, min(last, at + height)) for at in range(0, last, height)]
    found = [bands]
    for reader, layer in zip(reversed(layers[1:]), reversed(layers[:-1]), strict=True):
        bands = _read_by(bands, reader, layer.rows)
        usual = max((b - a for a, b in bands[1:]), default=0) or max(b - a for a, b in bands)
        found.insert(0, [(a, min(b, a + usual)) for first, b in bands for a in range(first, b, usual)])
    return found


def _read_by(bands: Sequence[Rows], reader: Window, rows: int) -> list[Rows]:
    """What each band of a reader needs beyond those before it; the last all that is left."""
    found, at = list[Rows](), 0
    for band in bands:
        until = max(at, reader.reads(band)[1] if band[1] > band[0] else at)
        until = rows if len(found) == len(bands) - 1 else until
        found.append((at, until))
        at = until
    return found


@dataclass
class _Run:
    """One run of the whole network, tile by tile: `tiles` of every layer, `stack` of each."""

    layers: Sequence[Window]
    tiles: Sequence[Sequence[Rows]]
    stack: Sequence[int]
    capacity: int
    done: list[int] = field(default_factory=list[int])

    def fits(self) -> bool:
        """Whether there is always room for the next tile."""
        self.done = [0] * len(self.layers)
        while any(done < len(tiles) for done, tiles in zip(self.done, self.tiles, strict=True)):
            layer = next((n for n in self._next() if self._held(self.done, n) <= self.capacity), None)
            if layer is None:
                return False
            self.done[layer] += 1
        return True

    def _next(self) -> list[int]:
        """Of the first stack that is not done the layers whose next tile has all that it reads, the deepest first."""
        left = [n for n, tiles in enumerate(self.tiles) if self.done[n] < len(tiles)]
        current = min(self.stack[n] for n in left)
        return [n for n in reversed(left) if self.stack[n] == current and self._ready(n)]

    def _ready(self, layer: int) -> bool:
        if layer == 0:
            return True
        there = self.tiles[layer - 1][: self.done[layer - 1]]
        first, end = self.layers[layer].reads(self.tiles[layer][self.done[layer]])
        return end <= first or (bool(there) and there[-1][1] >= end)

    def _held(self, before: Sequence[int], running: int) -> int:
        """While a layer runs its next tile: what has yet to be read, `before` being the tiles that have been run."""
        held = 0
        for n, layer in enumerate(self.layers):
            begun, ended = before[n] + (n == running), before[n] == len(self.tiles[n])
            held += layer.weight_bits if begun and not ended else 0
            coming = self.tiles[n][before[n] :]
            if n == 0:
                come = self._union(self.tiles[0][:begun])
                held += len(come & self._union(coming)) * layer.row_in_bits
            made = self.tiles[n][: before[n]]
            readers = self.tiles[n + 1][before[n + 1] :] if n + 1 < len(self.layers) else ()
            wanted = [self.layers[n + 1].reads(rows) for rows in readers]
            held += sum((b - a) * layer.row_bits for a, b in made if any(c < b and a < d for c, d in wanted if c < d))
            held += (self.tiles[n][before[n]][1] - self.tiles[n][before[n]][0]) * layer.row_bits if n == running else 0
        return held

    def _union(self, tiles: Sequence[Rows]) -> set[int]:
        return {row for rows in tiles for row in range(*self.layers[0].reads(rows))}


def least_cycles(layers: Sequence[Window], capacity: int, start: int) -> float:
    """The fewest cycles of any cut in stacks and any heights of tiles that fit; infinite where none does."""
    found = float("inf")
    for cut in _cuts(len(layers)):
        heights = [range(1, layers[run[-1]].rows + 1) for run in cut]
        for chosen in product(*heights):
            tiles = [
                own for run, h in zip(cut, chosen, strict=True) for own in cut_in_rows([layers[n] for n in run], h)
            ]
            stack = [number for number, run in enumerate(cut) for _ in run]
            cycles = sum(layers[n].cycles(rows, start) for n, own in enumerate(tiles) for rows in own)
            if cycles < found and _Run(layers, tiles, stack, capacity).fits():
                found = cycles
    return found


def _cuts(number: int) -> Iterator[list[list[int]]]:
    for ends in product((False, True), repeat=number - 1):
        runs = [[0]]
        for layer, end in enumerate(ends, start=1):
            if end:
                runs.append([layer])
            else:
                runs[-1].append(layer)
        yield runs
