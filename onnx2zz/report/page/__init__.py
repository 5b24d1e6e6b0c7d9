"""The report as one HTML file that needs nothing else: style, scripts and numbers are inside it.

`page` fills page.html. The scripts draw the numbers in the browser; each has a subject of its own, and they are joined
in the order of SCRIPTS. A report of two runs compares them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

SCRIPTS = ("document", "quantities", "run", "bars", "overview", "roofline", "nest", "layers", "accounts", "main")
PLACE = re.compile(r"\{\{(\w+)\}\}")
"""Where a part goes in page.html. Filled in one pass: what a part says is never read as a place."""


@dataclass(frozen=True)
class Run:
    """One run: the document that `evaluate --json` writes, and what lies in coverage.json, if anything does."""

    evaluation: Mapping[str, Any]
    coverage: Mapping[str, Any] | None = None


def page(runs: Sequence[Run]) -> str:
    """The HTML of a run, or of two runs side by side."""
    assert len(runs) in (1, 2)
    parts = {
        "title": escape(
            " against ".join(f"{run.evaluation['model']} on {run.evaluation['accelerator']}" for run in runs)
        ),
        "style": _part("page.css"),
        "data": _as_data(runs),
        "script": "\n".join(_part(f"{name}.js") for name in SCRIPTS),
    }
    return PLACE.sub(lambda place: parts[place[1]], _part("page.html"))


def _as_data(runs: Sequence[Run]) -> str:
    """JSON that no text in it can end: HTML reads a script up to the next `</script`, whatever it is within."""
    document = {"runs": [{**run.evaluation, "coverage": run.coverage} for run in runs]}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")


def _part(name: str) -> str:
    return files("onnx2zz.report.page").joinpath(name).read_text(encoding="utf-8")
