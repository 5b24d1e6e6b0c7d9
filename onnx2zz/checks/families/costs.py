"""Costs that are no finite number."""

from collections.abc import Iterator, Mapping
from math import isfinite

from onnx2zz.checks.check import Check, of_accelerator
from onnx2zz.checks.context import AcceleratorContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.files.document import Value
from onnx2zz.formats.accelerator import Memory
from onnx2zz.formats.yaml_source import Path_

DRAM_BITS = 1 << 30
"""A memory of so many bits or more is a DRAM."""
LEAST_OF_A_DRAM = 0.1
"""pJ a bit: stacked DRAM takes 3 to 4 (HBM2), LPDDR 4 to 10; ZigZag's own files have 11."""
MOST_PJ_PER_BIT = 1000.0
"""Off-chip DRAM takes a few dozen at most."""


def not_finite(data: Value, place: Path_ = ()) -> Iterator[tuple[Path_, float]]:
    """Every NaN and infinity in a file's data with its place: YAML has them as .nan and .inf, and 1.0e+999 is one."""
    if isinstance(data, Mapping):
        for key, inner in data.items():
            yield from not_finite(inner, (*place, key))
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            yield from not_finite(inner, (*place, index))
    elif isinstance(data, float) and not isfinite(data):
        yield place, data


def costs(context: AcceleratorContext) -> Iterator[Finding]:
    """Costs of an accelerator that are NaN or infinite. ZigZag adds them up like any other."""
    for place, number in not_finite(context.accelerator.data):
        yield finding(
            "cost",
            "warning",
            context.accelerator,
            place,
            f"{'.'.join(map(str, place))} is {number}, which is no finite number",
            zigzag="nothing: where it counts this, energy is nan or inf, and none is the least",
            fix="write a number; 0 where it is not to be counted",
        )


def units(context: AcceleratorContext) -> Iterator[Finding]:
    """Energies that no memory has in pJ, and that one in nJ or fJ would have."""
    for memory in context.hierarchy.memories:
        # ZigZag's cost is for an access of the widest port, so this is what makes memories of any width comparable.
        width = max((port.widest or 0 for port in memory.ports), default=0)
        for field in ("r_cost", "w_cost"):
            cost = memory.raw.get(field)
            # 0 is how people say that a cost is not to be counted, and what is not finite has a finding of its own.
            if not width or not isinstance(cost, int | float) or not isfinite(cost) or cost <= 0:
                continue
            per_bit = cost / width
            is_dram = (memory.size or 0) >= DRAM_BITS
            # Only DRAM has a lower limit: a register file may well take a hundredth of a pJ, but no bit crosses a board
            # for that.
            if per_bit > MOST_PJ_PER_BIT or (is_dram and per_bit < LEAST_OF_A_DRAM):
                yield _other_unit(context, memory, field, cost, per_bit)


def _other_unit(context: AcceleratorContext, memory: Memory, field: str, cost: float, per_bit: float) -> Finding:
    other, factor = ("fJ", "divide by 1,000") if per_bit > MOST_PJ_PER_BIT else ("nJ", "multiply by 1,000")
    return finding(
        "cost",
        "note",
        context.accelerator,
        (*memory.place, field),
        f"{field} of {memory.name} is {cost:g} pJ, {per_bit:.2g} pJ a bit, which is unlike any memory of its size: "
        f"is it in {other}?",
        zigzag="nothing: it takes every cost for pJ of one access of the widest port",
        fix=f"{factor} if so; leave it if it is meant",
    )


CHECKS = (
    Check(
        code="cost",
        severity="warning",
        meaning="an energy or an area that is NaN or infinite (`.nan`, `.inf`): ZigZag adds it up, `evaluate` refuses "
        "it",
        zigzag="nothing: where it counts the number, energy is nan or inf, and none is the least",
        way_out="write a number; 0 where it is not to be counted",
        rules=(of_accelerator(costs, order=80), of_accelerator(units, order=85)),
    ),
)
