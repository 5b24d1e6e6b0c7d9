"""One loop over two dimensions of the array: the array folded, so that ZigZag can price what it cannot map.

27 rows of outputs on 2 x 14 columns are written as `OY, 2` on D1 and `OY, 14` on D2. ZigZag takes that for 28 rows and
for more: it makes the larger part smaller until the steps are whole. It leaves out D1's part where both together are
more than the loop, and the end of the loop where the smaller part does not divide what the larger one leaves (40 rows
on 4 x 3: 10 steps are no multiple of 3). The same units with the second half of D1 beside the first along D2 have room
for all: 12 x 14 units are 6 x 28. Energy, traffic and time are the same on both as long as each memory serves both
dimensions, or neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from onnx2zz.files.document import Value, is_mapping
from onnx2zz.formats.accelerator import Hierarchy
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes


@dataclass(frozen=True)
class Fold:
    """`loop`, of `size`, lies `times` along the array dimension `across`, whose parts are laid beside each other along
    `onto`."""

    loop: str
    size: int
    across: str
    onto: str
    times: int
    room: int

    @property
    def name(self) -> str:
        return f"{self.loop}, {self.size} on {self.times} x {self.room // self.times}"


def fold_of(layer: WorkloadEntry, mapped: MappingEntry) -> Fold | None:
    """The fold that an entry asks for; None where ZigZag takes it as it is."""
    sizes = loop_sizes(layer)
    found: dict[str, tuple[str, int]] = {}
    for dim, loops in mapped.unrolled.items():
        for loop, factor in loops:
            if loop in found and factor > 1:
                across, times = found[loop]
                size = sizes.get(loop, 1)
                # Of a loop no longer than a part nothing is left for the other.
                cut = size > max(times, factor) and not _taken_whole(size, times, factor)
                return Fold(loop, size, across, dim, times, times * factor) if cut else None
            if factor > 1:
                found[loop] = (dim, factor)
    return None


def _taken_whole(size: int, first: int, second: int) -> bool:
    """Whether ZigZag runs through all of a loop on these two parts. Of parts that have more room than the loop is long
    it leaves one out (mapping/spatial_mapping.py:204)."""
    # `steps_are_whole` of zigzag/several_dims.py, for two parts: the later one has to divide what the first one leaves,
    # unless it is the larger. Without numpy, since an evaluation of known prices asks this, too.
    return first * second <= size and (first < second or -(-size // first) % second == 0)


def why_not(fold: Fold, hierarchy: Hierarchy) -> str | None:
    """What keeps the folded array from being the same; None where nothing does."""
    pair = {fold.across, fold.onto}
    # A memory beside each row of D1 would, after folding, stand beside half as many units along it: other instances,
    # other energy.
    one = [memory.name for memory in hierarchy.memories if len(pair & set(memory.served)) == 1]
    if one:
        return f"{one[0]} serves one of {fold.across} and {fold.onto}"
    if hierarchy.array[fold.across] % fold.times:
        return f"{fold.across} has {hierarchy.array[fold.across]} units, which is no multiple of {fold.times}"
    return None


def folded_entry(mapped: MappingEntry, fold: Fold) -> MappingEntry:
    """The entry on the folded array: as much of the loop along `onto` as it has."""
    # Of this loop both parts go, since the whole stands along one dimension now. Dimensions that are idle stay in the
    # entry: ZigZag fills what it does not name.
    asked = {dim: tuple(text for text in texts if not _is_of(text, fold)) for dim, texts in _asked(mapped).items()}
    whole = f"{fold.loop}, {min(fold.size, fold.room)}"
    return replace(mapped, spatial_mapping={**asked, fold.onto: (*asked[fold.onto], whole)})


def folded_array(document: Value, fold: Fold) -> Value:
    """An accelerator's document with its array folded."""
    array = document.get("operational_array") if is_mapping(document) else None
    assert is_mapping(document) and is_mapping(array), "it was priced before"
    names, sizes = array.get("dimensions"), array.get("sizes")
    assert isinstance(names, list) and isinstance(sizes, list)
    changed = [_folded(name, size, fold) for name, size in zip(names, sizes, strict=True)]
    return {**document, "operational_array": {**array, "sizes": changed}}


def unfolded(spatial_mapping: Mapping[str, Mapping[str, float]], fold: Fold) -> dict[str, Mapping[str, float]]:
    """What was unrolled, over the array as it is."""
    along = {dim: dict(loops) for dim, loops in spatial_mapping.items()}
    laid = along[fold.onto].pop(fold.loop)
    along.setdefault(fold.across, {})[fold.loop] = fold.times
    along[fold.onto][fold.loop] = laid / fold.times
    return {**along}


def _folded(name: Value, size: Value, fold: Fold) -> Value:
    assert isinstance(size, int)
    return size // fold.times if name == fold.across else size * fold.times if name == fold.onto else size


def _asked(mapped: MappingEntry) -> Mapping[str, tuple[str, ...]]:
    return mapped.spatial_mapping or {}


def _is_of(text: str, fold: Fold) -> bool:
    return text.partition(",")[0].strip().upper() == fold.loop
