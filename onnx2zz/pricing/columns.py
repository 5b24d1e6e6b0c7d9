"""The columns of a layer's row: COLUMNS is the only list. The short table, CSV, the dataframe and a sweep's table of
layers are made from it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from onnx2zz.files.tabular import Column

if TYPE_CHECKING:
    from onnx2zz.pricing.event_driven import LayerEvents, TotalEvents
    from onnx2zz.pricing.physical import LayerPhysical, TotalPhysical
    from onnx2zz.pricing.result import Evaluation, LayerResult

Cell = str | int | float | None
TOTAL = "Total"
"""What the row of totals is called."""


@dataclass(frozen=True)
class LayerColumn:
    """A column: its name, the `unit` of its numbers, and its `value` for a layer.

    `place` is where it stands in the short table, from the left, and `format` how its numbers are written there; CSV
    and dataframe have those without a place as well. `beside`: only layers that have what this field holds have the
    column. `swept_since`: the version of the sweep's file that has it first, None where a sweep does not keep it.
    `total`: what the row of totals has of it, None for what is not added up.
    """

    name: str
    value: "Callable[[LayerResult], Cell]"
    unit: str = ""
    place: int | None = None
    format: str = ""
    beside: Literal["physical", "events", "priced_on"] | None = None
    swept_since: int | None = 1
    total: "Callable[[Evaluation], Cell] | None" = None

    def is_of(self, layer: "LayerResult") -> bool:
        """Whether a layer's row has it."""
        return self.beside is None or getattr(layer, self.beside) is not None

    @property
    def shown(self) -> Column:
        """As the short table has it."""
        return Column(self.name, self.format)


def _spatial_mapping(layer: "LayerResult") -> str | None:
    return None if layer.spatial_mapping is None else json.dumps(layer.spatial_mapping)


def _physical(
    name: str,
    unit: str,
    value: "Callable[[LayerPhysical], float | None]",
    total: "Callable[[TotalPhysical], float | None]",
) -> LayerColumn:
    return LayerColumn(
        name,
        lambda layer: value(layer.physical) if layer.physical else None,
        unit,
        beside="physical",
        swept_since=None,
        total=lambda found: total(found.total.physical) if found.total.physical else None,
    )


def _events(
    name: str,
    unit: str,
    value: "Callable[[LayerEvents], float | None]",
    total: "Callable[[TotalEvents], float | None] | None" = None,
) -> LayerColumn:
    return LayerColumn(
        name,
        lambda layer: value(layer.events) if layer.events else None,
        unit,
        beside="events",
        swept_since=None,
        total=None if total is None else lambda found: total(found.total.events) if found.total.events else None,
    )


def _incomplete(found: "Evaluation") -> str | None:
    return "incomplete" if found.total.incomplete else None


def _roofline(found: "Evaluation") -> float | None:
    """The sum over the priced layers, as the report has it."""
    return sum(layer.roofline_cycles or 0 for layer in found.layers)


COLUMNS: tuple[LayerColumn, ...] = (
    LayerColumn("id", lambda layer: layer.id),
    LayerColumn("name", lambda layer: layer.name, place=1, total=lambda found: TOTAL),
    LayerColumn("operator_type", lambda layer: layer.operator_type, place=2),
    LayerColumn(
        "energy_pj",
        lambda layer: layer.energy_pj,
        "pJ",
        place=5,
        format=",.1f",
        total=lambda found: found.total.energy_pj,
    ),
    LayerColumn(
        "latency_cycles",
        lambda layer: layer.latency_cycles,
        "cycles",
        place=4,
        format=",.0f",
        total=lambda found: found.total.latency_cycles,
    ),
    LayerColumn("macs", lambda layer: layer.macs, place=3, format=",d", total=lambda found: found.total.macs),
    LayerColumn("spatial_utilization", lambda layer: layer.spatial_utilization, place=6, format=".1%"),
    LayerColumn("spatial_mapping", _spatial_mapping),
    LayerColumn("roofline_cycles", lambda layer: layer.roofline_cycles, "cycles", total=_roofline),
    LayerColumn("bound_by", lambda layer: layer.bound_by, place=7),
    LayerColumn("below_roofline", lambda layer: layer.below_roofline),
    LayerColumn("from_cache", lambda layer: layer.from_cache, swept_since=None),
    LayerColumn("error", lambda layer: layer.error, place=8, total=_incomplete),
    LayerColumn("priced_on", lambda layer: layer.priced_on, beside="priced_on", swept_since=None),
    _physical(
        "corrected_energy_pj",
        "pJ",
        lambda physical: physical.corrected_energy_pj,
        lambda total: total.corrected_energy_pj,
    ),
    _physical(
        "static_energy_pj", "pJ", lambda physical: physical.static_energy_pj, lambda total: total.static_energy_pj
    ),
    _physical("latency_ns", "ns", lambda physical: physical.latency_ns, lambda total: total.latency_ns),
    _events("density_I", "", lambda events: events.density.get("I")),
    _events("density_W", "", lambda events: events.density.get("W")),
    _events(
        "events_operations_executed",
        "",
        lambda events: events.operations_executed,
        lambda total: total.operations_executed,
    ),
    _events("events_energy_pj", "pJ", lambda events: events.energy_pj, lambda total: total.energy_pj),
    _events("events_noc_events", "", lambda events: events.noc_events, lambda total: total.noc_events),
    _events("events_noc_energy_pj", "pJ", lambda events: events.noc_energy_pj, lambda total: total.noc_energy_pj),
    _physical("physical_energy_pj", "pJ", lambda physical: physical.energy_pj, lambda total: total.energy_pj),
    _physical(
        "physical_latency_cycles",
        "cycles",
        lambda physical: physical.latency_cycles,
        lambda total: total.latency_cycles,
    ),
)
SHOWN = tuple(sorted((one for one in COLUMNS if one.place is not None), key=lambda one: one.place or 0))
"""The short table's, from the left."""


def row(layer: "LayerResult") -> dict[str, Cell]:
    """The row of a layer: what it has, by the names of the columns."""
    return {column.name: column.value(layer) for column in COLUMNS if column.is_of(layer)}


def total_row(found: "Evaluation") -> dict[str, Cell]:
    """The row of totals: ZigZag's own, to the last bit; what is not added up is empty. `error` says if it lacks
    anything."""
    had = [column for column in COLUMNS if any(column.is_of(layer) for layer in found.layers)]
    return {column.name: None if column.total is None else column.total(found) for column in had}
