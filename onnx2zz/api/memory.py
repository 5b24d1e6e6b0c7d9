"""`onnx2zz.memory`: what a memory costs, by CACTI, as an accelerator's file has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.formats.quantity import in_bits
from onnx2zz.zigzag.cacti_costs import KINDS, Asked, MemoryKind

OLDEST_NM, NEWEST_NM = 90.0, 22.0
"""The nodes that CACTI 7 has figures for; between 22, 32, 45, 65 and 90 nm it interpolates."""


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
    size: int | str, width: int, *, technology_nm: float | str = 22.0, kind: MemoryKind = "sram"
) -> MemoryFigures:
    """What CACTI 7, as ZigZag brings it, says of a memory with one read and one write port and one bank.

    `size`: bits, or bytes as text ("16KB", "256K"); `width`: the bits that an access moves; `technology_nm`: 22 to 90.
    CACTI is a program that is built once and then started. Raises InputError for what CACTI has no figures for.
    """
    bits = _in_bits(size)
    raise_if_any(_problems(size, bits, width, technology_nm, kind))
    assert bits is not None
    from onnx2zz.pricing.extraction import memory_costs

    nanometres = float(technology_nm)
    found = memory_costs(Asked(kind, bits, width, round(nanometres / 1000, 6)))
    node = technology_nm if isinstance(technology_nm, str) else f"{technology_nm:g}"
    source = f"CACTI 7 as zigzag-dse brings it, {KINDS[kind]}, {bits:,} bit, {width} bit an access, {node} nm"
    return MemoryFigures(bits, width, nanometres, kind, source, found.read_pj, found.write_pj, found.area_mm2)


def _in_bits(size: int | str) -> int | None:
    text = str(size)
    if text.isdecimal():
        return int(text)
    return in_bits(f"{text}B" if text[-1:] in ("K", "M", "G") else text)


def _problems(
    size: int | str, bits: int | None, width: int, technology_nm: float | str, kind: MemoryKind
) -> Iterator[Problem]:
    if not bits:
        yield Problem("--size", f"{size!r} is no size", "write bits (8192), or bytes (16KB, 256K)")
    if width < 1:
        yield Problem("--width", f"{width} is no width", "write bits: 1 or more")
    if kind not in get_args(MemoryKind):
        yield Problem("--kind", f"there is no {kind!r}", f"these are: {', '.join(get_args(MemoryKind))}")
    yield from _node_problems(technology_nm)


def _node_problems(node: float | str) -> Iterator[Problem]:
    try:
        nanometres = float(node)
    except ValueError:
        yield Problem("--tech", f"{node!r} is no node", "write nanometres: 22 to 90")
        return
    if not NEWEST_NM <= nanometres <= OLDEST_NM:
        way_out = f"{NEWEST_NM:g} to {OLDEST_NM:g} nm; beyond, scale and name the law and its source"
        yield Problem("--tech", f"CACTI has no figures for {node} nm", way_out)
