"""What of a result is held against a published figure, by the words that stand in published.csv."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from onnx2zz.pricing.breakdown import Breakdown
from onnx2zz.pricing.in_memory import InMemoryTotal
from onnx2zz.pricing.physical import Bits, LayerPhysical, TotalPhysical
from onnx2zz.pricing.result import LayerResult, Total

Found = LayerResult | Total
Value = Callable[[Found, Sequence[str]], float]

BITS_OF_A_MIB = 8 * 2**20


@dataclass(frozen=True)
class Measure:
    """A measure and what it is asked of: memories, an operand, a direction."""

    kind: str
    of: tuple[str, ...]

    def value(self, found: Found) -> float:
        """Of a layer, or of the total. Raises KeyError where the result has nothing of the kind."""
        return MEASURES[self.kind].value(found, self.of)

    def __str__(self) -> str:
        return " ".join((self.kind, *self.of))


@dataclass(frozen=True)
class Kind:
    """How a measure is taken, how many words follow its name at least, and its unit."""

    value: Value
    words: int
    unit: str


def measure_of(text: str) -> Measure | None:
    """The measure that a text names, None where there is none."""
    kind, *of = text.split() or [""]
    # An unknown word and too few words behind a known one are the same to a reader: there is no such measure.
    known = MEASURES.get(kind)
    return Measure(kind, tuple(of)) if known is not None and len(of) >= known.words else None


def _physical(found: Found) -> LayerPhysical | TotalPhysical:
    if found.physical is None:
        raise KeyError("the accelerator has no sidecar")
    return found.physical


def _moved(traffic: Bits, memory: str, operands: Sequence[str], ways: Sequence[str]) -> float:
    of_memory = traffic.get(memory, {})
    return sum(of_memory.get(operand, {}).get(way, 0.0) for operand in operands for way in ways)


def _mib(found: Found, of: Sequence[str]) -> float:
    """`traffic_mib MEMORY [OPERAND]`: all that passes its ports."""
    return _moved(_physical(found).traffic_bits, of[0], of[1:] or ("I", "W", "O"), ("read", "write")) / BITS_OF_A_MIB


def _words(found: Found, of: Sequence[str]) -> float:
    """`words MEMORY OPERAND read|write WIDTH`."""
    # Simulators count words of their own width, and not bits.
    return _moved(_physical(found).traffic_bits, of[0], of[1:2], of[2:3]) / float(of[3])


def _at_memories(found: Found, of: Sequence[str]) -> float:
    return sum(level.energy_pj for level in _breakdown(found).memory_energy if level.memory in of)


def _breakdown(found: Found) -> Breakdown:
    if not isinstance(found, LayerResult) or found.breakdown is None:
        raise KeyError("energy by memory is a layer's")
    return found.breakdown


def _memory_energy(found: Found, of: Sequence[str]) -> float:
    """`energy_1e9 MEMORY ...`: ZigZag's energy at these memories, in 1e9 of the accelerator's unit."""
    return _at_memories(found, of) / 1e9


def _pj_per_mac(found: Found, of: Sequence[str]) -> float:
    """`pj_per_mac MEMORY ...`: the array's energy and that at these memories, for each MAC."""
    return (_breakdown(found).operation_energy_pj + _at_memories(found, of)) / _known(found.macs)


def _area_mm2(found: Found, of: Sequence[str]) -> float:
    physical = _physical(found)
    if not isinstance(physical, TotalPhysical) or physical.area_um2 is None:
        raise KeyError("an area is a total's whose sidecar has areas")
    return physical.area_um2 / 1e6


def _latency_ms(found: Found, of: Sequence[str]) -> float:
    time = _physical(found).latency_ns
    if time is None:
        raise KeyError("the sidecar has no clock")
    return time / 1e6


def _cycles(found: Found, of: Sequence[str]) -> float:
    return _physical(found).latency_cycles


def _zigzags_cycles(found: Found, of: Sequence[str]) -> float:
    return _known(found.latency_cycles)


def _frames(found: Found, of: Sequence[str]) -> float:
    return 1e3 / _latency_ms(found, of)


def _array(found: Found) -> InMemoryTotal:
    if not isinstance(found, Total) or found.in_memory is None:
        raise KeyError("only the total of an array that computes in memory has a clock, an area and a peak")
    return found.in_memory


def _clock(found: Found, of: Sequence[str]) -> float:
    return _array(found).array.tclk_ns


def _area(found: Found, of: Sequence[str]) -> float:
    return _array(found).array.area_mm2


def _peak(found: Found, of: Sequence[str]) -> float:
    """At the sidecar's `input_toggle`."""
    return _array(found).topsw_peak_at_toggle


def _tops(found: Found, of: Sequence[str]) -> float:
    """Two operations a MAC."""
    return 2 * _known(found.macs) / _latency_ms(found, of) / 1e9


def _macs_1e9(found: Found, of: Sequence[str]) -> float:
    return _known(found.macs) / 1e9


def _energy(found: Found, of: Sequence[str]) -> float:
    return _known(found.energy_pj)


def _known(number: float | None) -> float:
    if number is None:
        raise KeyError("the layer has no price")
    return float(number)


MEASURES: Mapping[str, Kind] = {
    "latency_ms": Kind(_latency_ms, 0, "ms"),
    "cycles": Kind(_cycles, 0, "cycles"),
    "zigzag_cycles": Kind(_zigzags_cycles, 0, "cycles"),
    "frames_per_second": Kind(_frames, 0, "1/s"),
    "tops": Kind(_tops, 0, "TOP/s"),
    "traffic_mib": Kind(_mib, 1, "MiB"),
    "words": Kind(_words, 4, "words"),
    "energy_1e9": Kind(_memory_energy, 1, "1e9"),
    "energy_pj": Kind(_energy, 0, "pJ"),
    "macs_1e9": Kind(_macs_1e9, 0, "1e9"),
    "pj_per_mac": Kind(_pj_per_mac, 0, "pJ"),
    "area_mm2": Kind(_area_mm2, 0, "mm2"),
    "tclk_ns": Kind(_clock, 0, "ns"),
    "array_mm2": Kind(_area, 0, "mm2"),
    "topsw_peak": Kind(_peak, 0, "TOP/s/W"),
}
