"""What is left of each flow of a layer when all rules have been applied, and which rule took how much energy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from onnx2zz.pricing.silicon.coding import coded_share
from onnx2zz.pricing.silicon.flow import OUTPUT, Flow, PricedLayer
from onnx2zz.pricing.silicon.folds import to_each_part
from onnx2zz.pricing.silicon.gating import executed, kept_of_operations
from onnx2zz.pricing.silicon.padding import with_padding
from onnx2zz.pricing.silicon.sliding_window import kept_of_windows
from onnx2zz.pricing.silicon.sums import kept_of_sums
from onnx2zz.sidecar.figures import Sidecar

Rule = Callable[[PricedLayer, Flow, Sidecar], float]

OFF_CHIP_WORDS = ("write_from_low", "read_to_high")
"""The ways that a finished result takes."""


@dataclass(frozen=True)
class Kept:
    """`shares`: what is left of each flow. `saved_pj`: rule -> the energy that it takes away, operations included;
    below 0 where it adds some."""

    shares: dict[Flow, float]
    saved_pj: Mapping[str, float]


def kept(layer: PricedLayer, sidecar: Sidecar) -> Kept:
    """The rules in the order of RULES; each takes its share of what those before it left."""
    shares = dict.fromkeys(layer.flows, 1.0)
    saved: dict[str, float] = {}
    # Rules multiply, so their order does not matter to what is left. It does to what each of them is said to have
    # saved.
    for name, rule in RULES.items():
        for flow in layer.flows:
            share = rule(layer, flow, sidecar)
            if share != 1.0:
                saved[name] = saved.get(name, 0.0) + flow.energy_pj * shares[flow] * (1.0 - share)
                shares[flow] *= share
    # Operations are no flow, so that the loop above has not met them.
    idle = layer.price.operation_energy_pj * (1.0 - executed(layer, sidecar.zero_gating))
    if idle:
        saved["zero_gating"] = saved.get("zero_gating", 0.0) + idle
    return Kept(shares, saved)


def _output_path(layer: PricedLayer, flow: Flow, sidecar: Sidecar) -> float:
    """What arrives straight from the array passes no memory; what is handed on does not reach the highest."""
    if flow.operand in layer.role.arriving:
        return 0.0
    if not layer.role.handed_on or not _leaves(layer, flow):
        return 1.0
    return 1.0 - _finished(layer, flow)


def _leaves(layer: PricedLayer, flow: Flow) -> bool:
    """Whether a flow takes finished results to the highest memory, from a lower one."""
    top = len(layer.levels(OUTPUT)) - 1
    return flow.operand == OUTPUT and flow.direction in OFF_CHIP_WORDS and flow.link == top - 1 >= 0


def _finished(layer: PricedLayer, flow: Flow) -> float:
    """The share of a flow of sums that is finished results."""
    return min(1.0, layer.layer.elements(OUTPUT) / flow.elements)


def _sliding_window(layer: PricedLayer, flow: Flow, sidecar: Sidecar) -> float:
    if flow.operand == OUTPUT or not sidecar.sliding_window:
        return 1.0
    return kept_of_windows(layer, flow, sidecar.sliding_window)


def _fresh_sums(layer: PricedLayer, flow: Flow, sidecar: Sidecar) -> float:
    return kept_of_sums(layer, flow, sidecar.fresh_sums)


def _coding(layer: PricedLayer, flow: Flow, sidecar: Sidecar) -> float:
    """Sums are no results: their zeros are not known, and they are kept as they are."""
    coding, density = sidecar.coding.get(flow.memory), layer.density.get(flow.operand)
    if coding is None or density is None:
        return 1.0
    # The last index is the one that lies side by side in memory, after which codes of rows begin anew.
    row = layer.layer.extent(layer.layer.indices[flow.operand][-1])
    share = coded_share(coding, density, flow.width, row)
    if flow.operand != OUTPUT:
        return share
    if flow.direction not in OFF_CHIP_WORDS:
        return 1.0
    finished = _finished(layer, flow)
    # Of what goes up, finished results and partial sums, only the former are coded.
    return share * finished + 1.0 - finished


def _padded(layer: PricedLayer, flow: Flow, sidecar: Sidecar) -> float:
    return with_padding(layer, flow, sidecar.padded) if sidecar.padded else 1.0


def _folds_apart(layer: PricedLayer, flow: Flow, sidecar: Sidecar) -> float:
    return to_each_part(layer, flow, sidecar.folds_apart) if sidecar.folds_apart else 1.0


def _zero_gating(layer: PricedLayer, flow: Flow, sidecar: Sidecar) -> float:
    return kept_of_operations(layer, flow, sidecar.zero_gating) if sidecar.zero_gating else 1.0


RULES: Mapping[str, Rule] = {
    "output_path": _output_path,
    "padded": _padded,
    "folds_apart": _folds_apart,
    "sliding_window": _sliding_window,
    "fresh_sums": _fresh_sums,
    "coding": _coding,
    "zero_gating": _zero_gating,
}
