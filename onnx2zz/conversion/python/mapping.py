"""A mapping that is a Python dictionary (before 2024-05) as today's mapping file.

Sources: zigzag-dse 2.5.3 inputs/examples/mapping; zigzag 3.9.1 parser/mapping_validator.py.
"""

import re
from collections.abc import Iterator, Mapping

from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.python.plain import Figures
from onnx2zz.conversion.python.statements import PythonFile
from onnx2zz.conversion.python.values import is_dict, items_of
from onnx2zz.errors import raise_if_any
from onnx2zz.files.document import Data, Key, Value, is_tuple

OPERANDS_TODAY = {"X": "W", "Y": "I", "A": "I", "B": "W"}
"""Inputs of sums (X, Y) and products (A, B) had names of their own; today's are W and I."""
FIELDS = ("spatial_mapping", "spatial_mapping_hint", "temporal_ordering", "memory_operand_links")
OF_CORES = ("core_allocation",)
LOOP = re.compile(r"[A-Z]+\d*")


def read_mapping(file: PythonFile) -> Converted | None:
    """The mapping that the file defines; None where it defines none. Raises InputError as the accelerator's does."""
    found = next((value for value in file.names.values() if is_dict(value) and _is_mapping(value)), None)
    if found is None:
        return None
    figures = Figures(file)
    entries: list[Value] = [_entry(str(name), entry, figures) for name, entry in found.items()]
    if "default" not in found:
        figures.notes.append("an entry `default` that leaves all to ZigZag is added: ZigZag asks for one")
        entries.append({"name": "default"})
    raise_if_any(figures.problems)
    return Converted("mapping", entries, tuple(dict.fromkeys(figures.notes)))


def _is_mapping(value: dict[object, object]) -> bool:
    fields = {*FIELDS, *OF_CORES}
    entries = [entry for entry in value.values() if is_dict(entry)]
    return bool(entries) and all(fields & entry.keys() and "equation" not in entry for entry in entries)


def _entry(name: str, entry: object, figures: Figures) -> Data:
    line = figures.line_of(entry)
    return {"name": name, **entry_fields(figures.entries(entry, line, f"the entry {name}"), name, line, figures)}


def entry_fields(entry: Mapping[str, object], name: str, line: int, figures: Figures) -> dict[Key, Value]:
    """What an entry of today says of the same."""
    for key in entry:
        if key in OF_CORES:
            figures.notes.append(f"`{key}` is left out: there is one core")
        elif key not in FIELDS:
            figures.notes.append(f"`{key}` of {name} is left out: no mapping of today has it")
    found: dict[Key, Value] = {}
    if entry.get("spatial_mapping") is not None:
        found["spatial_mapping"] = unrolled(_only_one(entry["spatial_mapping"], name, figures), line, figures)
    if entry.get("spatial_mapping_hint") is not None:
        found["spatial_mapping_hint"] = _hints(entry["spatial_mapping_hint"], line, figures)
    if entry.get("temporal_ordering") is not None:
        found["temporal_ordering"] = [*_ordering(entry["temporal_ordering"], line, figures)]
    if entry.get("memory_operand_links") is not None:
        found["memory_operand_links"] = _links(entry["memory_operand_links"], line, figures)
    return found


def _only_one(value: object, name: str, figures: Figures) -> object:
    """Several unrollings to choose from were a list; today's entry has one."""
    several = items_of(value)
    if several is None or is_dict(value):
        return value
    if len(several) > 1:
        figures.notes.append(
            f"the first of {len(several)} spatial mappings of {name} is taken: an entry of today has one"
        )
    return several[0] if several else {}


def unrolled(value: object, line: int, figures: Figures) -> Data:
    """Array dimension -> `K, 32`, ... of `("K", 32)` or `(("K", 8), ("C", 4))`."""
    named = figures.entries(value, line, "a spatial mapping")
    return {dim: [*_pairs(loops, dim, line, figures)] for dim, loops in named.items()}


def _pairs(loops: object, dim: str, line: int, figures: Figures) -> Iterator[str]:
    if not figures.known(loops, line, f"what is unrolled over {dim}"):
        return
    items = items_of(loops) or []
    for pair in [tuple(items)] if len(items) == 2 and isinstance(items[0], str) else items:
        ends = items_of(pair) or []
        if len(ends) != 2:
            figures.fault(line, f"what is unrolled over {dim} is no loop with a factor", 'write ("K", 32)')
            continue
        loop = _loop(ends[0], line, figures)
        yield f"{loop}, {figures.integer(ends[1], line, f'the factor of {loop}')}"


def _loop(value: object, line: int, figures: Figures) -> str:
    loop = figures.text(value, line, "a loop").upper()
    if loop and not LOOP.fullmatch(loop):
        figures.fault(line, f"a loop `{loop}`: letters and then digits are taken", "rename it")
    return loop


def _hints(value: object, line: int, figures: Figures) -> Data:
    named = figures.entries(value, line, "spatial_mapping_hint")
    return {dim: [text.upper() for text in figures.texts(loops, line, "a hint")] for dim, loops in named.items()}


def _ordering(value: object, line: int, figures: Figures) -> Iterator[Value]:
    if not figures.known(value, line, "temporal_ordering"):
        return
    for pair in items_of(value) or ():
        ends = [*pair] if is_tuple(pair) else items_of(pair) or []
        if len(ends) != 2:
            figures.fault(line, "temporal_ordering has no pairs of a loop and its size", 'write ("OX", 4)')
            continue
        size = "*" if ends[1] == "all" else figures.integer(ends[1], line, "a size in temporal_ordering")
        yield [_loop(ends[0], line, figures), size]


def _links(value: object, line: int, figures: Figures) -> Data:
    named = figures.entries(value, line, "memory_operand_links")
    return {OPERANDS_TODAY.get(op, op): figures.text(link, line, "a memory operand") for op, link in named.items()}
