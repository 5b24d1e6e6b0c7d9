"""What an evaluation found, and its two fixed forms: JSON and CSV."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LayerResult:
    """One layer: energy in pJ, latency in cycles. A layer that could not be priced has an `error` and no numbers.

    `bound_by` is what makes the roofline: "units" or a memory. `below_roofline`: ZigZag's latency is less than that.
    `choice` tells how `--mapping auto` came to the layer's mapping.
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
    choice: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Total:
    """The sums over the priced layers; `incomplete` if any layer is missing from them."""

    energy_pj: float
    latency_cycles: float
    macs: int
    incomplete: bool


@dataclass(frozen=True)
class Evaluation:
    """A whole run. Its fields are those of `evaluate --json`, in that order."""

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


def as_json(evaluation: Evaluation) -> str:
    """The evaluation as an indented JSON document."""
    return json.dumps(asdict(evaluation), indent=2) + "\n"


def as_csv(evaluation: Evaluation) -> str:
    """The layers as a table with a header; missing numbers are empty, the spatial mapping is JSON."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(LayerResult.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(layer) for layer in evaluation.layers)
    return text.getvalue()


def _row(layer: LayerResult) -> dict[str, Any]:
    row = asdict(layer)
    nested = {field: json.dumps(row[field]) for field in ("spatial_mapping", "choice") if row[field] is not None}
    return row | nested
