"""What a system file says, in our form or in Stream's, and everything that is wrong with it.

Whoever evaluates on a system and whoever checks its file read it here; no accelerator is built for it.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onnx2zz.errors import InputError
from onnx2zz.formats.core_file import CoreFile, OffchipMemory, find_core, read_core_file
from onnx2zz.formats.section import Section
from onnx2zz.formats.shipped_files import Found, find_mapping
from onnx2zz.formats.yaml_source import Path_

CoreId = int
CORE_FILE, UNREACHABLE, SERVED_BY_NONE = "core-file", "unreachable-core", "operator-without-core"
"""Kinds of what can be wrong; all else is of the kind "system"."""
SYSTEM = "system"
MOST_CORES = 1 << 14


@dataclass(frozen=True)
class Wire:
    """A link or a bus: bit a cycle, pJ a bit. A directed one leads from the first of `nodes` to the second. With
    `to_offchip` data that come or go off the chip take it as well."""

    id: str
    nodes: tuple[CoreId, ...]
    bandwidth: float
    energy_per_bit: float = 0.0
    directed: bool = False
    to_offchip: bool = False


@dataclass(frozen=True)
class Port:
    """The way off the chip: the id of what lies there, the cores at its port, the port's bit a cycle and pJ a bit."""

    id: CoreId
    memory: OffchipMemory
    served: tuple[CoreId, ...]
    bandwidth: float
    energy_per_bit: float = 0.0


@dataclass(frozen=True)
class Stream:
    """Where the network's inputs come in that no memory brings: the cores where they enter, bit a cycle, pJ a bit."""

    entered: tuple[CoreId, ...]
    bandwidth: float
    energy_per_bit: float = 0.0


@dataclass(frozen=True)
class Packets:
    """How data travel: cycles for each link, bits of a flit (0: none), flits of a header, one transfer for several
    destinations or one for each; of events the values in a flit, and flits of the longest packet (0: one value)."""

    hop_cycles: float = 0.0
    flit: int = 0
    header_flits: int = 0
    multicast: bool = True
    values_per_flit: int = 1
    packet_flits: int = 0


@dataclass(frozen=True)
class SystemFile:
    """A system that can be used: each core's file, what joins them, what lies off the chip. `mesh_width`: cores in a
    row, where they lie on a mesh and are counted row by row."""

    found: Found
    name: str
    cores: Mapping[CoreId, CoreFile]
    wires: tuple[Wire, ...]
    port: Port | None = None
    packets: Packets = Packets()
    clock_mhz: float | None = None
    mapping: str | None = None
    mesh_width: int | None = None
    stream: Stream | None = None


@dataclass
class CoreFiles:
    """The files that a system names, each read once; what is wrong with one is noted where it is named first."""

    found: Found
    whole: Section
    _read: dict[str, CoreFile | None] = field(default_factory=dict[str, "CoreFile | None"])

    def named(self, name: str, place: Path_) -> CoreFile | None:
        if name not in self._read:
            # Noted before it is tried, so that a file with faults is read once and its faults are told once.
            self._read[name] = None
            try:
                self._read[name] = read_core_file(find_core(self.found.path, name))
            except InputError as error:
                for problem in error.problems:
                    what = f"{problem.where}: {problem.what}"
                    self.whole.object_to(place, what, problem.way_out, CORE_FILE)
        return self._read[name]


def mapping_named(whole: Section) -> str | None:
    """The mapping of all cores, which must be there."""
    name = whole.value("mapping")
    if name is None:
        return None
    try:
        find_mapping(str(name))
    except InputError as error:
        for problem in error.problems:
            whole.object_to(("mapping",), f"{problem.where}: {problem.what}", problem.way_out)
    return str(name)


def object_to_islands(
    whole: Section, place: Path_, cores: Sequence[CoreId], wires: Sequence[Wire], port: Port | None
) -> None:
    """Every core must be in reach of the off-chip memory, and of all others."""
    if not cores:
        return
    # Without a way off the chip any core will do as a beginning: what counts is that all can reach each other.
    start = port.served if port is not None else (cores[0],)
    lost = sorted(set(cores) - reached_from(start, wires))
    if port is not None and not lost:  # and its results must come back
        returning = reaching(port.served, wires)
        lost = [core for core in cores if core not in returning]
    if lost:
        more = f" and {len(lost) - 4} more" if lost[4:] else ""
        what = f"no link reaches core{'s' * (len(lost) > 1)} {', '.join(map(str, lost[:4]))}{more}"
        of = "the off-chip memory" if port is not None else f"core {cores[0]}"
        whole.object_to(place, what, f"join {'them' if lost[1:] else 'it'} to {of} by links or a bus", UNREACHABLE)
    elif (pair := _apart(cores, wires)) is not None:
        # What one core has made others read over links: it goes off the chip only for want of room.
        what = f"no link leads from core {pair[0]} to core {pair[1]} on the chip"
        whole.object_to(
            place, what, "join them by links or a bus; memories that cores share are not followed", UNREACHABLE
        )


def _apart(cores: Sequence[CoreId], wires: Sequence[Wire]) -> tuple[CoreId, CoreId] | None:
    """A core, and one that data cannot travel to from it."""
    # The first reaches all, and all reach the first: then each reaches each, over the first at the worst.
    first = cores[0]
    lost = sorted(set(cores) - reached_from((first,), wires))
    if lost:
        return first, lost[0]
    arriving = reaching((first,), wires)
    return next(((core, first) for core in cores if core not in arriving), None)


def reached_from(start: Sequence[CoreId], wires: Sequence[Wire]) -> set[CoreId]:
    """The cores to which data can travel from some."""
    # Over a bus each of its cores reaches all; over a directed wire only the first one sends.
    ways = ((node, wire.nodes) for wire in wires for node in (wire.nodes[:1] if wire.directed else wire.nodes))
    return _followed(start, ways)


def reaching(end: Sequence[CoreId], wires: Sequence[Wire]) -> set[CoreId]:
    """The cores from which data can travel to any of some: one walk against the wires, not one from each core."""
    ways = ((node, wire.nodes[:1] if wire.directed else wire.nodes) for wire in wires for node in wire.nodes)
    return _followed(end, ways)


def _followed(start: Sequence[CoreId], ways: Iterable[tuple[CoreId, Sequence[CoreId]]]) -> set[CoreId]:
    """All that can be come to from some cores, each way leading from one to others."""
    leading: dict[CoreId, list[CoreId]] = {}
    for node, nodes in ways:
        leading.setdefault(node, []).extend(nodes)
    met, pending = set(start), list(start)
    while pending:
        for node in leading.get(pending.pop(), ()):
            if node not in met:
                met.add(node)
                pending.append(node)
    return met


def unserved(
    served: Collection[frozenset[str] | None], layers: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, str, str]]:
    """The layers (by name, with the operators that each goes by) that no core may run: the name, what is wrong, the way
    out. `served`: what each core runs, None for all."""
    for name, operators in layers.items():
        if not any(mine is None or mine & operators for mine in served):
            told = " or ".join(sorted(operators))
            yield name, f"no core runs {name} ({told})", f"add {told} to the operator_types of a core"


OPERATORS_OF = {
    "Pooling": ("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"),
    "Gemm": ("MatMul",),
    "Conv_downsample": ("Conv",),
}
"""The ONNX operators that a core may name for ZigZag's operator types of other names."""


def operator_names(kind: str) -> frozenset[str]:
    """What a layer goes by of which nothing but ZigZag's operator type is known: any core that runs such layers will
    do."""
    return frozenset((kind, *OPERATORS_OF.get(kind, ())))


def narrower(port: float | None, memory: float) -> float:
    """Bit a cycle of two in a row; one that says nothing does not bind."""
    # 0 is what an absent width reads as, and a port that passes nothing would be no port.
    return min(port or math.inf, memory or math.inf)
