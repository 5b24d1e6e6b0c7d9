"""A system as it is described: cores with their accelerators, the network between them, what lies off the chip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from onnx2zz.pricing.inputs import AcceleratorFile
from onnx2zz.sidecar.figures import Sidecar
from onnx2zz.system.network import CoreId, Network


@dataclass(frozen=True)
class Core:
    """One core: the accelerator that it is, without the off-chip level, and what it may run.

    `operators`: ONNX operators, or ZigZag's operator types; None: all. `capacity`: bits of its highest memory; a core
    with one highest memory for each operand has the sum. `port_bits`: what that memory takes or gives in a cycle.
    """

    id: CoreId
    accelerator: AcceleratorFile
    capacity: int
    port_bits: float
    operators: frozenset[str] | None = None
    mapping: str | None = None
    sidecar: Sidecar | None = None

    @property
    def name(self) -> str:
        return self.accelerator.path.stem

    def runs(self, operators: frozenset[str]) -> bool:
        """Whether a layer that goes by these names may run on it."""
        return self.operators is None or bool(self.operators & operators)


@dataclass(frozen=True)
class Offchip:
    """The memory that lies off the chip: its core's id, and pJ for a bit read and written."""

    id: CoreId
    name: str
    read_pj_per_bit: float
    write_pj_per_bit: float


@dataclass(frozen=True)
class System:
    """Cores that compute, by id, and what joins them. Times are cycles of `clock_mhz`."""

    name: str
    path: Path
    cores: tuple[Core, ...]
    network: Network
    offchip: Offchip | None = None
    clock_mhz: float | None = None
    mesh_width: int | None = None

    def nearest(self, cores: Sequence[CoreId], number: int) -> tuple[CoreId, ...]:
        """So many of some cores, those that lie closest around the off-chip port, or else the first core: on a mesh the
        smaller mesh in its corner, so that a larger system does what a smaller one can do."""
        port = self.network.port
        around = port.nodes[0] if port is not None else min(cores)
        # Chosen by nearness, told by number: as a placement has them, and as an equal choice elsewhere.
        return tuple(sorted(sorted(cores, key=lambda core: (self._shell(around, core), core))[:number]))

    def _shell(self, around: CoreId, core: CoreId) -> int:
        if self.mesh_width is None:
            return self.network.hops(around, core)
        (y, x), (row, column) = divmod(around, self.mesh_width), divmod(core, self.mesh_width)
        # Squares round the port and not hops: the nearest cores of a large mesh are then a small mesh.
        return max(abs(row - y), abs(column - x))

    @cached_property
    def by_id(self) -> Mapping[CoreId, Core]:
        return {core.id: core for core in self.cores}

    @cached_property
    def same_port(self) -> float | None:
        """Bit a cycle of the memory of every core; None where cores differ."""
        found = {core.port_bits for core in self.cores}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def called(self) -> Mapping[Path, str]:
        """What each accelerator is called: its file's name, with as much of the folders as tells it from the others."""
        files = list(dict.fromkeys(core.accelerator.path for core in self.cores))
        parts = [file.with_suffix("").parts for file in files]
        depths = range(1, max(map(len, parts), default=0) + 1)
        depth = next((depth for depth in depths if len({own[-depth:] for own in parts}) == len(files)), 1)
        return {file: "/".join(own[-depth:]) for file, own in zip(files, parts, strict=True)}

    @cached_property
    def accelerators(self) -> Mapping[str, AcceleratorFile]:
        """The accelerators of its cores, by what they are called."""
        return {self.called[core.accelerator.path]: core.accelerator for core in self.cores}

    @cached_property
    def kinds(self) -> Mapping[tuple[Path, str | None], tuple[Core, ...]]:
        """The cores by accelerator and mapping: cores of one kind price alike."""
        found: dict[tuple[Path, str | None], list[Core]] = {}
        for core in self.cores:
            found.setdefault((core.accelerator.path, core.mapping), []).append(core)
        return {kind: tuple(cores) for kind, cores in found.items()}
