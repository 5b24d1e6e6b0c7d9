"""What a multiply-accumulate costs: a multiplication and an addition of the table of ISSCC 2014, scaled to a node.

[H]: M. Horowitz, Computing's energy problem (and what we can do about it), ISSCC 2014, pp. 10-14: 45 nm, 0.9 V. Opened
was not the paper, but table 3 of pmc.ncbi.nlm.nih.gov/articles/PMC8934428 (32 bit) and the settings of
github.com/google/qkeras (config_public.py: the rest, and how integers of other widths lie between 8 and 32 bit).
[D]: areas of the same operations in 45 nm that go with that table in W. Dally's lectures; assumed, since no page that
has them could be opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from onnx2zz.technology.figure import Figure
from onnx2zz.technology.scaling import Node, area_factor, energy_factor, scaled_by

HOROWITZ = "Horowitz, ISSCC 2014"
AREAS = "assumed: areas that go with Horowitz's table in lectures"
AT = Node(45.0, 0.9)
ACCUMULATOR_BITS = 32
"""Sums of integers: what the chips of this field have; the table has no other width of which all agree."""
MOST_BITS = 32


@dataclass(frozen=True)
class Arithmetic:
    """One operation of the table: pJ and um2."""

    energy_pj: float
    area_um2: float


MULTIPLY: Mapping[str, Arithmetic] = {
    "int8": Arithmetic(0.2, 282.0),
    "int32": Arithmetic(3.1, 3495.0),
    "fp16": Arithmetic(1.1, 1640.0),
    "fp32": Arithmetic(3.7, 7700.0),
}
ADD: Mapping[str, Arithmetic] = {
    "int32": Arithmetic(0.1, 137.0),
    "fp16": Arithmetic(0.4, 1360.0),
    "fp32": Arithmetic(0.9, 4184.0),
}
INTEGER = re.compile(r"int([1-9]\d?)")


@dataclass(frozen=True)
class UnitCosts:
    """What `unit_energy` and `unit_area` of an accelerator's file are."""

    energy: Figure
    area: Figure


def is_unit(name: str) -> bool:
    """Whether the table says something of such operands: int1 to int32, fp16, fp32."""
    width = INTEGER.fullmatch(name)
    return name in ("fp16", "fp32") or (width is not None and int(width[1]) <= MOST_BITS)


def unit_costs(name: str, at: Node) -> UnitCosts:
    """A multiplication of operands of that kind and the addition to a sum: of 32 bit for integers, of the operands'
    own kind for floating point."""
    assert is_unit(name)
    multiply, add = _multiply(name), ADD[name if name in ADD else "int32"]
    what = f"{name} multiplication + {name if name in ADD else 'int32'} addition"
    scaled = "" if at == AT else f", {scaled_by(AT, at)}"
    return UnitCosts(
        Figure(
            (multiply.energy_pj + add.energy_pj) * energy_factor(AT, at),
            "pJ",
            f"{what}, {HOROWITZ}{_width(name)}{scaled}",
        ),
        Figure(
            (multiply.area_um2 + add.area_um2) * area_factor(AT, at), "um2", f"{what}, {AREAS}{_width(name)}{scaled}"
        ),
    )


def _multiply(name: str) -> Arithmetic:
    if name in MULTIPLY:
        return MULTIPLY[name]
    width = INTEGER.fullmatch(name)
    assert width is not None
    bits, low, high = int(width[1]), MULTIPLY["int8"], MULTIPLY["int32"]
    return Arithmetic(_parabola(bits, low.energy_pj, high.energy_pj), _parabola(bits, low.area_um2, high.area_um2))


def _parabola(bits: int, at_8: float, at_32: float) -> float:
    """a bits^2 + b bits through both figures of the table: partial products grow with the square."""
    a = (at_32 / 32 - at_8 / 8) / (32 - 8)
    return a * bits**2 + (at_8 / 8 - 8 * a) * bits


def _width(name: str) -> str:
    return "" if name in MULTIPLY else ", between its 8 and 32 bit"
