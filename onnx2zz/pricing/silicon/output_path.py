"""Additions and pools that run where the results of a convolution leave the array: no trip to memory between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onnx2zz.formats.workload_entry import WorkloadEntry, operand_sources

PRODUCTS = ("Conv", "Gemm", "Conv_downsample")


@dataclass(frozen=True)
class Rider:
    """A layer in the output path of another: the `host` that makes its operand, and which operand that is."""

    host: int
    producer: int
    operand: str


def riders(layers: Sequence[WorkloadEntry], types: Sequence[str]) -> dict[int, Rider]:
    """Layer id -> what it rides on, for layers of `types` that read a product's result, or that of a rider.

    Of two operands that qualify the one that is made last comes straight from the array; the other waits in memory. A
    product has one layer in its output path, the first that reads it, and that may have the next.
    """
    kinds = {entry["id"]: entry["operator_type"] for entry in layers}
    order = {entry["id"]: place for place, entry in enumerate(layers)}
    found: dict[int, Rider] = {}
    taken: set[int] = set()
    for entry in layers:
        if entry["operator_type"] not in types:
            continue
        made = [
            (order[source], operand, source)
            for operand, source in operand_sources(entry).items()
            if order.get(source, len(order)) < order[entry["id"]] and source not in taken
            and (kinds[source] in PRODUCTS or source in found)
        ]  # fmt: skip
        if made:
            _, operand, source = max(made)
            found[entry["id"]] = Rider(found[source].host if source in found else source, source, operand)
            taken.add(source)
    return found


def handed_on(layers: Sequence[WorkloadEntry], riding: Mapping[int, Rider]) -> set[int]:
    """The layers whose results nobody reads but the next in the output path: they never reach a memory."""
    readers: dict[int, set[int]] = {}
    for entry in layers:
        for source in operand_sources(entry).values():
            if source != entry["id"]:
                readers.setdefault(source, set()).add(entry["id"])
    # One further reader, and the result has to be written all the same.
    return {rider.producer for layer, rider in riding.items() if readers[rider.producer] == {layer}}
