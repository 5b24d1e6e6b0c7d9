"""The choice for a network as a plain ZigZag mapping: an entry for each operator type, and by name for the layers that
differ from the rest of their type."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import yaml

from onnx2zz.emission.workload_text import NAME, PLAIN_NAME
from onnx2zz.formats.mapping_entry import ANY, MappingEntry, Ordering
from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes
from onnx2zz.zigzag.unrolling import Unrolling, as_written, totals


def mapped_as(entry: WorkloadEntry, base: MappingEntry, unrolling: Unrolling | None) -> MappingEntry:
    """How a layer is mapped: unrolled as chosen (None: as the mapping file's entry `base` has it, without loops that
    the layer lacks), with the memory operand links and the loop order of `base`."""
    if unrolling is None:
        return replace(base, memory_operand_links=base.links, spatial_mapping=_of_the_layer(entry, base))
    return MappingEntry(
        base.name,
        spatial_mapping=as_written(unrolling),
        memory_operand_links=base.links,
        temporal_ordering=_order_that_runs(entry, base, unrolling),
    )


def _of_the_layer(entry: WorkloadEntry, base: MappingEntry) -> Mapping[str, tuple[str, ...]] | None:
    """The unrolling of `base` without the loops that the layer lacks: ZigZag leaves them out (spatial_mapping.py:162),
    and in an entry that is this layer's own they would be a mistake."""
    if base.spatial_mapping is None:
        return None
    loops = loop_sizes(entry)
    return {
        dim: tuple(text for text in texts if text.partition(",")[0].strip().upper() in loops)
        for dim, texts in base.spatial_mapping.items()
    }


def _order_that_runs(entry: WorkloadEntry, base: MappingEntry, unrolling: Unrolling) -> Ordering | None:
    """The order of `base` without the loops that the layer lacks, or does not run through in time: stock ZigZag finds
    no ordering that has them."""
    # Unrolled whole is not in time; of a loop that is divided the order still says where its rest runs.
    factors = totals(unrolling)
    running = {loop for loop, size in loop_sizes(entry).items() if size > factors.get(loop, 1)}
    order = tuple(step for step in base.temporal_ordering or () if step[0] in (ANY, *running))
    # Nothing but wildcards orders nothing.
    return order if any(loop != ANY for loop, _ in order) else None


def mapping_entries(chosen: Sequence[tuple[str, str, MappingEntry]]) -> tuple[MappingEntry, ...]:
    """The mapping of layers given as (name, operator type, how they are mapped), in the order in which it is read.

    `default` is what most layers have, an operator type's entry what most of its layers have. ZigZag looks a layer up
    by name, then by type, then takes `default` (parser/mapping_factory.py:25-49).
    """
    default = _most_common([mapped for _, _, mapped in chosen])
    of_type: dict[str, list[MappingEntry]] = {}
    for _, kind, mapped in chosen:
        of_type.setdefault(kind, []).append(mapped)
    by_type = {kind: _most_common(listed) for kind, listed in of_type.items()}
    entries = [replace(default, name="default")]
    entries += [replace(mapped, name=kind) for kind, mapped in by_type.items()]
    # Last, but found first: ZigZag looks for a layer's own name before its type.
    entries += [replace(mapped, name=name) for name, kind, mapped in chosen if mapped != by_type[kind]]
    return tuple(entries)


def mapping_text(entries: Sequence[MappingEntry], head: str) -> str:
    """The mapping as YAML, below `head` as a comment."""
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    frames: dict[str, str] = {}
    body = "".join(_framed(entry, frames) for entry in entries) if entries else _dumped([])
    # Only entries of the outermost list begin a line with a dash; inner lists are in flow style or indented.
    return comment + body.replace("\n- ", "\n\n- ")


def _framed(entry: MappingEntry, frames: dict[str, str]) -> str:
    """An entry of the list. Networks repeat their layers: what differs in the name alone is written once by the YAML
    library, as in workload.yaml."""
    if not PLAIN_NAME.fullmatch(entry.name):
        return _dumped([entry])
    if entry.how not in frames:
        frames[entry.how] = _dumped([replace(entry, name=NAME)])
    return frames[entry.how].replace(NAME, entry.name, 1)


def _dumped(entries: Sequence[MappingEntry]) -> str:
    return yaml.dump(
        [entry.document() for entry in entries], Dumper=_Plain, sort_keys=False, default_flow_style=None, width=110
    )


class _Plain(yaml.SafeDumper):
    """Writes equal values out again: anchors are hard on the eye."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _most_common(listed: Sequence[MappingEntry]) -> MappingEntry:
    """The first of those that are there most often."""
    # An entry holds dicts, and those do not hash.
    written = [repr(entry) for entry in listed]
    counts = Counter(written)
    return listed[max(range(len(listed)), key=lambda place: counts[written[place]])]
