"""How many elements each operand of a layer touches: what the entry says to ZigZag, and what the access maps say."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.formats.workload_entry import WorkloadEntry, volumes
from onnx2zz.ir.access import volume
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.workload import PlacedLayer

DERIVED = ("loop_dims", "loop_sizes", "dimension_relations", "pr_loop_dims", "pr_loop_sizes")


def wrong_volumes(placed: PlacedLayer, entry: WorkloadEntry) -> Iterator[Mismatch]:
    """Operands whose volume by the entry is not the one by the access map, and outputs that leave their tensor."""
    layer = placed.layer
    accesses = tuple([(access.axes, access.outside is not None) for access in (layer.output, *layer.inputs)])
    # Twice on purpose: from the access maps, and below from the entry alone, as ZigZag would read it.
    inside, counted = _counted(layer.loops, accesses)
    if not inside:
        yield Mismatch(placed.node, placed.id, "O", "elements of its tensor", "elements beyond it", "size")
    said = _said(*_key(entry))
    for operand, count in zip("OIW", counted, strict=False):
        # A count of 0 cannot be compared: windows over padding alone touch nothing, but the entry says 1 for them,
        # since ZigZag divides by what they touch.
        if count and count != said.get(operand):
            yield Mismatch(placed.node, placed.id, f"volume of {operand}", count, str(said.get(operand)), "size")


Accesses = tuple[tuple[tuple[Axis, ...], bool], ...]
"""Of the output and of each input: its axes, and whether what lies outside the tensor is part of it."""


@lru_cache(maxsize=512)
def _counted(loops: tuple[tuple[str, int], ...], accesses: Accesses) -> tuple[bool, tuple[int, ...]]:
    """Whether the output stays in its tensor, and the volumes that the access maps have. Networks repeat their
    layers: each is counted once."""
    sizes = dict(loops)
    inside = all(axis.padding(sizes) == (0, 0) for axis in accesses[0][0])
    return inside, tuple(volume(axes, sizes, outside) for axes, outside in accesses)


Lists = tuple[tuple[object, ...], ...]


def _key(entry: WorkloadEntry) -> tuple[str, Lists, tuple[tuple[int, int], ...]]:
    """All of an entry that its volumes depend on."""
    lists = tuple([tuple(entry.get(field, ())) for field in DERIVED])
    return entry["equation"], lists, tuple([(low, high) for low, high in entry.get("padding") or ()])


@lru_cache(maxsize=512)
def _said(equation: str, lists: Lists, padding: tuple[tuple[int, int], ...]) -> Mapping[str, int]:
    """The volumes that ZigZag would read."""
    fields: Mapping[str, object] = dict(zip(DERIVED, map(list, lists), strict=True))
    return volumes({"equation": equation, **fields, "padding": [list(pair) for pair in padding]})
