"""Layers that both of two runs repeat are one layer that comes so many times."""

from collections.abc import Iterator, Mapping
from typing import Any

from onnx2zz.comparison.parts import Run


def first_of_its_kind(first: Run, second: Run) -> Mapping[str, str]:
    """Layer -> the layer that stands for it: the same place in the first repetition of a block, in both runs. A layer
    stands for itself if only one of them repeats it."""
    mine, theirs = dict(_first(first)), dict(_first(second))
    return {name: place for name, place in mine.items() if theirs.get(name) == place}


def _first(run: Run) -> Iterator[tuple[str, str]]:
    names = [layer["name"] for layer in run["layers"]]
    blocks: list[Mapping[str, Any]] = run.get("blocks") or []
    for block in blocks:
        first, layers = block["first"], block["layers"]
        for place in range(first, first + layers * block["times"]):
            yield names[place], names[first + (place - first) % layers]
