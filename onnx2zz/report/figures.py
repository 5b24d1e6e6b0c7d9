"""The figures of an evaluation as files, for papers and slides: matplotlib's SVG and PNG."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from onnx2zz.files.written_file import write_whole_bytes
from onnx2zz.pricing.result import Evaluation, LayerResult
from onnx2zz.report.axes import Axes
from onnx2zz.report.quantity import ENERGY, unit_for

if TYPE_CHECKING:
    from onnx2zz.report.shown_figure import ShownFigure

FigureName = Literal["latency", "energy", "utilization", "roofline"]
NAMES: tuple[FigureName, ...] = get_args(FigureName)
PRINTED_DPI = 160
UNITS, OVER = "#eb6834", "#c9c8c0"
NEAR_TO_FAR = ("#a9cbf3", "#7fb0ec", "#4f90df", "#2a70c4", "#1b559b", "#113a6e")
Part = tuple[str, str, list[float]]
"""What a stacked bar is made of: label, colour, a value for each layer."""


def write_figures(evaluation: Evaluation, folder: Path) -> None:
    """Writes latency, energy, utilization and roofline, each as .svg and .png. Needs matplotlib."""
    for name in NAMES:
        drawn = figure(evaluation, name)
        for kind in ("svg", "png"):
            write_whole_bytes(folder / f"{name}.{kind}", drawn.image(kind, PRINTED_DPI))


def figure(evaluation: Evaluation, name: FigureName) -> "ShownFigure":
    """One figure, of the priced layers. Needs matplotlib."""
    layers = [layer for layer in evaluation.layers if layer.breakdown is not None]
    drawn, axes = _sheet(len(layers), name == "roofline")
    _drawings()[name](axes, evaluation, layers)
    axes.set_title(f"{evaluation.model} on {evaluation.accelerator}", fontsize=10)
    return drawn


def _drawings() -> Mapping[FigureName, Callable[[Axes, Evaluation, Sequence[LayerResult]], None]]:
    return {"latency": _latency, "energy": _energy, "utilization": _utilization, "roofline": _roofline}


def _sheet(layers: int, square: bool) -> "tuple[ShownFigure, Axes]":
    from onnx2zz.report.shown_figure import ShownFigure

    sheet = ShownFigure(figsize=(7, 4.5 if square else 1.4 + 0.22 * max(layers, 4)), layout="constrained")
    sheet.subplots()
    return sheet, sheet.axes[0]


def _latency(axes: Axes, evaluation: Evaluation, layers: Sequence[LayerResult]) -> None:
    bounds = dict.fromkeys(layer.bound_by or "" for layer in layers)
    least = [min(layer.roofline_cycles or 0, layer.latency_cycles or 0) for layer in layers]
    parts: list[Part] = [(_bound(bound), _colour(evaluation, bound), _where(layers, bound, least)) for bound in bounds]
    over = [(layer.latency_cycles or 0) - needed for layer, needed in zip(layers, least, strict=True)]
    _bars(axes, layers, [*parts, ("above the roofline", OVER, over)], "cycles")


def _where(layers: Sequence[LayerResult], bound: str, values: Sequence[float]) -> list[float]:
    return [value if layer.bound_by == bound else 0 for layer, value in zip(layers, values, strict=True)]


def _energy(axes: Axes, evaluation: Evaluation, layers: Sequence[LayerResult]) -> None:
    broken = [layer.breakdown for layer in layers if layer.breakdown]
    size, unit = unit_for(max((layer.energy_pj or 0 for layer in layers), default=0), ENERGY)
    operations: Part = ("operations", UNITS, [one.operation_energy_pj / size for one in broken])
    memories: list[Part] = [
        (
            name,
            _colour(evaluation, name),
            [sum(e.energy_pj for e in b.memory_energy if e.memory == name) / size for b in broken],
        )
        for name in _memories(evaluation)
    ]
    _bars(axes, layers, [operations, *memories], f"energy [{unit}]")


def _utilization(axes: Axes, evaluation: Evaluation, layers: Sequence[LayerResult]) -> None:
    used = [b.compute_cycles / (layer.latency_cycles or 1) for layer in layers if (b := layer.breakdown)]
    idle = [max((layer.spatial_utilization or 0) - at_work, 0) for layer, at_work in zip(layers, used, strict=True)]
    _bars(axes, layers, [("at work", UNITS, used), ("mapped, but waiting", OVER, idle)], "share of the units")


def _bars(axes: Axes, layers: Sequence[LayerResult], parts: Sequence[Part], quantity: str) -> None:
    rows, left = range(len(layers)), [0.0] * len(layers)
    for label, colour, values in parts:
        axes.barh(rows, values, left=left, color=colour, label=label, edgecolor="white", linewidth=0.4)
        left = [before + value for before, value in zip(left, values, strict=True)]
    axes.set_yticks(rows, [_plain(layer.name) for layer in layers], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel(quantity)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(fontsize=7, frameon=False)


def _roofline(axes: Axes, evaluation: Evaluation, layers: Sequence[LayerResult]) -> None:
    points = [(layer, b, b.port) for layer in layers if (b := layer.breakdown) and b.port and b.port.bits]
    for layer, b, port in points:
        share = (layer.latency_cycles or 0) / (evaluation.total.latency_cycles or 1)
        across, up = b.operations / port.bits, b.operations / (layer.latency_cycles or 1)
        colour = _colour(evaluation, layer.bound_by or "")
        axes.scatter(across, up, s=20 + 260 * share, color=colour, edgecolors="white")
    units = evaluation.hardware.units if evaluation.hardware else 1
    least, most = min((b.operations / p.bits for _, b, p in points), default=1), 1.0
    most = max((b.operations / p.bits for _, b, p in points), default=1)
    # A roof for each width of port, since layers on different ports have different slopes. Each begins below and ends
    # above all points and its own bend, so that the bend is always in the picture.
    for width in {port.width for _, _, port in points}:
        start, end = min(least, units / width) / 2, max(most, units / width) * 2
        axes.plot([start, units / width, end], [start * width, units, units], color="#16161a", linewidth=1.2)
    axes.set(xscale="log", yscale="log", xlabel="operations per bit", ylabel="operations per cycle")
    axes.grid(alpha=0.25)


def _memories(evaluation: Evaluation) -> list[str]:
    return list(evaluation.hardware.memories) if evaluation.hardware else []


def _colour(evaluation: Evaluation, bound: str) -> str:
    """A memory's, the stronger the farther from the array; else the units'."""
    names = _memories(evaluation)
    if bound not in names:
        return UNITS
    return NEAR_TO_FAR[3 if len(names) < 2 else round(5 * names.index(bound) / (len(names) - 1))]


def _bound(bound: str) -> str:
    return f"needed by {'the array' if bound == 'units' else bound}"


def _plain(name: str) -> str:
    """A name that matplotlib does not read as a formula."""
    return name.replace("$", r"\$")
