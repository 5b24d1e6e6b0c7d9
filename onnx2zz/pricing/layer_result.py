"""One layer's part of the result, given what pricing it came to."""

from collections.abc import Mapping
from dataclasses import replace

from onnx2zz.formats.workload_entry import operations
from onnx2zz.pricing.breakdown import breakdown
from onnx2zz.pricing.fold import unfolded
from onnx2zz.pricing.inputs import PricingInputs
from onnx2zz.pricing.result import LayerResult
from onnx2zz.pricing.roofline import busiest_port, operand_bits, ports_reached, roofline
from onnx2zz.pricing.supplement import Supplement
from onnx2zz.pricing.task import Outcome, Task, layer_name
from onnx2zz.zigzag.layer_price import LayerPrice
from onnx2zz.zigzag.levels import KeptLevels

MAC_TYPES = ("Conv", "Gemm", "Conv_downsample")


def layer_result(
    task: Task, outcome: Outcome, inputs: PricingInputs, from_cache: bool, supplement: Supplement
) -> LayerResult:
    """One layer's part of the result, given its outcome on the accelerator of `inputs`."""
    entry = task.entry
    unpriced = LayerResult(entry["id"], layer_name(entry), entry["operator_type"])
    if isinstance(outcome, str):
        return replace(unpriced, error=f"{unpriced.name}: {outcome}")
    least = roofline(entry, task.mapping_entry, inputs.hardware)
    port = busiest_port(entry, task.mapping_entry, inputs.hardware)
    return replace(
        unpriced,
        energy_pj=outcome.energy_pj,
        latency_cycles=outcome.latency_cycles,
        macs=operations(entry) if entry["operator_type"] in MAC_TYPES else 0,
        spatial_utilization=outcome.spatial_utilization,
        spatial_mapping=_unrolled(task, outcome),
        roofline_cycles=least.cycles,
        bound_by=least.bound_by,
        # Not against the roofline that is shown: with locality some tensors never reach the highest memory, and a
        # latency below their bound is no doubt about ZigZag.
        below_roofline=outcome.latency_cycles < _reachable(task, inputs),
        from_cache=from_cache,
        events=supplement.events(outcome, entry),
        breakdown=breakdown(outcome, operations(entry), inputs.hardware.units, port, operand_bits(entry)),
    )


def _unrolled(task: Task, price: LayerPrice) -> Mapping[str, Mapping[str, float]]:
    found = {array_dim: dict(unrolled) for array_dim, unrolled in price.spatial_mapping}
    return found if task.fold is None else unfolded(found, task.fold)


def _reachable(task: Task, inputs: PricingInputs) -> float:
    """The cycles of the roofline of what locality lets go as far as the highest memory."""
    hardware = inputs.hardware
    if isinstance(task.levels, KeptLevels):
        hardware = ports_reached(hardware, task.entry, task.levels, inputs.accelerator.hierarchy.memories)
    return roofline(task.entry, task.mapping_entry, hardware).cycles
