"""Costs that are no finite number."""

from collections.abc import Iterator, Mapping
from math import isfinite

from onnx2zz.checks.check import Check, of_accelerator
from onnx2zz.checks.context import AcceleratorContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.files.document import Value
from onnx2zz.formats.yaml_source import Path_


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


CHECKS = (
    Check(
        code="cost",
        severity="warning",
        meaning="an energy or an area that is NaN or infinite (`.nan`, `.inf`): ZigZag adds it up, `evaluate` refuses "
        "it",
        zigzag="nothing: where it counts the number, energy is nan or inf, and none is the least",
        way_out="write a number; 0 where it is not to be counted",
        rules=(of_accelerator(costs, order=80),),
    ),
)
