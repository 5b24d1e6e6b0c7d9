"""`onnx2zz.memory`: what a memory costs, by CACTI, as an accelerator's file has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from onnx2zz.api.node import node_problems
from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.formats.quantity import in_bits
from onnx2zz.zigzag.cacti_costs import MemoryKind


@dataclass(frozen=True, repr=False)
class MemoryFigures:
    """What CACTI says of a memory, by the names of an accelerator's file: bits, pJ for an access of its full width,
    mm2. It shows itself as lines for that file."""

    size_bits: int
    width: int
    technology_nm: float
    kind: MemoryKind
    source: str
    r_cost_pj: float
    w_cost_pj: float
    area_mm2: float

    def __repr__(self) -> str:
        return "\n".join((
            f"# {self.source}; one read and one write port, one bank",
            f"size: {self.size_bits}",
            f"r_cost: {self.r_cost_pj:.6g} # pJ",
            f"w_cost: {self.w_cost_pj:.6g} # pJ",
            f"area: {self.area_mm2:.6g} # mm2",
        ))  # fmt: skip


def memory(
    size: int | str,
    width: int,
    *,
    technology_nm: float | str = 22.0,
    kind: MemoryKind = "sram",
    voltage: float | None = None,
) -> MemoryFigures:
    """What CACTI 7, as ZigZag brings it, says of a memory with one read and one write port and one bank.

    `size`: bits, or bytes as text ("16KB", "256K"); `width`: the bits that an access moves; `technology_nm`: 7 to 90,
    below 22 scaled from 22 nm by a law that the source names (docs/physical.md), at `voltage` or the supply that is
    assumed for the node. CACTI is a program that is built once and then started. Raises InputError for what CACTI has
    no figures for.
    """
    bits = _in_bits(size)
    raise_if_any(_problems(size, bits, width, technology_nm, kind, voltage))
    assert bits is not None
    from onnx2zz.technology.memory import costs_at

    nanometres = float(technology_nm)
    found = costs_at(kind, bits, width, nanometres, voltage)
    costs = found.costs
    return MemoryFigures(bits, width, nanometres, kind, found.source, costs.read_pj, costs.write_pj, costs.area_mm2)


def _in_bits(size: int | str) -> int | None:
    text = str(size)
    if text.isdecimal():
        return int(text)
    return in_bits(f"{text}B" if text[-1:] in ("K", "M", "G") else text)


def _problems(
    size: int | str, bits: int | None, width: int, technology_nm: float | str, kind: MemoryKind, voltage: float | None
) -> Iterator[Problem]:
    if not bits:
        yield Problem("--size", f"{size!r} is no size", "write bits (8192), or bytes (16KB, 256K)")
    if width < 1:
        yield Problem("--width", f"{width} is no width", "write bits: 1 or more")
    if kind not in get_args(MemoryKind):
        yield Problem("--kind", f"there is no {kind!r}", f"these are: {', '.join(get_args(MemoryKind))}")
    yield from node_problems(technology_nm, voltage)
