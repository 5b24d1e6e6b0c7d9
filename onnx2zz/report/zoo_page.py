"""A run of the zoo as one HTML file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from onnx2zz import __version__
from onnx2zz.report.page import filled
from onnx2zz.report.sweep_words import measures
from onnx2zz.report.zoo import other_versions, verdict
from onnx2zz.zoo.run import ModelRun

SCRIPTS = ("scatter", "measures", "zoo")


def zoo_page(runs: Sequence[ModelRun], accelerators: Sequence[str], how: str) -> str:
    """The HTML. `how`: a line that says what was asked for."""
    green = sum(run.green for run in runs)
    data = {
        "measures": measures(um2=False),
        "how": how,
        "onnx2zz": __version__,
        "accelerators": list(accelerators),
        "models": [_model(run) for run in runs],
        "moved": [{**asdict(moved), "by": moved.by} for run in runs for moved in run.moved],
        "versions": other_versions(runs),
    }
    return filled(f"{green} of {len(runs)} models green", "zoo", SCRIPTS, data)


def _model(run: ModelRun) -> Mapping[str, object]:
    # Either may be missing: a model that does not compile has neither, and one that is priced only was not run. The
    # page shows zeros for such a model, and its faults beside them.
    found, proof = run.found, run.verification
    totals = {name: found.total(name) for name in found.accelerators} if found else {}
    return {
        "name": run.model.name,
        "origin": run.model.origin,
        "verdict": verdict(run),
        "green": run.green,
        "faults": run.faults,
        "layers": len(found.layers) if found else 0,
        "macs": found.macs if found else 0,
        "statuses": Counter(found.nodes.values()) if found else {},
        "exact": proof.nodes_exact if proof else 0,
        "checked": proof.nodes_checked if proof else 0,
        "matched": proof.nodes_matched if proof else 0,
        "points": proof.points if proof else 0,
        "hosts": [f"{one.op} {one.node} ({one.why})" for one in proof.host] if proof else [],
        "stand_ins": [f"{one.op} {one.node} ({one.why})" for one in proof.approximate] if proof else [],
        "prices": {name: {"energy_pj": pj, "latency_cycles": cycles} for name, (pj, cycles) in totals.items()},
        "unpriced": {name: found.unpriced(name) for name in found.accelerators} if found else {},
    }
