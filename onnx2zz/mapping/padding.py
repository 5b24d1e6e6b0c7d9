"""A layer whose loops are lengthened to multiples of their unrolling: what the array does in truth.

ZigZag prices a loop of 100 over 32 units as 4 steps of 25 units, and rounds the traffic of a step down
(stages/mapping/spatial_mapping_conversion.py:195-213). The padded layer has 4 steps of 32, whole everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes, relations

Whole: TypeAlias = NDArray[np.int64]


def padded(entry: WorkloadEntry, unrolled: Mapping[str, int]) -> WorkloadEntry:
    """`entry` with each loop at the next multiple of its factor in `unrolled`; the inputs grow with their windows."""
    sizes = loop_sizes(entry)
    # Not divided evenly, the last step leaves units idle; they are counted as if they worked, as they do on a chip.
    more = {loop: -size % unrolled.get(loop, 1) for loop, size in sizes.items()}
    if not any(more.values()):
        return entry
    found: WorkloadEntry = {**entry, "loop_sizes": [size + more[loop] for loop, size in sizes.items()]}
    if indices := entry.get("pr_loop_dims"):
        found["pr_loop_sizes"] = [
            extent + _grown(str(index).upper(), entry, more)
            for index, extent in zip(indices, entry.get("pr_loop_sizes") or (), strict=True)
        ]
    return found


def padded_sizes(entry: WorkloadEntry, loops: Sequence[str], unrolled: Whole) -> tuple[Whole, dict[str, Whole]]:
    """The same of many unrollings: sizes of `loops` where `unrolled` (candidates, loops) says how often each is, and of
    the axes for which the entry gives a size."""
    own = loop_sizes(entry)
    sizes = -(-np.array([own[loop] for loop in loops]) // unrolled) * unrolled
    more = {loop: sizes[:, place] - own[loop] for place, loop in enumerate(loops)}
    axes = zip(entry.get("pr_loop_dims") or (), entry.get("pr_loop_sizes") or (), strict=False)
    return sizes, {
        str(index).upper(): extent + _grown(str(index).upper(), entry, more) + np.zeros(len(sizes), dtype=np.int64)
        for index, extent in axes
    }


N = TypeVar("N", int, Whole)


def _grown(index: str, entry: WorkloadEntry, more: Mapping[str, N]) -> N | int:
    return sum(step * more.get(loop, 0) for step, loop in relations(entry).get(index, ()))
