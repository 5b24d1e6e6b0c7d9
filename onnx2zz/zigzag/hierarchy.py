"""The memories above an array as ZigZag built them, as plain data: what a bound on cycles and energy needs of them.

What the accelerator file says is formats/accelerator.py."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """One direction of one operand's traffic at a memory: the port's place among all ports, its widths in bit per
    access (least, greatest), and pJ for an access of the greatest width."""

    port: int
    least: int
    width: int
    energy: float


@dataclass(frozen=True)
class BuiltLevel:
    """One memory of one operand. `served`: the array dims whose units share it, through lower memories or not;
    `bits`: its size.

    `read`: towards the array; `write`: from above for an input, from below for the output. None: it has no such port.
    """

    memory: str
    bits: int
    served: frozenset[str]
    read: Link | None
    write: Link | None


@dataclass(frozen=True)
class BuiltHierarchy:
    """Memory operand -> its levels, lowest first; (memory operand, served array dims, bits) of the innermost memories
    that limit unrolling; the array dims that pass results along; pJ of one operation."""

    levels: tuple[tuple[str, tuple[BuiltLevel, ...]], ...]
    inner: tuple[tuple[str, frozenset[str], int], ...]
    systolic: frozenset[str]
    operation_energy: float

    def of(self, operand: str) -> tuple[BuiltLevel, ...]:
        """The levels of a memory operand; () where no memory carries it."""
        return dict(self.levels).get(operand, ())
