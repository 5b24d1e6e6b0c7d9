"""What an evaluation found, and its two fixed forms: JSON and CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING

from onnx2zz.files.comma_separated import csv_text
from onnx2zz.files.document import is_tuple
from onnx2zz.files.strict_json import json_text
from onnx2zz.files.tabular import Tabular, TextTable, data_frame
from onnx2zz.pricing.accounted import Unpriced, lost_work
from onnx2zz.pricing.columns import SHOWN, Cell, row, total_row
from onnx2zz.pricing.sparse import BEYOND, Sparse

if TYPE_CHECKING:
    from pandas import DataFrame

    from onnx2zz.formats.blocks import Block
    from onnx2zz.ir.experts import ExpertTokens
    from onnx2zz.pricing.accounted import HostNode
    from onnx2zz.pricing.breakdown import Breakdown, BreakdownPart
    from onnx2zz.pricing.certificate import Certificate
    from onnx2zz.pricing.choice_record import ChoiceRecord
    from onnx2zz.pricing.event_driven import LayerEvents, TotalEvents
    from onnx2zz.pricing.footprint import Footprint
    from onnx2zz.pricing.in_memory import InMemoryTotal
    from onnx2zz.pricing.physical import LayerPhysical, TotalPhysical
    from onnx2zz.pricing.rate import Rate
    from onnx2zz.pricing.system_result import SystemResult
    from onnx2zz.sidecar.figures import Sidecar
    from onnx2zz.zigzag.cacti_costs import MemoryCosts


@dataclass(frozen=True)
class LayerResult(Sparse):
    """One layer: energy in pJ, latency in cycles. A layer that could not be priced has an `error` and no numbers.

    `physical` and `events` are ours: after the accelerator's sidecar file, and for an event-driven core.
    `bound_by` is what makes the roofline: "units" or a memory. `below_roofline`: ZigZag's latency is less than that.
    `priced_on`: the companion of an array that computes in memory, where that has the layer.
    `choice` tells how the layer's mapping was chosen where it was, `certificate` how good `--mapping optimal` proves it
    to be, `breakdown` where energy and cycles go.
    """

    id: int
    name: str
    operator_type: str
    energy_pj: float | None = None
    latency_cycles: float | None = None
    macs: int | None = None
    spatial_utilization: float | None = None
    spatial_mapping: Mapping[str, Mapping[str, float]] | None = None
    roofline_cycles: float | None = None
    bound_by: str | None = None
    below_roofline: bool = False
    from_cache: bool = False
    error: str | None = None
    choice: "ChoiceRecord | None" = None
    physical: "LayerPhysical | None" = None
    events: "LayerEvents | None" = None
    breakdown: "Breakdown | None" = None
    priced_on: str | None = None
    certificate: "Certificate | None" = None


@dataclass(frozen=True)
class Total(Sparse):
    """The sums over the priced layers; `incomplete` if any layer is missing from them, or work of the host's."""

    energy_pj: float
    latency_cycles: float
    macs: int
    incomplete: bool
    physical: "TotalPhysical | None" = None
    events: "TotalEvents | None" = None
    in_memory: "InMemoryTotal | None" = None
    certificate: "Certificate | None" = None


@dataclass(frozen=True)
class EventsFrom:
    """The run in which events were counted: on which inputs, how many layers had random weights because the model's
    files lack theirs, and the nodes that onnxruntime did not run."""

    inputs: str
    random_weights: int
    not_run: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Evaluation(Tabular):
    """A whole run. Its fields are those of `evaluate --json`, in that order; `sidecar` is the file that `physical`
    numbers come from. `host`: nodes that are not priced. `approximate`: ids of layers that are stand-ins.
    `extracted`: what CACTI said of memories.
    `experts`: how many tokens each expert of a mixture was taken to get. `blocks`: stretches of layers, by their place
    in `layers`, that cost the same again and again. `footprint`: work, weights and caches of all layers,
    `outside_blocks`: of those that are in no block. `per`: what one token, frame or sample costs, where that was asked
    for.
    `system`: where, on a system of cores, its layers run and what its cores and links do."""

    model: str
    accelerator: str
    zigzag: str
    onnx2zz: str
    opt: str
    total: Total
    layers: tuple[LayerResult, ...]
    distinct_layers: int
    evaluated: int
    edges_added: int
    sidecar: "Sidecar | None" = None
    events_from: EventsFrom | None = None
    host: "tuple[HostNode, ...]" = ()
    approximate: tuple[int, ...] = ()
    mapping: str | None = None
    hardware: "BreakdownPart | None" = None
    extracted: "tuple[MemoryCosts, ...]" = ()
    system: "SystemResult | None" = None
    experts: "tuple[ExpertTokens, ...]" = ()
    blocks: "tuple[Block, ...]" = ()
    footprint: "Footprint | None" = None
    outside_blocks: "Footprint | None" = None
    per: "Rate | None" = None

    @property
    def unpriced(self) -> tuple[Unpriced, ...]:
        """What the total lacks: layers without a price, then nodes that are left to the host with MACs."""
        layers = (
            Unpriced(one.name, one.operator_type, None, one.error) for one in self.layers if one.error is not None
        )
        hosts = (
            Unpriced(node.node, node.op, node.macs, f"left to the host: {node.why}") for node in lost_work(self.host)
        )
        return (*layers, *hosts)

    def table(self) -> TextTable:
        caption = f"{self.model} on {self.accelerator}, best {self.opt}: {self._in_numbers()}"
        return TextTable(
            caption,
            tuple(column.shown for column in SHOWN),
            tuple(tuple(column.value(layer) for column in SHOWN) for layer in self.layers),
            tuple(total_row(self)[column.name] for column in SHOWN) if self.layers else None,
        )

    def _in_numbers(self) -> str:
        total = self.total
        if all(layer.error is not None for layer in self.layers):
            return "nothing is priced"
        said = f"{total.latency_cycles:,.0f} cycles, {total.energy_pj:,.1f} pJ, {total.macs:,} MACs"
        return f"{said} (incomplete)" if total.incomplete else said

    def records(self, *, total: bool = False) -> Sequence[Mapping[str, Cell]]:
        """A row for each layer; with `total` a last one with the sums, called Total."""
        return [*rows(self), total_row(self)] if total else rows(self)

    def to_dataframe(self, *, total: bool = False) -> "DataFrame":
        """The rows as a pandas DataFrame; with `total` the last one has the sums, and is called Total: whoever adds up
        a column leaves it out. Raises ImportError where pandas is missing."""
        return data_frame(self.records(total=total))


def as_json(evaluation: Evaluation) -> str:
    """The evaluation as an indented JSON document; numbers that are none are null (`strict_json.py`)."""
    return json_text(document(evaluation), indent=2) + "\n"


def document(result: Evaluation | Sparse) -> dict[str, object]:
    """The result as JSON holds it."""
    return _Plain().document(result)


class _Plain:
    """Results as plain data. What several layers share is made once, and shared again."""

    def __init__(self) -> None:
        self.made: dict[int, object] = {}

    def document(self, result: Evaluation | Sparse) -> dict[str, object]:
        """A result by its fields."""
        kind = Evaluation if isinstance(result, Evaluation) else result  # one with a report has fields of its own
        values = ((field.name, getattr(result, field.name)) for field in fields(kind))
        # ZigZag's own numbers are there even where they are null, so that a reader finds every key of theirs in every
        # layer.
        return {name: self._of(value) for name, value in values if name not in BEYOND or value not in (None, ())}

    def _of(self, value: object) -> object:
        if isinstance(value, Sparse):
            return self.document(value)
        if is_tuple(value):
            return [self._of(inner) for inner in value]
        if not is_dataclass(value) or isinstance(value, type):
            return value
        # By identity: layers that are alike hold the same objects, and `asdict` of a breakdown is the dearest part of
        # writing. The results live as long as this does, so that an id is not given twice.
        if id(value) not in self.made:
            self.made[id(value)] = asdict(value)
        return self.made[id(value)]


def as_csv(evaluation: Evaluation) -> str:
    """The rows as a table with a header; missing numbers are empty, the spatial mapping is JSON."""
    return csv_text(rows(evaluation))


def rows(evaluation: Evaluation) -> list[dict[str, Cell]]:
    """A row for each layer, and for each node of the host's with MACs: that has an error and no numbers, like a layer
    without a price."""
    layers = [row(layer) for layer in evaluation.layers]
    # The columns of the layers, so that a node of the host's makes no row of another shape.
    blank: dict[str, Cell] = dict.fromkeys(layers[0]) if layers else {}
    hosts = ((node, f"left to the host: {node}") for node in lost_work(evaluation.host))
    return layers + [{**blank, "name": node.node, "operator_type": node.op, "error": why} for node, why in hosts]
