"""What a compile gave is kept by the content of the model's file: an unchanged file is not compiled again.

A key holds all that the result depends on: the file's bytes and its stem (which is the model's name), what the user
says of it, this package, onnx, and the packages that bring operators of their own.
"""

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from onnx2zz.files.document import is_array, is_mapping, is_object
from onnx2zz.files.python_files import python_files
from onnx2zz.formats.coverage import read_coverage
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.installed import any_plugs_into, version
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.price_cache import KeyValues

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled

FORMAT = 1
"""Raise it when what is kept, or how it is written down, changes."""
COMPILING = (
    *("conservation", "conversion", "emission", "files", "formats", "frontend", "ir", "lowering", "ops", "pricing"),
)
"""The parts of this package that a compile runs, or that write down what it gave: half of all files."""
OWN_OPERATORS = "onnx2zz.operators"
"""The entry points of packages that bring operators (frontend/operators/own.py)."""


def remembered(
    model: Path, said: Mapping[str, object], store: KeyValues, compiled: "Callable[[], Compiled]"
) -> "tuple[Compiled | None, PricedWorkload, tuple[str, ...]]":
    """The workload of a model's file, with the notes of its compile; it is `compiled` where no earlier run did.

    `said`: the options of the user, as plain data. Raises InputError as the compile does; failures are not kept.
    """
    key = _key(model, said)
    known = store.get(key)
    # What cannot be read back is as good as unknown: an older form, or a damaged row.
    if is_object(known) and (found := _read(model, known)) is not None:
        return None, found, _notes(known)
    from onnx2zz.pricing.workload_file import workload_of

    made = compiled()
    workload = workload_of(made, str(model))
    store.put(key, {"entries": list(workload.layers), "coverage": workload.coverage, "notes": list(made.notes)})
    return made, workload, made.notes


def _key(model: Path, said: Mapping[str, object]) -> str:
    asked = (FORMAT, model.stem, sha256(model.read_bytes()).hexdigest(), sorted(said.items()), _program())
    return sha256(repr(asked).encode()).hexdigest()


@cache
def _program() -> str:
    """What a compile runs of this package, by the sizes and times of its files, which change with every edit, and what
    it stands on."""
    root = str(Path(__file__).parents[1])
    digest = sha256()
    with os.scandir(root) as entries:
        whole = sorted((one for one in entries if one.name.endswith(".py")), key=lambda one: one.name)
    for file in (*whole, *(one for part in COMPILING for one in python_files(f"{root}/{part}"))):
        state = file.stat()
        # Not by content: every start asks for this, and the state of a file is had without reading it.
        digest.update(f"{file.path.removeprefix(root)} {state.st_size} {state.st_mtime_ns}\n".encode())
    others = _own_operators() if any_plugs_into(OWN_OPERATORS) else []
    return f"{digest.hexdigest()} onnx {version('onnx')} Python {sys.version_info[:2]} {others}"


def _own_operators() -> list[str]:
    from importlib.metadata import entry_points  # what most runs have no need of (installed.py)

    return sorted(f"{one.name}={one.value}" for one in entry_points(group=OWN_OPERATORS))


def _read(model: Path, known: Mapping[str, object]) -> PricedWorkload | None:
    entries, coverage = known.get("entries"), known.get("coverage")
    if not _are_entries(entries) or not is_mapping(coverage):
        return None
    read = read_coverage(coverage)
    return PricedWorkload(read["model"], str(model), tuple(entries), read, from_model=True)


def _are_entries(value: object) -> TypeGuard[list[WorkloadEntry]]:
    """Whether it is a list; that entries stand in it, a digest of the store's says."""
    return isinstance(value, list)


def _notes(known: Mapping[str, object]) -> tuple[str, ...]:
    notes = known.get("notes")
    return tuple(map(str, notes)) if is_array(notes) else ()
