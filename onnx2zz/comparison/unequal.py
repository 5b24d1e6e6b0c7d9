"""What must be known before two runs are compared: where they are not runs of the same thing."""

from collections.abc import Iterator, Mapping
from typing import Any

from onnx2zz.comparison.parts import Run, priced

Widths = Mapping[str, Mapping[str, int]]
"""Of each layer, the bits of each operand's tensor."""
Labels = tuple[str, str]
"""What the two runs are called."""


def unequal(first: Run, second: Run, labels: Labels) -> list[str]:
    """A sentence for each way in which two runs are not alike."""
    return [
        sentence for found in (_of_the_model, _of_the_chip, _of_the_asking) for sentence in found(first, second, labels)
    ]


def _both(labels: Labels, first: object, second: object) -> str:
    return f"{labels[0]} {first}, {labels[1]} {second}"


def _of_the_model(first: Run, second: Run, labels: Labels) -> Iterator[str]:
    if first["model"] != second["model"]:
        yield f"different models: {_both(labels, first['model'], second['model'])}"
    names = [{layer["name"] for layer in run["layers"]} for run in (first, second)]
    for label, only in zip(labels, (names[0] - names[1], names[1] - names[0]), strict=True):
        if only:
            shown = ", ".join(sorted(only)[:3]) + (f" and {len(only) - 3} more" if len(only) > 3 else "")
            yield f"{len(only)} layer{'s' * (len(only) > 1)} only in {label}: {shown}"
    yield from _of_widths(_bits(first), _bits(second), labels)


def _of_widths(mine: Widths, theirs: Widths, labels: Labels) -> Iterator[str]:
    differ = [(name, operand) for name, bits in mine.items() for operand in bits if _other(name, operand, mine, theirs)]
    if differ:
        name, operand = differ[0]
        layers = len({layer for layer, _ in differ})
        yield (
            f"{layers} layer{'s have' if layers > 1 else ' has'} tensors of another size or precision: {operand} of "
            f"{name} is {_both(labels, f'{mine[name][operand]:,} bit', f'{theirs[name][operand]:,}')}"
        )


def _other(name: str, operand: str, mine: Widths, theirs: Widths) -> bool:
    return theirs.get(name, {}).get(operand, mine[name][operand]) != mine[name][operand]


def _bits(run: Run) -> Widths:
    return {layer["name"]: layer["breakdown"]["bits"] for layer in priced(run) if layer.get("breakdown")}


def _of_the_chip(first: Run, second: Run, labels: Labels) -> Iterator[str]:
    units = [_units(run) for run in (first, second)]
    if units[0] != units[1]:
        yield f"unequal arrays: {_both(labels, *units)}"
    clocks = [clock_mhz(run) for run in (first, second)]
    if clocks[0] != clocks[1]:
        told = [f"{clock:g} MHz" if clock else "not told" for clock in clocks]
        yield f"unequal clocks: {_both(labels, *told)}; cycles are not times"


def _units(run: Run) -> str:
    system: Mapping[str, Any] | None = run.get("system")
    if system is not None:
        return f"{len(system['cores'])} cores"
    hardware: Mapping[str, Any] = run.get("hardware") or {}
    units: int | None = hardware.get("units")
    return "as many units as its file has" if units is None else f"{units:,} unit{'s' * (units != 1)}"


def clock_mhz(run: Run) -> float | None:
    """The clock that the run's sidecar, or system file, gives."""
    of: Mapping[str, Any] = run.get("system") or run.get("sidecar") or {}
    return of.get("clock_mhz")


def _of_the_asking(first: Run, second: Run, labels: Labels) -> Iterator[str]:
    for key, what in (("opt", "mapped for the best"), ("zigzag", "ZigZag"), ("onnx2zz", "onnx2zz")):
        if first[key] != second[key]:
            yield f"{what}: {_both(labels, first[key], second[key])}"
    systems: list[Mapping[str, Any]] = [run.get("system") or {} for run in (first, second)]
    kinds = [system.get("schedule", "one accelerator, layer by layer") for system in systems]
    # Layer by layer and in stacks are both one frame from end to end, so that only a pipeline's numbers mean another
    # thing.
    if kinds[0] != kinds[1] and "pipeline" in kinds:
        yield f"unlike schedules: {_both(labels, *kinds)}; a pipeline's numbers are one frame's, without what is set up"
    mappings = [run.get("mapping") for run in (first, second)]
    # On different accelerators different mappings are no surprise, and mostly have no other choice.
    if mappings[0] != mappings[1] and first["accelerator"] == second["accelerator"]:
        yield f"other mappings: {_both(labels, *(one or 'its own' for one in mappings))}"
