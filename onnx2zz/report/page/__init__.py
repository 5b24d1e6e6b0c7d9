"""Reports as one HTML file that needs nothing else: style, scripts and numbers are inside it.

`filled` fills page.html. The scripts draw the numbers in the browser; each has a subject of its own, and they are
joined in order, those that every report has first. `page` is the report of an evaluation, or compares
several.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from onnx2zz.files.strict_json import json_text
from onnx2zz.report.choices import told_of_choices
from onnx2zz.report.hardware_drawing import hardware_svg
from onnx2zz.report.model_graph import Feeds, covered_feeds, model_graph

SHARED = ("document", "quantities", "bar", "headline", "table", "diagram", "coverage", "theme")
EVALUATION = (
    *(
        "run",
        "system",
        "timeline",
        "bars",
        "why",
        "overview",
        "roofline",
        "scale",
        "choices",
        "nest",
        "layers",
        "canvas",
        "graph",
        "hardware",
    ),
    *("accounts", "main"),
)
PLACE = re.compile(r"\{\{(\w+)\}\}")
"""Where a part goes in page.html. Filled in one pass: what a part says is never read as a place."""


@dataclass(frozen=True)
class PageRun:
    """One run: the document that `evaluate --json` writes, what lies in coverage.json, if anything does, the drawing of
    its schedule (timeline.py), if it has one, and what feeds its layers where coverage.json does not tell it."""

    evaluation: Mapping[str, Any]
    coverage: Mapping[str, Any] | None = None
    timeline: Mapping[str, object] | None = None
    feeds: Feeds | None = None

    @property
    def hardware_drawings(self) -> list[str]:
        """The accelerator, or each kind of core of a system, drawn as SVG; none of a result that does not tell it."""
        system: Mapping[str, Any] = self.evaluation.get("system") or {}
        hardware = self.evaluation.get("hardware")
        one = [{**hardware, "name": self.evaluation["accelerator"]}] if hardware else []
        told = [kind for kind in (*one, *system.get("core_kinds", ())) if kind.get("accelerator")]
        return [hardware_svg(kind["name"], kind["accelerator"], kind["sources"]) for kind in told]

    @property
    def graph(self) -> Mapping[str, object] | None:
        """The drawing of its layers and what feeds them (model_graph.py); None where nothing tells what does."""
        feeds = covered_feeds(self.coverage) if self.coverage is not None else self.feeds
        return None if feeds is None else model_graph(feeds, self.evaluation.get("blocks", ()))


def page(runs: Sequence[PageRun], why: Sequence[tuple[str, Sequence[str]]] = ()) -> str:
    """The HTML of a run, or of several side by side; `why`: a title and sentences for each pair on what makes the
    difference, those that belong to the one before begin with blanks."""
    assert runs
    title = " against ".join(f"{run.evaluation['model']} on {run.evaluation['accelerator']}" for run in runs)
    data = {
        "runs": [_data(run) for run in runs],
        "why": [[title, list(sentences)] for title, sentences in why],
    }
    return filled(title, "evaluation", EVALUATION, data)


def _data(run: PageRun) -> Mapping[str, object]:
    drawn = {"coverage": run.coverage, "timeline": run.timeline, "graph": run.graph, "drawings": run.hardware_drawings}
    return {**run.evaluation, **drawn, "chosen": told_of_choices(run.evaluation)}


def filled(title: str, body: str, scripts: Sequence[str], data: Mapping[str, object]) -> str:
    """The HTML of a report: the sections of `body`, which `scripts` fill with `data` (what JSON can hold)."""
    parts = {
        "title": escape(title),
        "style": _part("page.css"),
        "body": _part(f"{body}.html"),
        "data": _as_data(data),
        "script": "\n".join(_part(f"{name}.js") for name in (*SHARED, *scripts)),
    }
    return PLACE.sub(lambda place: parts[place[1]], _part("page.html"))


def _as_data(document: Mapping[str, object]) -> str:
    """JSON that no text in it can end: HTML reads a script up to the next `</script`, whatever it is within."""
    return json_text(document, compact=True).replace("<", "\\u003c")


def _part(name: str) -> str:
    return files("onnx2zz.report.page").joinpath(name).read_text(encoding="utf-8")
