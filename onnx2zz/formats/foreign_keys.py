"""Keys that ZigZag 3.9 does not take, and people's files have: names of before, and what other tools say beside.

ZigZag's files of 2024 call the array's `unit_energy` `multiplier_energy` (to 2024-11) and the array itself
`multipliers` (to 2024-05), and name cores in mappings (`core_allocation`). Stream's core and mapping files hold what is
about a system of cores. A key under its earlier name means what today's does; the others mean nothing to one
accelerator.

Sources: zigzag's history of inputs/hardware and inputs/mapping (2024-05-02 to 2024-11-18); stream-dse 2.1.1,
inputs/*/hardware/cores and inputs/*/mapping.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from onnx2zz.files.document import Data, Key, Value, is_mapping
from onnx2zz.formats.yaml_source import Path_, YamlSource

Kind = Literal["accelerator", "mapping"]

ARRAY = "operational_array"
EARLIER_NAMES: Mapping[str, str] = {
    "multipliers": ARRAY,
    "multiplier_energy": "unit_energy",
    "multiplier_area": "unit_area",
}
"""Earlier name -> today's."""
STREAM_CORE = (
    "type",
    "operator_types",
    "operand_precision",
    "banks",
    "utilization",
    "max_object_fifo_depth",
)
STREAM_MAPPING = (
    "core_allocation",
    "core_allocation_is_fixed",
    "inter_core_tiling",
    "intra_core_tiling",
    "kernel",
)


@dataclass(frozen=True)
class ForeignKey:
    """A key of the mapping at `place`: under its name of before (`today` is the one it has now), or of no meaning to
    one accelerator (None)."""

    place: Path_
    key: str
    today: str | None

    @property
    def path(self) -> Path_:
        return (*self.place, self.key)


def foreign_keys(kind: Kind, document: Value) -> Iterator[ForeignKey]:
    """Every key that is not today's. One whose name of today stands beside it is a contradiction, and not among
    them."""
    if kind == "mapping":
        for number, entry in enumerate(document if isinstance(document, list) else ()):
            yield from _meaningless(entry, (number,), STREAM_MAPPING)
    elif is_mapping(document):
        yield from _meaningless(document, (), STREAM_CORE)
        yield from _renamed(document, (), ("multipliers",))
        # Both changes may meet in one file: today's array with a name of before inside, or the other way round.
        array = ARRAY if ARRAY in document else "multipliers"
        yield from _renamed(document.get(array), (array,), ("multiplier_energy", "multiplier_area"))


def with_todays_keys(kind: Kind, document: Value) -> Value:
    """The document as ZigZag's own files of today say it; one without foreign keys comes back as it is."""
    found: dict[Path_, dict[str, str | None]] = {}
    for one in foreign_keys(kind, document):
        found.setdefault(one.place, {})[one.key] = one.today
    return _without(document, (), found) if found else document


def today(kind: Kind, source: YamlSource) -> YamlSource:
    """The same for a file with its places: a renamed key stands where its earlier name does."""
    data = with_todays_keys(kind, source.data)
    if data is source.data:
        return source
    # The marks of the file come last in the merged dict: where both names stand, each keeps its own place.
    renamed = {_path_today(path): mark for path, mark in source.marks.items()}
    return YamlSource(source.path, source.text, data, {**renamed, **source.marks}, source.traps)


def _path_today(path: Path_) -> Path_:
    return tuple(EARLIER_NAMES.get(key, key) if isinstance(key, str) else key for key in path)


def _meaningless(entry: Value, place: Path_, keys: tuple[str, ...]) -> Iterator[ForeignKey]:
    if is_mapping(entry):
        yield from (ForeignKey(place, key, None) for key in keys if key in entry)


def _renamed(entry: Value, place: Path_, keys: tuple[str, ...]) -> Iterator[ForeignKey]:
    if is_mapping(entry):
        for key in keys:
            # Under both names nobody knows which value holds, and `unknown-field` says so.
            if key in entry and EARLIER_NAMES[key] not in entry:
                yield ForeignKey(place, key, EARLIER_NAMES[key])


def _without(value: Value, place: Path_, found: Mapping[Path_, Mapping[str, str | None]]) -> Value:
    if isinstance(value, list):
        return [_without(item, (*place, number), found) for number, item in enumerate(value)]
    if not is_mapping(value):
        return value
    here = found.get(place, {})
    return dict(_kept(value, place, here, found))


def _kept(
    value: Data, place: Path_, here: Mapping[str, str | None], found: Mapping[Path_, Mapping[str, str | None]]
) -> Iterator[tuple[Key, Value]]:
    for key, inner in value.items():
        name = here.get(key, key) if isinstance(key, str) else key
        # Two meanings of None have to be told apart: a foreign key without a name of today goes, a null key of YAML
        # stays.
        if name is not None or key not in here:
            yield name, _without(inner, (*place, key), found)
