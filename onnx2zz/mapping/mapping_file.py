"""The choice for a network as a plain ZigZag mapping: an entry for each operator type, and by name for the layers that
differ from the rest of their type."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from onnx2zz.formats.workload_entry import DEFAULT_LINKS, Entry, loop_sizes
from onnx2zz.zigzag.unrolling import Unrolling, as_entry, totals

KEPT = ("spatial_mapping", "spatial_mapping_hint", "memory_operand_links", "temporal_ordering")


def mapped_as(entry: Entry, base: Entry, unrolling: Unrolling | None) -> Entry:
    """How a layer is mapped: unrolled as chosen (None: as the mapping file's entry `base` has it), with the memory
    operand links and the loop order of `base`."""
    links = {"memory_operand_links": dict(base.get("memory_operand_links") or DEFAULT_LINKS)}
    if unrolling is None:
        return {**base, **links}
    chosen = {"spatial_mapping": as_entry(unrolling), "spatial_mapping_hint": None}
    return {**base, **links, **chosen, "temporal_ordering": _order_that_runs(entry, base, unrolling)}


def _order_that_runs(entry: Entry, base: Entry, unrolling: Unrolling) -> Sequence[Any] | None:
    """The order of `base` without the loops that the layer lacks, or does not run through in time: stock ZigZag finds
    no ordering that has them."""
    factors = totals(unrolling)
    running = {loop for loop, size in loop_sizes(entry).items() if size > factors.get(loop, 1)}
    order = [step for step in base.get("temporal_ordering") or () if step[0] == "*" or step[0] in running]
    return order if any(step[0] != "*" for step in order) else None


def mapping_entries(chosen: Sequence[tuple[str, str, Entry]]) -> tuple[Entry, ...]:
    """The mapping of layers given as (name, operator type, how they are mapped), in the order in which it is read.

    `default` is what most layers have, an operator type's entry what most of its layers have. ZigZag looks a layer up
    by name, then by type, then takes `default` (parser/mapping_factory.py:25-49).
    """
    default = _most_common(how for _, _, how in chosen)
    by_type = {kind: _most_common(how for _, own, how in chosen if own == kind) for _, kind, _ in chosen}
    entries = [_named("default", default)]
    entries += [_named(kind, how) for kind, how in by_type.items()]
    entries += [_named(name, how) for name, kind, how in chosen if how != by_type[kind]]
    return tuple(entries)


def mapping_text(entries: Sequence[Entry], head: str) -> str:
    """The mapping as YAML, below `head` as a comment."""
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    body = yaml.dump(list(entries), Dumper=_Plain, sort_keys=False, default_flow_style=None, width=110)
    return comment + body.replace("\n- ", "\n\n- ")


class _Plain(yaml.SafeDumper):
    """Writes equal values out again: anchors are hard on the eye."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _most_common(hows: Iterable[Entry]) -> Entry:
    listed = list(hows)
    counts = Counter(repr(how) for how in listed)
    return max(listed, key=lambda how: counts[repr(how)])


def _named(name: str, how: Entry) -> Entry:
    return {"name": name, **{field: how[field] for field in KEPT if how.get(field) is not None}}
