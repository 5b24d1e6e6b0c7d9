"""A choice as the JSON of an evaluation has it."""

from onnx2zz.mapping.chosen import Candidate, Choice, Undeclared
from onnx2zz.pricing.choice_record import ChoiceRecord, RunnerUp, UndeclaredRecord


def as_json(choice: Choice) -> ChoiceRecord:
    """The choice for one layer."""
    return {
        "origin": choice.best.origin if choice.best else None,
        "honest_energy_pj": choice.best.energy_pj if choice.best else None,
        "honest_latency_cycles": choice.best.latency_cycles if choice.best else None,
        "priced": choice.priced,
        "enumerated": choice.enumerated,
        "reason": choice.reason,
        "runners_up": [_runner_up(candidate) for candidate in choice.runners_up],
        "undeclared": _undeclared(choice.undeclared) if choice.undeclared else None,
    }


def _undeclared(found: Undeclared) -> UndeclaredRecord:
    return {
        "needs": [{"what": wire.what, "key": wire.key} for wire in found.needs],
        "saves": found.saves,
        "spatial_mapping": {dim: dict(pairs) for dim, pairs in found.candidate.unrolling},
        "honest_energy_pj": found.candidate.energy_pj,
        "honest_latency_cycles": found.candidate.latency_cycles,
    }


def _runner_up(candidate: Candidate) -> RunnerUp:
    return {
        "origin": candidate.origin,
        "spatial_mapping": {dim: dict(pairs) for dim, pairs in candidate.unrolling},
        "honest_energy_pj": candidate.energy_pj,
        "honest_latency_cycles": candidate.latency_cycles,
        "refused": candidate.refused,
    }
