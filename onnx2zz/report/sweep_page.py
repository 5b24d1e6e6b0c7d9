"""A sweep as one HTML file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onnx2zz import __version__
from onnx2zz.design_space.columns import OPTIONS
from onnx2zz.design_space.plan import AnyRun
from onnx2zz.design_space.spec import Spec
from onnx2zz.design_space.tables import spread
from onnx2zz.formats.coverage import read_coverage
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.report.page import filled
from onnx2zz.report.sweep_words import MEANING_OF_ALL, measures

SCRIPTS = ("scatter", "measures", "parallel", "why", "chosen_runs", "sweep")
Row = Mapping[str, object]


@dataclass(frozen=True)
class Told:
    """What a page says beside the rows: `decisions` (sweep_words.py) by model, whether areas are in um2, the files of
    runs that have a report of their own, by their keys and without `.html`, and sentences on pairs of them, by both
    keys."""

    decisions: Mapping[str, Mapping[str, object]]
    um2: bool
    reports: Mapping[str, str]
    compared: Mapping[str, Sequence[str]]


def sweep_page(
    asked: Spec,
    runs: Sequence[AnyRun],
    groups: Mapping[str, Sequence[Row]],
    best: Mapping[str, Sequence[Row]],
    priced: int,
    told: Told,
) -> str:
    """The HTML. `groups`: the rows that are done, by model; `best`: those of them that are on its front; `priced`: how
    many units were priced in this start."""
    rows = [row for group in groups.values() for row in group]
    on_front = {id(row) for front in best.values() for row in front}
    # Only what differs between the runs becomes a column: a sweep has a dozen options, of which two or three vary. The
    # accelerator always stands first, as it is what a reader looks for.
    parameters = dict.fromkeys(name for run in runs for name in run.design.parameters)
    spread_rows = spread(rows)
    varying = [name for name in (*OPTIONS, *parameters) if len({row.get(name) for row in spread_rows}) > 1]
    data = {
        "file": asked.path,
        "onnx2zz": __version__,
        "models": [_model(workload) for workload in {run.workload.model: run.workload for run in runs}.values()],
        "runs": [{**row, "front": id(one) in on_front} for row, one in zip(spread_rows, rows, strict=True)],
        "varying": list(dict.fromkeys(("accelerator", *varying))),
        "objectives": list(asked.pareto),
        "asked": len({run.key for run in runs}),
        "priced": priced,
        "decisions": told.decisions,
        "measures": measures(told.um2),
        "reports": told.reports,
        "compared": told.compared,
        "meaning_of_all": MEANING_OF_ALL,
    }
    return filled(f"Sweep {asked.path}", "sweep", SCRIPTS, data)


def _model(workload: PricedWorkload) -> Mapping[str, object]:
    coverage = workload.coverage or read_coverage({})
    hosts = [node for node in coverage["nodes"] if node["status"] == "host"]
    return {
        "name": workload.model,
        "statuses": Counter(node["status"] for node in coverage["nodes"]),
        "hosts": [f"{node['op']} {node['node'] or node['outputs'][0]} ({node['why']})" for node in hosts],
        "stand_ins": [layer["name"] for layer in coverage["layers"] if layer["kind"] == "approximate"],
    }
