"""A network on an array that computes in memory: time by its clock, rates, and what they are at their peak."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from onnx2zz.files.plain_data import read_as
from onnx2zz.pricing.inputs import AcceleratorFile
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.zigzag.in_memory_array import InMemoryArray, in_memory_array

if TYPE_CHECKING:
    from onnx2zz.pricing.result import LayerResult

DRIVEN_BY_INPUTS = {
    True: ("dacs", "mults"),
    False: ("mults", "adders_regular", "adders_pv", "accumulators"),
}
"""The parts that switch with the bits of the inputs, of an analog array and of a digital one."""


@dataclass(frozen=True)
class InMemoryTotal:
    """The array's facts (`InMemoryArray`), and what the network makes of them.

    `latency_ns`: the array's cycles times its clock period, and the companion's on its own clock, or on the array's.
    `tops`, `topsw`: two operations a MAC, over the time and the energy of all layers; `array_tops`, `array_topsw`: of
    those that the array itself computes. `input_toggle`: the share of input bits that change from cycle to cycle;
    ZigZag's peaks are for 1, `topsw_peak_at_toggle` for this one.
    """

    array: InMemoryArray
    companion: str | None
    latency_ns: float
    companion_latency_ns: float
    tops: float | None
    topsw: float | None
    array_tops: float | None
    array_topsw: float | None
    input_toggle: float
    topsw_peak_at_toggle: float


def array_of(accelerator: AcceleratorFile, price_cache: PriceCache) -> InMemoryArray:
    """The facts of an array that computes in memory, from an earlier run or from ZigZag."""
    known = price_cache.value("in-memory array", accelerator.document)
    if known is not None:
        return read_as(InMemoryArray, known)
    found = in_memory_array(accelerator.built)
    price_cache.keep("in-memory array", accelerator.document, asdict(found))
    return found


def in_memory_total(
    array: InMemoryArray,
    layers: Sequence["LayerResult"],
    companion: str | None,
    companion_mhz: float | None,
    input_toggle: float | None,
) -> InMemoryTotal:
    """Over the priced layers. `companion_mhz`: None for the array's own clock."""
    # Two clocks: cycles of the array and of its companion must not be added before they are time.
    on_array = [layer for layer in layers if layer.priced_on is None]
    beside = [layer for layer in layers if layer.priced_on is not None]
    time = _cycles(on_array) * array.tclk_ns
    waited = _cycles(beside) * (array.tclk_ns if companion_mhz is None else 1e3 / companion_mhz)
    # Only products have MACs, and those are all on the array: so the same number serves both rates.
    operations = 2 * sum(layer.macs or 0 for layer in layers)
    toggle = 1.0 if input_toggle is None else input_toggle
    return InMemoryTotal(
        array=array,
        companion=companion,
        latency_ns=time + waited,
        companion_latency_ns=waited,
        tops=_rate(operations, (time + waited) * 1e3),
        topsw=_rate(operations, sum(layer.energy_pj or 0.0 for layer in layers)),
        array_tops=_rate(operations, time * 1e3),
        array_topsw=_rate(operations, sum(layer.energy_pj or 0.0 for layer in on_array)),
        input_toggle=toggle,
        topsw_peak_at_toggle=2 * array.macs_per_cycle / _peak_pj(array.peak_pj, array.analog, toggle),
    )


def _peak_pj(parts: Mapping[str, float], analog: bool, toggle: float) -> float:
    driven = DRIVEN_BY_INPUTS[analog]
    return sum(energy * (toggle if part in driven else 1.0) for part, energy in parts.items())


def _cycles(layers: Sequence["LayerResult"]) -> float:
    return sum(layer.latency_cycles or 0.0 for layer in layers)


def _rate(operations: int, spent: float) -> float | None:
    return operations / spent if spent else None
