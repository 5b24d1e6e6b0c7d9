"""What an evaluation can take from earlier runs instead of asking ZigZag: that the files are fit for it and what the
accelerator offers, which memories the data may stay in, and the prices of layers.

Failures are not remembered: whoever mends their cause wants to see it at once.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeVar

from onnx2zz.errors import Problem
from onnx2zz.files.plain_data import read_as
from onnx2zz.files.python_files import python_files
from onnx2zz.installed import version
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.layer_price import LayerPrice, SearchedPrice
from onnx2zz.zigzag.levels import KeptLevels

T = TypeVar("T")

FORMAT = 3
"""Raise it when what we take from ZigZag, or how we write it down, changes."""


class KeyValues(Protocol):
    """Values that JSON can hold under keys; None where there is none."""

    def get(self, key: str) -> object: ...

    def put(self, key: str, value: object) -> None: ...


class NoStore:
    """Forgets at once: a run without a cache."""

    def get(self, key: str) -> object:
        return None

    def put(self, key: str, value: object) -> None:
        return None


@dataclass(frozen=True)
class PriceCache:
    """Each answer lies under a key of everything that it depends on: what was `asked` (plain data, in its order: the
    order of an accelerator's memories counts), the ZigZag that answered, and our format.

    With `trusting` off answers are kept, but none is taken.
    """

    store: KeyValues
    trusting: bool = True

    def hardware(self, asked: object, find: Callable[[], ArrayAndPorts]) -> ArrayAndPorts:
        """What the accelerator among the inputs offers; where it is known, ZigZag has found the inputs fit."""
        return self._known_or_found(("inputs", asked), find, _hardware_as_json, _hardware_from_json)

    def faults(self, asked: object, find: Callable[[], Sequence[Problem]]) -> Sequence[Problem]:
        """What is wrong with a file by itself; only that nothing is wrong is remembered."""
        # Faults are looked for again each time: their sentences name lines and files, which the key does not hold.
        key = key_of(("faultless", asked))
        found = () if self._under(key) else find()
        if not found:
            self.store.put(key, True)
        return found

    def levels(self, asked: object, find: Callable[[], Mapping[int, KeptLevels]]) -> Mapping[int, KeptLevels]:
        """Which memories each layer of a network may do without, by the layer's id."""
        return self._known_or_found(("levels", asked), find, _levels_as_json, _levels_from_json)

    def price(self, asked: object) -> LayerPrice | None:
        """A layer's price if it is known."""
        known = self._known(("price", asked))
        # JSON has lists where prices have tuples; equal prices must be equal objects, wherever they come from.
        return None if known is None else read_as(LayerPrice, known)

    def keep_price(self, asked: object, price: LayerPrice) -> None:
        """Keep a price, unless it comes with warnings: they are to be heard again."""
        if not price.warnings:
            self.store.put(key_of(("price", asked)), asdict(price))

    def searched(self, asked: object) -> SearchedPrice | None:
        """What our search has found of a layer, if that is known."""
        known = self._known(("searched", asked))
        return None if known is None else read_as(SearchedPrice, known)

    def keep_searched(self, asked: object, price: SearchedPrice) -> None:
        """Keep what our search has found."""
        self.store.put(key_of(("searched", asked)), asdict(price))

    def value(self, kind: str, asked: object) -> object:
        """What was kept under `kind`, as JSON holds it; None if nothing was."""
        return self._known((kind, asked))

    def keep(self, kind: str, asked: object, value: object) -> None:
        """Keep `value` (plain data)."""
        self.store.put(key_of((kind, asked)), value)

    def _known(self, asked: object) -> object:
        return self._under(key_of(asked))

    def _under(self, key: str) -> object:
        return self.store.get(key) if self.trusting else None

    def _known_or_found(
        self,
        asked: object,
        find: Callable[[], T],
        as_json: Callable[[T], object],
        from_json: Callable[[object], T],
    ) -> T:
        key = key_of(asked)
        known = self._under(key)
        if known is not None:
            return from_json(known)
        found = find()
        self.store.put(key, as_json(found))
        return found


def key_of(asked: object) -> str:
    """The key of what was asked, of this ZigZag. `repr` tells 1 from 1.0 and "1", which JSON's keys do not."""
    return sha256(repr((asked, FORMAT, versions(), zigzags_source())).encode()).hexdigest()


@cache
def versions() -> str:
    """ZigZag's, from the installed metadata, which take longer to read than the rest of a key to make; and Python's:
    since 3.12 its `sum` rounds otherwise, hence ZigZag's numbers."""
    return f"zigzag-dse {version('zigzag-dse')}, Python {sys.version_info.major}.{sys.version_info.minor}"


@cache
def zigzags_source() -> str:
    """A digest of the Python files of the installed ZigZag, found without importing it: an edited ZigZag of the same
    version may say something else."""
    spec = find_spec("zigzag")
    assert spec is not None and spec.submodule_search_locations, "zigzag-dse is a dependency of this package"
    root = spec.submodule_search_locations[0]
    digest = sha256()
    for file in python_files(root):
        place = file.path.removeprefix(f"{root}{os.sep}")
        digest.update(place.encode() + b"\n" + sha256(Path(file.path).read_bytes()).digest())
    return digest.hexdigest()


@dataclass(frozen=True)
class _LevelsOfLayers:
    """KeptLevels by the id of their layer, in a form that JSON has: its keys are texts."""

    layers: tuple[tuple[int, tuple[tuple[str, int], ...], int], ...]


def _hardware_as_json(hardware: ArrayAndPorts) -> object:
    ports = [[port.width, sorted(port.serves), port.memory] for port in hardware.top_ports]
    return {"array": hardware.array, "in_memory": hardware.in_memory, "top_ports": ports}


def _hardware_from_json(known: object) -> ArrayAndPorts:
    return read_as(ArrayAndPorts, known)


def _levels_as_json(levels: Mapping[int, KeptLevels]) -> object:
    return [[layer, kept.tensors, kept.weights] for layer, kept in levels.items()]


def _levels_from_json(known: object) -> Mapping[int, KeptLevels]:
    return {layer: KeptLevels(tensors, top) for layer, tensors, top in read_as(_LevelsOfLayers, [known]).layers}
