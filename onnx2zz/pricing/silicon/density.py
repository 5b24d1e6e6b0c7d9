"""How dense the tensors of each layer are: as stated, as a run measured them, or as those say who read them."""

import re
from collections.abc import Iterator, Mapping, Sequence

from onnx2zz.formats.workload_entry import WorkloadEntry, operand_sources
from onnx2zz.pricing.event_driven import Activities
from onnx2zz.pricing.silicon.flow import OUTPUT
from onnx2zz.sidecar.figures import Densities

NUMBERED = re.compile(r"^L\d+_")
"""What `compile` puts before the name of a node."""


def layer_densities(
    layers: Sequence[WorkloadEntry], stated: Densities, measured: Activities | None
) -> dict[int, Mapping[str, float]]:
    """Layer id -> operand -> the share of elements that are not zero, where it is known.

    A layer is stated by its name, or by that without `L<id>_`. What is stated comes before what was measured. An output
    is as dense as its readers' inputs are; behind a pool, which makes a tensor denser, that is an upper bound.
    """
    own = {
        entry["id"]: {
            **(measured.layers[entry["id"]].density if measured and entry["id"] in measured.layers else {}),
            **_stated(entry, stated),
        }
        for entry in layers
    }
    readers = _readers(layers)
    return {entry["id"]: {**own[entry["id"]], **_of_output(entry["id"], own, readers)} for entry in layers}


def unknown_layers(layers: Sequence[WorkloadEntry], stated: Densities) -> tuple[str, ...]:
    """The stated names that no layer has."""
    names = {name for entry in layers for name in _names(entry)}
    return tuple(name for name in stated if name not in names)


def _names(entry: WorkloadEntry) -> tuple[str, str]:
    name = str(entry.get("name") or f"Layer{entry['id']}")
    return name, NUMBERED.sub("", name)


def _stated(entry: WorkloadEntry, stated: Densities) -> Mapping[str, float]:
    for name in _names(entry):
        if name in stated:
            return stated[name]
    return {}


def _readers(layers: Sequence[WorkloadEntry]) -> dict[int, list[tuple[WorkloadEntry, str]]]:
    readers: dict[int, list[tuple[WorkloadEntry, str]]] = {}
    for entry in layers:
        for operand, source in operand_sources(entry).items():
            if source != entry["id"]:
                readers.setdefault(source, []).append((entry, operand))
    return readers


def _of_output(
    layer: int, own: Mapping[int, Mapping[str, float]], readers: Mapping[int, list[tuple[WorkloadEntry, str]]]
) -> Mapping[str, float]:
    known = own[layer].get(OUTPUT)
    if known is None:
        # Readers may see other parts of it. The densest is the safe one: less density saves energy.
        known = max(_read(layer, own, readers), default=None)
    return {} if known is None else {OUTPUT: known}


def _read(
    layer: int, own: Mapping[int, Mapping[str, float]], readers: Mapping[int, list[tuple[WorkloadEntry, str]]]
) -> Iterator[float]:
    for entry, operand in readers.get(layer, ()):
        density = own[entry["id"]].get(operand)
        if density is None and entry["operator_type"] == "Pooling":
            density = _of_output(entry["id"], own, readers).get(OUTPUT)
        if density is not None:
            yield density
