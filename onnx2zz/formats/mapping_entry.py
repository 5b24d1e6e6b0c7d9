"""An entry of a mapping file, and the rule which entry holds for a layer.

Source: ZigZag 3.9.1 parser/mapping_validator.py (fields) and parser/mapping_factory.py:25-49 (which entry).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from onnx2zz.files.document import Data, Value, is_list, is_mapping, texts
from onnx2zz.formats.workload_entry import WorkloadEntry, name_of

DEFAULT_LINKS = {"O": "O", "I": "I1", "W": "I2"}
"""Operand -> memory operand where an entry has no `memory_operand_links` (parser/mapping_validator.py)."""

ANY = "*"
"""Stands in `temporal_ordering` for any loop, and for the size of one: what is left of it in time."""

Ordering = tuple[tuple[str, int | str], ...]
"""(loop, size), the innermost first; a size may be `*`."""


@dataclass(frozen=True)
class MappingEntry:
    """What an entry says, in its own spelling; None is what it does not say.

    `spatial_mapping`: array dimension -> `K, 32`, ...; `spatial_mapping_hint`: array dimension -> loops that ZigZag may
    unroll there; `memory_operand_links`: operand -> memory operand. `number` is its place in the file.
    """

    name: str
    spatial_mapping: Mapping[str, tuple[str, ...]] | None = None
    spatial_mapping_hint: Mapping[str, tuple[str, ...]] | None = None
    memory_operand_links: Mapping[str, str] | None = None
    temporal_ordering: Ordering | None = None
    number: int = field(default=0, compare=False, repr=False)

    @property
    def links(self) -> Mapping[str, str]:
        """The memory operand of each operand, ZigZag's own where the entry does not say."""
        return self.memory_operand_links or DEFAULT_LINKS

    @cached_property
    def unrolled(self) -> Mapping[str, tuple[tuple[str, int], ...]]:
        """Array dimension -> ((loop, factor), ...) of `spatial_mapping`, without what is no loop and factor."""
        asked = self.spatial_mapping or {}
        return {dim: tuple(pair for text in pairs if (pair := _loop_and_factor(text))) for dim, pairs in asked.items()}

    @property
    def sized_loops(self) -> tuple[tuple[str, int], ...]:
        """The loops of `temporal_ordering` that have a size, the innermost first."""
        return tuple((loop.upper(), size) for loop, size in self.temporal_ordering or () if isinstance(size, int))

    @cached_property
    def how(self) -> str:
        """All that it says but its name, as JSON: equal for two entries that map alike."""
        return json.dumps({field: value for field, value in self.document().items() if field != "name"})

    def document(self) -> dict[str, object]:
        """The entry as a mapping file has it: plain lists and dicts, without what it does not say."""
        fields: dict[str, object] = {
            "name": self.name,
            "spatial_mapping": _as_lists(self.spatial_mapping),
            "spatial_mapping_hint": _as_lists(self.spatial_mapping_hint),
            "memory_operand_links": None if self.memory_operand_links is None else dict(self.memory_operand_links),
            "temporal_ordering": None if self.temporal_ordering is None else [list(s) for s in self.temporal_ordering],
        }
        return {field: value for field, value in fields.items() if value is not None}


def entry_for(name: str | None, operator_type: str, mapping: Sequence[MappingEntry]) -> MappingEntry | None:
    """The entry that holds for a layer: by its name, else its operator type, else `default`; of several of one name the
    first. None where there is no such entry."""
    return _held_by(name, operator_type, _by_name(mapping))


def _by_name(mapping: Sequence[MappingEntry]) -> Mapping[str, MappingEntry]:
    """The first entry of each name."""
    # Reversed, so that the first of a name is the one that stays: ZigZag walks the list and takes the first that fits.
    return {entry.name: entry for entry in reversed(mapping)}


def _held_by(name: str | None, operator_type: str, by_name: Mapping[str, MappingEntry]) -> MappingEntry | None:
    keys = (operator_type, "default") if name is None else (name, operator_type, "default")
    return next((by_name[key] for key in keys if key in by_name), None)


def mapping_entry_for(layer: WorkloadEntry, mapping: Sequence[MappingEntry]) -> MappingEntry:
    """The entry that holds for a layer of a workload, in a mapping that has an entry `default`, as ZigZag wants it."""
    return mapping_entries_for((layer,), mapping)[0]


def mapping_entries_for(layers: Sequence[WorkloadEntry], mapping: Sequence[MappingEntry]) -> list[MappingEntry]:
    """The entry that holds for each layer, as `mapping_entry_for` says of one."""
    by_name = _by_name(mapping)
    found = [_held_by(name_of(layer), layer["operator_type"], by_name) for layer in layers]
    held = [entry for entry in found if entry is not None]
    assert len(held) == len(found), "the mapping has no entry `default`"
    return held


def read_mapping(document: object) -> tuple[MappingEntry, ...]:
    """The entries of a mapping file; what is no mapping of fields is left out."""
    entries = document if is_list(document) else []
    return tuple(read_mapping_entry(entry, number) for number, entry in enumerate(entries) if is_mapping(entry))


def read_mapping_entry(entry: Data, number: int = 0) -> MappingEntry:
    """One entry as far as it can be read; nothing raises. A field of the wrong form is as good as absent."""
    links = entry.get("memory_operand_links")
    return MappingEntry(
        name=str(entry.get("name")),
        spatial_mapping=_lists_of_texts(entry.get("spatial_mapping")),
        spatial_mapping_hint=_lists_of_texts(entry.get("spatial_mapping_hint")),
        memory_operand_links={str(k): str(v) for k, v in links.items()} if isinstance(links, Mapping) else None,
        temporal_ordering=_ordering(entry.get("temporal_ordering")),
        number=number,
    )


def over_the_array(mapping: Sequence[MappingEntry], array: Sequence[tuple[str, int]]) -> Iterator[MappingEntry]:
    """The entries without what they unroll over dimensions that the array ((dimension, units), ...) lacks. One that
    unrolls over others alone says nothing then, so that all is open."""
    dimensions = {dim for dim, _ in array}
    for entry in mapping:
        asked, hinted = entry.spatial_mapping, entry.spatial_mapping_hint
        if dimensions.issuperset({*(asked or ()), *(hinted or ())}):
            yield entry
        else:
            kept, hints = (_over(dimensions, unrolled) for unrolled in (asked, hinted))
            yield replace(entry, spatial_mapping=kept, spatial_mapping_hint=hints)


def _over(
    dimensions: Collection[str], unrolled: Mapping[str, tuple[str, ...]] | None
) -> dict[str, tuple[str, ...]] | None:
    return {dim: loops for dim, loops in (unrolled or {}).items() if dim in dimensions} or None


def _lists_of_texts(value: Value) -> Mapping[str, tuple[str, ...]] | None:
    if not isinstance(value, Mapping):
        return None
    return {str(dim): texts(items) for dim, items in value.items() if isinstance(items, list)}


def _ordering(value: Value) -> Ordering | None:
    if not isinstance(value, list):
        return None
    # What is no pair is told by ZigZag's schema; here the readable rest is judged.
    pairs = [(pair[0], pair[1]) for pair in value if isinstance(pair, list) and len(pair) == 2]
    return tuple((str(loop), size) for loop, size in pairs if isinstance(size, int | str))


def _loop_and_factor(text: str) -> tuple[str, int] | None:
    """`K, 32` as ("K", 32)."""
    loop, comma, factor = text.partition(",")
    return (loop.strip().upper(), int(factor)) if comma and factor.strip().isdecimal() else None


def _as_lists(value: Mapping[str, tuple[str, ...]] | None) -> dict[str, list[str]] | None:
    return None if value is None else {dim: list(items) for dim, items in value.items()}
