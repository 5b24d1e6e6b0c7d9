"""The text of workload.yaml.

Networks repeat their layers: what an entry says beside its place in the network is written by the YAML library once,
and put around the places of all that say the same.
"""

import re
from collections.abc import Mapping, Sequence

import yaml

from onnx2zz.formats.workload_entry import WorkloadEntry

PLAIN_NAME = re.compile(r"L[0-9]+_[A-Za-z0-9_.-]*[A-Za-z0-9_]")
"""Names that YAML takes as they are: those that `compile` gives."""
ID, NAME, SOURCE = "ONNX2ZZ-ID", "ONNX2ZZ-NAME", "ONNX2ZZ-SOURCE"


def workload_text(entries: Sequence[WorkloadEntry]) -> str:
    """The entries as YAML, lists and small maps on one line."""
    if not entries or not all(map(_is_ours, entries)):
        return _dumped(entries)
    frames: dict[str, str] = {}
    return "".join(_framed(entry, frames) for entry in entries)


def _dumped(entries: Sequence[Mapping[str, object]]) -> str:
    return yaml.dump(
        list(entries), Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=None, width=1000, allow_unicode=True
    )


def _is_ours(entry: WorkloadEntry) -> bool:
    """Whether an entry's place is told as `compile` tells it."""
    name, sources = entry.get("name"), entry.get("operand_source", {})
    return name is not None and bool(PLAIN_NAME.fullmatch(name)) and sources.keys() == {"W", "I"}


def _framed(entry: WorkloadEntry, frames: dict[str, str]) -> str:
    sources = entry.get("operand_source", {})
    placed: dict[str, object] = {**entry, "id": ID, "name": NAME, "operand_source": SOURCE}
    known = repr(placed)
    if known not in frames:
        frames[known] = _dumped([placed])
    told = ", ".join(f"{operand}: {source}" for operand, source in sources.items())
    frame = frames[known].replace(ID, str(entry["id"]), 1).replace(NAME, str(entry.get("name")), 1)
    return frame.replace(SOURCE, f"{{{told}}}", 1)
