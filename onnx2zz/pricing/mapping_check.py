"""What is wrong with a mapping file, given the workload and the accelerator that it is for.

ZigZag leaves out without a word what does not fit (mapping/spatial_mapping.py, check_and_reduce), so one entry may
serve layers of several kinds. A dim that no layer could ever have is a slip of the pen, and that is said.
"""

from collections.abc import Iterator, Sequence

from onnx2zz.errors import Problem
from onnx2zz.files.document import is_array, is_object
from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entries_for
from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes
from onnx2zz.zigzag.hardware import ArrayAndPorts

LOOP_NAMES = frozenset(("B", "G", "K", "C", "D", "H", "OX", "OY", "OZ", "FX", "FY", "FZ"))
"""The names that loops usually have: a mapping may unroll them for networks that the workload is not."""


def unusable(file: str, document: object) -> tuple[Problem, ...]:
    """Problems that make every further check pointless: no list of named entries, or no `default` among them."""
    entries = [entry for entry in document if is_object(entry) and "name" in entry] if is_array(document) else None
    if not is_array(document) or entries is None or len(entries) < len(document):
        return (Problem(file, "no mapping: a list of entries is needed, each with a name"),)
    if not any(entry["name"] == "default" for entry in entries):
        return (Problem(file, "no entry is called default", "ZigZag needs one, for layers that no other entry names"),)
    return ()


def array_problems(file: str, mapping: Sequence[MappingEntry], hardware: ArrayAndPorts) -> tuple[Problem, ...]:
    """Entries that unroll over an array dim that the accelerator does not have."""
    dims = [dim for dim, _ in hardware.array]
    return tuple(
        Problem(
            f"{file}: entry {entry.name}",
            f"{dim} is no dimension of the accelerator's array ({', '.join(dims)})",
            "take it out, or let ZigZag choose with `--mapping generated`",
        )
        for entry in mapping
        for dim in entry.spatial_mapping or ()
        if dim not in dims
    )


def dim_problems(file: str, mapping: Sequence[MappingEntry], layers: Sequence[WorkloadEntry]) -> tuple[Problem, ...]:
    """Entries that unroll a loop that the layers they apply to do not have."""
    served: dict[int, list[WorkloadEntry]] = {}
    for layer, entry in zip(layers, mapping_entries_for(layers, mapping), strict=True):
        # By identity: two entries of a file may say the same.
        served.setdefault(id(entry), []).append(layer)
    loops = frozenset(dim for layer in layers for dim in loop_sizes(layer))
    return tuple(
        Problem(f"{file}: entry {entry.name}", said, "correct the name or take it out")
        for entry in mapping
        for said in _lacking(entry, served.get(id(entry), ()), loops)
    )


def _lacking(entry: MappingEntry, served: Sequence[WorkloadEntry], loops: frozenset[str]) -> Iterator[str]:
    """`loops`: those of any layer."""
    if not served:
        return
    # An entry with a layer's name was written for that layer, so a loop that the layer lacks is a mistake. One for a
    # type or for all layers is written for many networks: it may name the usual loops, and those of any layer here.
    made_for_one = any(layer.get("name") == entry.name for layer in served)
    known = frozenset(dim for layer in served for dim in loop_sizes(layer)) if made_for_one else loops
    allowed = known if made_for_one else known | LOOP_NAMES
    for array_dim, unrolled in entry.unrolled.items():
        for dim, factor in unrolled:
            if dim not in allowed and factor != 1:  # `C, 1` unrolls nothing
                yield f"{array_dim} unrolls {dim}, but {_whose(made_for_one)} has {', '.join(sorted(known))} only"


def _whose(made_for_one: bool) -> str:
    return "the layer of that name" if made_for_one else "no layer has such a loop: the workload"
