"""What a sidecar file says, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from onnx2zz.sidecar.wires import Wires

OperandAccess = Literal["read", "write"]
Coding = Literal["rlc", "rlc_rows", "rlc_term", "bitmap"]
"""How zeros are left out of what a memory holds: run lengths, run lengths that end with each row (with its last
element, or with its last one that is not zero), or a bit for each element."""
Densities = Mapping[str, Mapping[str, float]]
"""Layer -> operand (I, W, O) -> the share of its elements that are not zero."""


@dataclass(frozen=True)
class MemoryFigures:
    """One memory's static power in pW per bit and area in um2 per bit; None where the file does not say."""

    static_pw_per_bit: float | None = None
    um2_per_bit: float | None = None


@dataclass(frozen=True)
class Correction:
    """What an operand's accesses to a memory really cost: ZigZag's energy times `factor`, plus `pj_per_operation` for
    each operation of the layer.

    `operand` is a memory operand (I1, I2, O). `access`: its reads or its writes only; None is both.
    """

    name: str
    memory: str
    operand: str
    access: OperandAccess | None = None
    factor: float = 1.0
    pj_per_operation: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Pages:
    """The rows of a DRAM: `bits` of one, and what it takes to open another one, in cycles and pJ."""

    bits: float
    activation_cycles: float = 0.0
    activation_pj: float = 0.0


@dataclass(frozen=True)
class Sidecar:
    """The whole file; `path` is what results call it. What it does not say is None or empty.

    `systolic_skew`: array dims that data pass unit by unit; results of a pass leave through the first.
    `pass_overhead_cycles`: between passes, and `pass_filling`: bits a cycle at which a memory is filled before each.
    `zero_gating`: operands whose zeros stop an operation. `coding`: memory -> how it holds zeros. `sliding_window`:
    memories that shift. `padded`: memories that hold inputs with their padding. `folds_apart`: memories that send
    inputs to one part of a folded loop at a time. `fresh_sums`: memories from which a sum that begins is not read.
    `output_path`: operator types that run where results leave the array. `idle_mw`: power that is drawn whatever
    happens. `dram_efficiency`: the share of its peak rate at which the highest memory works. `access_cycles`: memory
    that is not pipelined -> cycles of an access, `access_bits`: what it brings, where that is not the width of its
    port. `dram_pages`: memory -> its rows. `companion`: the accelerator that does what an array that computes in memory
    cannot; `input_toggle`: the share of input bits that change from cycle to cycle.
    """

    path: str
    clock_mhz: float | None = None
    noc_pj_per_event: float | None = None
    memories: Mapping[str, MemoryFigures] = field(default_factory=dict[str, MemoryFigures])
    corrections: tuple[Correction, ...] = ()
    interconnect: Wires = field(default_factory=Wires)
    systolic_skew: tuple[str, ...] = ()
    pass_overhead_cycles: float | None = None
    pass_filling: Mapping[str, float] = field(default_factory=dict[str, float])
    density: Densities = field(default_factory=dict[str, Mapping[str, float]])
    zero_gating: tuple[str, ...] = ()
    coding: Mapping[str, Coding] = field(default_factory=dict[str, Coding])
    sliding_window: tuple[str, ...] = ()
    padded: tuple[str, ...] = ()
    folds_apart: tuple[str, ...] = ()
    fresh_sums: tuple[str, ...] = ()
    output_path: tuple[str, ...] = ()
    idle_mw: float | None = None
    dram_efficiency: float | None = None
    access_cycles: Mapping[str, float] = field(default_factory=dict[str, float])
    access_bits: Mapping[str, float] = field(default_factory=dict[str, float])
    dram_pages: Mapping[str, Pages] = field(default_factory=dict[str, Pages])
    companion: str | None = None
    input_toggle: float | None = None

    @property
    def rules(self) -> tuple[str, ...]:
        """The keys that change what silicon makes of a layer on one accelerator."""
        return tuple(name for name in RULES if getattr(self, name))


RULES = (
    *("corrections", "systolic_skew", "pass_overhead_cycles", "pass_filling", "zero_gating", "coding"),
    *("sliding_window", "padded", "folds_apart", "fresh_sums", "output_path", "idle_mw"),
    *("dram_efficiency", "access_cycles", "dram_pages", "companion"),
)
"""What a sidecar says that a system of cores has no use for."""
