"""How a mapping was chosen for a layer, as the JSON of an evaluation has it (mapping/choice_json.py writes it)."""

from collections.abc import Mapping
from typing import TypedDict


class RunnerUp(TypedDict):
    """A mapping that was not chosen: its unrolling (array dim -> loop -> factor), its honest price in pJ and cycles if
    it has one, and why it was refused, if it was."""

    origin: str
    spatial_mapping: Mapping[str, Mapping[str, int]]
    honest_energy_pj: float | None
    honest_latency_cycles: float | None
    refused: str | None


class ChoiceRecord(TypedDict):
    """Where the winner comes from, its honest price, how many were priced and enumerated, the runners-up, and why the
    search ended. An origin of None: nothing could be chosen, the mapping file's entry stands."""

    origin: str | None
    honest_energy_pj: float | None
    honest_latency_cycles: float | None
    priced: int
    enumerated: int
    reason: str
    runners_up: list[RunnerUp]
