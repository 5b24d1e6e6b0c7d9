"""What decides at scale: the work, the weights and the caches of a network and of each block that it repeats, and how
much work there is for a bit that must come.

Made of the layers as they are written and of coverage.json; no number of ZigZag's depends on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from onnx2zz.formats.blocks import Block
from onnx2zz.formats.coverage import Coverage
from onnx2zz.formats.workload_entry import WorkloadEntry, layer_kind
from onnx2zz.pricing.roofline import operand_bits

if TYPE_CHECKING:
    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.result import Evaluation, LayerResult

CONST = "const"
"""What feeds an operand that is known before the run (ir/workload.py)."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Of a stretch of layers, or of all.

    `weight_bits`: of operands that are known before the run, for each layer that reads them (not of biases and scales
    that ride on a layer, which are no operand of it). `cache_bits`: of the caches that a run hands on to the next, as
    long as they are then, where the layers are that first read what the run before left. `tensor_bits`: of all tensors
    of all layers, each once a layer. `macs_per_bit`: the arithmetic intensity if each of these comes once; None where
    there are none. `energy_pj` and `latency_cycles`: of the layers that have a price; on a system of cores layers
    overlap, and the cycles are None.
    """

    macs: int
    weight_bits: int
    cache_bits: int
    tensor_bits: int
    macs_per_bit: float | None
    energy_pj: float
    latency_cycles: float | None


@dataclass(frozen=True, slots=True)
class PricedBlock(Block):
    """A block with what all of its repetitions come to."""

    footprint: Footprint


def with_footprint(evaluation: "Evaluation", workload: "PricedWorkload") -> "Evaluation":
    """The evaluation with its footprint and that of each block; unchanged for a workload that nobody compiled, as
    nothing tells its weights from its inputs."""
    if workload.coverage is None:
        return evaluation
    layers = _Layers(workload.layers, workload.coverage)
    blocks = tuple(
        PricedBlock(one.first, one.layers, one.times, layers.footprint(evaluation.layers[one.first : one.end]))
        for one in evaluation.blocks
    )
    total = evaluation.total
    # Of the whole what the total says, which is added up in ZigZag's order, and has links and memories off the chip.
    whole = replace(
        layers.footprint(evaluation.layers),
        energy_pj=total.energy_pj,
        latency_cycles=None if evaluation.system is not None else total.latency_cycles,
    )
    rest = _outside(whole, [one.footprint for one in blocks]) if blocks else None
    return replace(evaluation, blocks=blocks, footprint=whole, outside_blocks=rest)


def _outside(whole: Footprint, inside: Sequence[Footprint]) -> Footprint:
    macs = whole.macs - sum(one.macs for one in inside)
    bits = whole.tensor_bits - sum(one.tensor_bits for one in inside)
    cycles = whole.latency_cycles
    return Footprint(
        macs=macs,
        weight_bits=whole.weight_bits - sum(one.weight_bits for one in inside),
        cache_bits=whole.cache_bits - sum(one.cache_bits for one in inside),
        tensor_bits=bits,
        macs_per_bit=macs / bits if bits else None,
        energy_pj=whole.energy_pj - sum(one.energy_pj for one in inside),
        latency_cycles=None if cycles is None else cycles - sum(one.latency_cycles or 0.0 for one in inside),
    )


class _Layers:
    """Layers by id: their MACs, and the bits of their tensors, weights and caches."""

    def __init__(self, entries: Sequence[WorkloadEntry], coverage: Coverage) -> None:
        sources = {layer["id"]: layer["sources"] for layer in coverage["layers"]}
        self._macs = {layer["id"]: layer["macs"] for layer in coverage["layers"]}
        bits = _operand_bits(entries)
        self._tensors = {identity: sum(widths.values()) for identity, widths in bits.items()}
        self._weights = {
            identity: sum(size for operand, size in of.items() if sources.get(identity, {}).get(operand) == [CONST])
            for identity, of in bits.items()
        }
        self._caches = _cache_bits(entries, coverage, sources)

    def footprint(self, layers: Sequence["LayerResult"]) -> Footprint:
        """What the layers come to together; energy and cycles are those of the ones that have a price."""
        ids = [layer.id for layer in layers]
        macs, bits = (sum(of.get(one, 0) for one in ids) for of in (self._macs, self._tensors))
        return Footprint(
            macs=macs,
            weight_bits=sum(self._weights.get(one, 0) for one in ids),
            cache_bits=sum(self._caches.get(one, 0) for one in ids),
            tensor_bits=bits,
            macs_per_bit=macs / bits if bits else None,
            energy_pj=sum(layer.energy_pj or 0.0 for layer in layers),
            latency_cycles=sum(layer.latency_cycles or 0.0 for layer in layers),
        )


def _operand_bits(entries: Sequence[WorkloadEntry]) -> Mapping[int, Mapping[str, int]]:
    """Layer -> operand -> bits of its tensor. Layers that say the same but of their places are counted once."""
    known: dict[str, Mapping[str, int]] = {}
    found: dict[int, Mapping[str, int]] = {}
    for entry in entries:
        kind = layer_kind(entry)
        if kind not in known:
            known[kind] = operand_bits(entry)
        found[entry["id"]] = known[kind]
    return found


def _cache_bits(
    entries: Sequence[WorkloadEntry], coverage: Coverage, sources: Mapping[int, Mapping[str, list[int | str]]]
) -> Mapping[int, int]:
    """Layer -> bits of the caches that it is the first to read, at the width at which it reads them."""
    elements = {f"input:{cache['input']}": cache["elements"] for cache in coverage.get("caches", ())}
    found: dict[int, int] = {}
    for entry in entries if elements else ():
        for operand, feeding in sources.get(entry["id"], {}).items():
            # A third tensor has no width of its own in ZigZag's form of a layer.
            width = entry["operand_precision"].get(operand, entry["operand_precision"]["I"])
            for cache in [one for one in feeding if isinstance(one, str) and one in elements]:
                found[entry["id"]] = found.get(entry["id"], 0) + elements.pop(cache) * width
    return found
