"""How a mapping was chosen for a layer, as the JSON of an evaluation has it (mapping/choice_json.py writes it)."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict


class RunnerUp(TypedDict):
    """A mapping that was not chosen: its unrolling (array dim -> loop -> factor), its honest price in pJ and cycles if
    it has one, and why it was refused, if it was."""

    origin: str
    spatial_mapping: Mapping[str, Mapping[str, int]]
    honest_energy_pj: float | None
    honest_latency_cycles: float | None
    refused: str | None


class NeededWireRecord(TypedDict):
    """A wire between units in words, and the line of the sidecar's `interconnect:` that declares it."""

    what: str
    key: str


class UndeclaredRecord(TypedDict):
    """A better mapping that needs wires which nobody declared: what it would save of what is minimised, as a share."""

    needs: list[NeededWireRecord]
    saves: float
    spatial_mapping: Mapping[str, Mapping[str, int]]
    honest_energy_pj: float | None
    honest_latency_cycles: float | None


class ChoiceRecord(TypedDict):
    """Where the winner comes from, its honest price, how many were priced and enumerated, the runners-up, and why the
    search ended; `undeclared`: what undeclared wires would save. An origin of None: nothing could be chosen, the
    mapping file's entry stands."""

    origin: str | None
    honest_energy_pj: float | None
    honest_latency_cycles: float | None
    priced: int
    enumerated: int
    reason: str
    runners_up: list[RunnerUp]
    undeclared: NotRequired[UndeclaredRecord | None]  # results of 0.2.0 and before have none
