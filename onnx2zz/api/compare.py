"""`onnx2zz.compare`: which of several runs is better, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnx2zz.api.extras import require
from onnx2zz.api.figure_file import written
from onnx2zz.api.reported import Reported
from onnx2zz.comparison.explanation import Cause, Difference, Explanation, explanation
from onnx2zz.comparison.parts import Run, memories
from onnx2zz.comparison.repeated import first_of_its_kind
from onnx2zz.comparison.unequal import unequal
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.pricing.result import Evaluation, document
from onnx2zz.printable import printable
from onnx2zz.report.comparison import is_incomplete, line
from onnx2zz.report.page import PageRun, page
from onnx2zz.report.saved_run import read_run
from onnx2zz.report.why import figures, sentences, verdicts

if TYPE_CHECKING:
    from onnx2zz.report.shown_figure import ShownFigure

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def label(number: int) -> str:
    """What a run is called: A to Z, then AA, AB and so on."""
    before, last = divmod(number, len(LETTERS))
    return (label(before - 1) if before else "") + LETTERS[last]


@dataclass(frozen=True)
class Pair:
    """Two runs: how they are not alike, and the gap in energy and latency explained. `full`: every layer is named, else
    layers that both repeat once, with how often they come."""

    labels: tuple[str, str]
    runs: tuple[PageRun, PageRun]
    unequal: tuple[str, ...]
    explanations: tuple[Explanation, ...]
    full: bool = False

    @property
    def comparable(self) -> bool:
        """Whether nothing lacks in either total: what lacks would pass for saved."""
        return not any(map(is_incomplete, self.runs))

    @property
    def sentences(self) -> list[str]:
        """Who wins what, and why; of incomplete runs only what they differ in."""
        first, second = (run.evaluation for run in self.runs)
        notes = [f"note: {sentence}" for sentence in self.unequal]
        if not self.comparable:
            return [*notes, "a run is incomplete: nobody wins, and no gap is explained"]
        alike = None if self.full else first_of_its_kind(first, second)
        why = [
            line
            for found in self.explanations
            for line in sentences(found, self.labels, (memories(first), memories(second)), alike)
        ]
        return [*notes, *verdicts(first, second, self.labels), *why]


@dataclass(frozen=True, repr=False)
class Comparison(Reported, Tabular):
    """Several runs, A, B and so on, and each of them beside the first. It shows itself as `onnx2zz compare` prints it;
    its table has a row for each difference of a layer, a place (a memory, the array) and an operand."""

    runs: tuple[PageRun, ...]
    pairs: tuple[Pair, ...]

    @property
    def incomplete(self) -> bool:
        """Whether a run's total lacks something."""
        return any(map(is_incomplete, self.runs))

    @property
    def lines(self) -> list[str]:
        """All that is to be said, as `onnx2zz compare` prints it."""
        heads = [f"{label(number)}: {line(run)}" for number, run in enumerate(self.runs)]
        said = [heads]
        for pair in self.pairs:
            title = self._title(pair)
            said.append([*([title] if title else []), *pair.sentences])
        return [line for number, block in enumerate(said) for line in ([""] if number else []) + block]

    def _title(self, pair: Pair) -> str:
        """Which runs a pair is of, where there are several pairs."""
        return f"{pair.labels[1]} beside {pair.labels[0]}" if len(self.pairs) > 1 else ""

    def __repr__(self) -> str:
        return "\n".join(map(printable, self.lines))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"

    def table(self) -> TextTable:
        words, numbers = ("pair", "objective", "layer", "place", "operand"), ("first", "second", "gap")
        rows = (
            (", ".join(pair.labels), found.objective, one.layer, one.place, one.operand, one.first, one.second, one.gap)
            for pair in self.pairs
            if pair.comparable
            for found in pair.explanations
            for one in found.differences
        )
        columns = (*map(Column, words), *(Column(name, ",.6g") for name in numbers))
        return TextTable(" against ".join(line(run) for run in self.runs), columns, tuple(rows))

    def page(self) -> str:
        return page(self.runs, [(self._title(pair), pair.sentences) for pair in self.pairs])

    def plot(self, file: str | Path | None = None) -> "ShownFigure":
        """What makes the gap in energy and in latency, as bars of matplotlib's, which a notebook shows: places and
        operands, the largest first. `file` (.svg, .png, .pdf): where it is written as well.

        Raises InputError without matplotlib, for more than two runs, and where the file cannot be written.
        """
        require("matplotlib", "plot", "plot")
        pair = self._the_only_pair("the figure shows")
        from onnx2zz.report.gap_figure import figure

        return written(figure(pair.labels, pair.explanations), file)

    def _the_only_pair(self, what: str) -> Pair:
        if len(self.pairs) != 1:
            raise InputError(Problem("compare", f"{what} two runs", "compare two, or read .lines"))
        (pair,) = self.pairs
        return pair

    def to_dict(self) -> dict[str, object]:
        """Everything as plain data: energies in pJ, latencies in cycles, each difference with layer, place and
        operand; those of a pair add up to its gap."""
        return {
            "runs": [_run(label(number), run) for number, run in enumerate(self.runs)],
            "pairs": [
                {
                    "first": pair.labels[0],
                    "second": pair.labels[1],
                    "unequal": list(pair.unequal),
                    "sentences": pair.sentences,
                    **({found.objective: _explained(found) for found in pair.explanations} if pair.comparable else {}),
                }
                for pair in self.pairs
            ],
        }


def compare(
    first: Evaluation | str | Path, second: Evaluation | str | Path, *more: Evaluation | str | Path, full: bool = False
) -> Comparison:
    """Which run is better and why. Each is what `evaluate` returned, its JSON, or the folder that it wrote to.

    `.lines` is what `onnx2zz compare` prints, `.pairs[0].explanations` has the parts of each gap, `.to_dict()` all.
    `full`: sentences name every layer, also those of blocks that come again and again.
    Raises InputError with everything that cannot be read.

    >>> import onnx2zz
    >>> seneca, tpu = (onnx2zz.evaluate("lenet5", chip, lpf_limit=3) for chip in ("seneca", "tpu_like"))
    >>> energy, latency = onnx2zz.compare(seneca, tpu).pairs[0].explanations
    >>> round(latency.gap / seneca.total.latency_cycles, 1)
    -0.8
    """
    problems: list[Problem] = []
    runs: list[PageRun] = []
    for one in (first, second, *more):
        with noted_in(problems):
            runs.append(PageRun(document(one)) if isinstance(one, Evaluation) else read_run(_file(Path(one))))
    raise_if_any(problems)
    pairs = [pair_of((label(0), label(number)), runs[0], run, full) for number, run in enumerate(runs) if number]
    return Comparison(tuple(runs), tuple(pairs))


def _file(path: Path) -> Path:
    return path / "result.json" if path.is_dir() else path


def pair_of(labels: tuple[str, str], first: PageRun, second: PageRun, full: bool = False) -> Pair:
    """The second run beside the first; `full` as Pair has it."""
    runs: tuple[Run, Run] = (first.evaluation, second.evaluation)
    found = explanation(*runs, "energy"), explanation(*runs, "latency")
    return Pair(labels, (first, second), tuple(unequal(*runs, labels)), found, full)


def _run(name: str, run: PageRun) -> Mapping[str, Any]:
    told = {name: value for name, (value, _) in figures(run.evaluation).items()}
    named = {key: run.evaluation[key] for key in ("model", "accelerator")}
    return {"run": name, **named, "incomplete": is_incomplete(run), "figures": told}


def _explained(found: Explanation) -> dict[str, object]:
    return {
        "first": found.first,
        "second": found.second,
        "gap": found.gap,
        "causes": [_cause(cause, found) for cause in found.causes],
        "rest": found.rest,
        "differences": [_difference(one) for one in found.differences],
    }


def _cause(cause: Cause, found: Explanation) -> dict[str, object]:
    return {
        "place": cause.place,
        "operand": cause.operand,
        "gap": cause.gap,
        "share": cause.gap / found.gap,
        "layers": [one.layer for one in cause.differences],
    }


def _difference(one: Difference) -> dict[str, object]:
    return {
        "layer": one.layer,
        "place": one.place,
        "operand": one.operand,
        "first": one.first,
        "second": one.second,
        "first_elements": one.first_elements,
        "second_elements": one.second_elements,
    }
