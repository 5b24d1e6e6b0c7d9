"""A Timeloop mapping as a mapping entry: what is spatial as unrolling, what is temporal as the order of loops."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from onnx2zz.conversion.timeloop.problem import Layer, Reader
from onnx2zz.files.document import Data, Key, Value, integer, is_list, is_mapping

MEMORY_OUTSIDE = re.compile(r"dram|main.?mem|off.?chip|backing|hbm", re.IGNORECASE)
FACTOR = re.compile(r"([A-Za-z_]\w*)\s*=\s*(\d+)|([A-Za-z_]+)\s*(\d+)")
"""`C=3`, `C1=3`, or without the sign `C3`, where a dimension's name can have no digits."""


@dataclass(frozen=True)
class _Level:
    """One directive: factors in the order of its permutation, the innermost first, and where Y begins."""

    target: str
    spatial: bool
    factors: tuple[tuple[str, int], ...]
    split: int


def read_mapping(directives: Sequence[Value], layer: Layer, reader: Reader) -> Data:
    """The entry for the layer. Faults go to `reader`."""
    levels: list[_Level] = []
    for number, one in enumerate(directives):
        if not is_mapping(one):
            continue
        if one.get("type") in ("temporal", "spatial"):
            levels.append(_level(one, number, layer, reader))
        elif one.get("type") is not None:
            reader.notes.append(f"`{one.get('type')}` of {one.get('target')} is left out: memories say what they hold")
    if reader.problems:
        return {}
    levels = _completed(levels, layer)
    entry: dict[Key, Value] = {"name": layer.name}
    spatial = _spatial(levels, layer, reader)
    if spatial:
        entry["spatial_mapping"] = spatial
    ordering = _ordering(levels, layer, reader)
    if ordering:
        entry["temporal_ordering"] = ordering
    return entry


def _level(one: Data, number: int, layer: Layer, reader: Reader) -> _Level:
    factors = dict(_factors(one.get("factors")))
    for dim in factors:
        if dim not in layer.sizes:
            reader.fault(
                ("mapping", number), f"a factor of {dim}, which the problem lacks", "name one of its dimensions"
            )
    order = [dim for dim in _permutation(one.get("permutation"), layer) if dim in factors]
    order += [dim for dim in factors if dim not in order]
    split = integer(one.get("split"))
    permuted = _permutation(one.get("permutation"), layer)
    across = sum(dim in order for dim in permuted[:split]) if split is not None else len(order)
    target = str(one.get("target"))
    return _Level(target, one.get("type") == "spatial", tuple((d, factors.get(d, 1)) for d in order), across)


def _factors(value: Value) -> Iterator[tuple[str, int]]:
    """Of `C=3 M=8`, of `[C=3, M=8]` and of `{C: 3}`."""
    if is_mapping(value):
        yield from ((str(dim), size) for dim, one in value.items() if (size := integer(one)) is not None)
        return
    text = value if isinstance(value, str) else " ".join(map(str, value)) if is_list(value) else ""
    for dim, size, plain_dim, plain_size in FACTOR.findall(text):
        yield dim or plain_dim, int(size or plain_size)


def _permutation(value: Value, layer: Layer) -> list[str]:
    """The innermost first; dimensions of one letter may stand without anything between them."""
    if is_list(value):
        return [str(one) for one in value]
    words = re.findall(r"\w+", value) if isinstance(value, str) else []
    return [part for word in words for part in ([word] if word in layer.sizes else [*word])]


def _completed(levels: Sequence[_Level], layer: Layer) -> list[_Level]:
    """A factor 0 stands for what the others leave."""
    given = [factor for level in levels for factor in level.factors if factor[1]]
    known = {dim: prod(size for name, size in given if name == dim) for dim in layer.sizes}
    # Rounded up, so that the loops cover the dimension; whether they make just its size is asked where it matters
    # (`_ordering`).
    rest = {dim: -(-layer.sizes[dim] // known[dim]) for dim in layer.sizes}
    return [
        _Level(one.target, one.spatial, tuple((dim, size or rest[dim]) for dim, size in one.factors), one.split)
        for one in levels
    ]


def _spatial(levels: Sequence[_Level], layer: Layer, reader: Reader) -> Data:
    """Each spatial level's X and Y are the next dimensions of the array."""
    found: dict[Key, Value] = {}
    for level in levels:
        if not level.spatial:
            continue
        for side, part in (("X", level.factors[: level.split]), ("Y", level.factors[level.split :])):
            unrolled: list[Value] = [f"{layer.loops[dim]}, {size}" for dim, size in part if size > 1]
            if unrolled:
                dim = f"D{len(found) + 1}"
                found[dim] = unrolled
                reader.notes.append(f"{side} of {level.target} is {dim} of the array")
    return found


def _ordering(levels: Sequence[_Level], layer: Layer, reader: Reader) -> list[Value]:
    """The temporal loops, the innermost first; none where the levels' order is unknown or their product is another."""
    temporal = [level for level in levels if not level.spatial]
    if not temporal:
        return []
    ends = [bool(MEMORY_OUTSIDE.search(level.target)) for level in (temporal[0], temporal[-1])]
    # Mappings may list memories from either end, and names tell the end alone: a wrong guess would turn the order of
    # all loops around.
    if len(temporal) > 1 and ends[0] == ends[1]:
        reader.notes.append("the order of loops is left out: no first or last target is a memory outside the chip")
        return []
    covered: Mapping[str, int] = {
        dim: prod(size for level in levels for name, size in level.factors if name == dim) for dim in layer.sizes
    }
    # ZigZag takes an ordering only if its loops and the unrolled ones make the whole layer.
    if any(covered[dim] != size for dim, size in layer.sizes.items()):
        reader.notes.append("the order of loops is left out: the factors of a dimension do not make its size")
        return []
    from_below = temporal[::-1] if ends[0] else temporal
    return [[layer.loops[dim], size] for level in from_below for dim, size in level.factors if size > 1]
