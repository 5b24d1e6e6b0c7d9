"""A run on one accelerator over time, as events that Perfetto opens: layers one after the other, what their cycles go
to, and what each cycle costs."""

from collections.abc import Iterator, Mapping

from onnx2zz.comparison.parts import CYCLES
from onnx2zz.files.trace_events import Event, counter, process, span, trace_text, track
from onnx2zz.pricing.breakdown import Breakdown
from onnx2zz.pricing.result import Evaluation, LayerResult

CORE, LAYERS, PHASES = 1, 0, 1
IN_ORDER = ("filling", "steps", "stalls", "draining")
"""Of a layer's cycles (zigzag/layer_price.py, Cycles). Stalls lie between the steps; they are drawn behind them, since
ZigZag tells their sum."""


def core_trace(evaluation: Evaluation) -> str:
    """The whole document as text. Layers without a price take no time, and are told in its `otherData`."""
    unpriced = {layer.name: layer.error for layer in evaluation.layers if layer.error is not None}
    about = {"model": evaluation.model, "accelerator": evaluation.accelerator}
    return trace_text(_events(evaluation), about={**about, **({"not priced": unpriced} if unpriced else {})})


def _events(evaluation: Evaluation) -> Iterator[Event]:
    yield process(CORE, f"{evaluation.model} on {evaluation.accelerator}")
    yield track(CORE, LAYERS, "layers")
    yield track(CORE, PHASES, "what the cycles go to (waiting drawn behind computing)")
    start, rates = 0.0, {"operations": 0.0}
    for layer in evaluation.layers:
        if layer.latency_cycles is None:
            continue
        end = start + layer.latency_cycles
        yield span(layer.name, CORE, LAYERS, start, end, _told(layer))
        if layer.breakdown is not None:
            yield from _phases(layer.breakdown, start)
            rates = {**dict.fromkeys(rates, 0.0), **_rates(layer, layer.breakdown)}
            yield counter("pJ a cycle", CORE, start, rates)
        start = end
    yield counter("pJ a cycle", CORE, start, dict.fromkeys(rates, 0.0))


def _told(layer: LayerResult) -> Mapping[str, object]:
    return {
        "operator": layer.operator_type,
        "energy_pj": layer.energy_pj,
        "macs": layer.macs,
        "spatial_utilization": layer.spatial_utilization,
        "spatial_mapping": layer.spatial_mapping,
        "roofline_cycles": layer.roofline_cycles,
        "bound_by": layer.bound_by,
    }


def _phases(broken: Breakdown, start: float) -> Iterator[Event]:
    if broken.cycles is None:
        return
    for phase in IN_ORDER:
        cycles: float = getattr(broken.cycles, phase)
        if cycles:
            yield span(CYCLES[phase], CORE, PHASES, start, start + cycles, {"cycles": cycles})
        start += cycles


def _rates(layer: LayerResult, broken: Breakdown) -> Mapping[str, float]:
    """pJ a cycle, on average over the layer, of the operations and of each memory."""
    cycles = layer.latency_cycles or 1.0
    rates = {"operations": broken.operation_energy_pj / cycles}
    for level in broken.memory_energy:
        rates[level.memory] = rates.get(level.memory, 0.0) + level.energy_pj / cycles
    return rates
