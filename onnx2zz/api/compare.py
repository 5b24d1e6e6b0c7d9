"""`onnx2zz.compare`: which of several runs is better, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onnx2zz.comparison.explanation import Cause, Difference, Explanation, explanation
from onnx2zz.comparison.parts import Run, memories
from onnx2zz.comparison.unequal import unequal
from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.pricing.result import Evaluation, document
from onnx2zz.report.comparison import is_incomplete, line
from onnx2zz.report.page import PageRun
from onnx2zz.report.saved_run import read_run
from onnx2zz.report.why import figures, sentences, verdicts

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def label(number: int) -> str:
    """What a run is called: A to Z, then AA, AB and so on."""
    before, last = divmod(number, len(LETTERS))
    return (label(before - 1) if before else "") + LETTERS[last]


@dataclass(frozen=True)
class Pair:
    """Two runs: how they are not alike, and the gap in energy and latency explained."""

    labels: tuple[str, str]
    runs: tuple[PageRun, PageRun]
    unequal: tuple[str, ...]
    explanations: tuple[Explanation, ...]

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
        why = [
            line
            for found in self.explanations
            for line in sentences(found, self.labels, (memories(first), memories(second)))
        ]
        return [*notes, *verdicts(first, second, self.labels), *why]


@dataclass(frozen=True)
class Comparison:
    """Several runs, A, B and so on, and each of them beside the first."""

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
            title = [f"{pair.labels[1]} beside {pair.labels[0]}"] if len(self.pairs) > 1 else []
            said.append([*title, *pair.sentences])
        return [line for number, block in enumerate(said) for line in ([""] if number else []) + block]

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
    first: Evaluation | str | Path, second: Evaluation | str | Path, *more: Evaluation | str | Path
) -> Comparison:
    """Which run is better and why. Each is what `evaluate` returned, its JSON, or the folder that it wrote to.

    `.lines` is what `onnx2zz compare` prints, `.pairs[0].explanations` has the parts of each gap, `.to_dict()` all.
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
    pairs = [_pair((label(0), label(number)), runs[0], run) for number, run in enumerate(runs) if number]
    return Comparison(tuple(runs), tuple(pairs))


def _file(path: Path) -> Path:
    return path / "result.json" if path.is_dir() else path


def _pair(labels: tuple[str, str], first: PageRun, second: PageRun) -> Pair:
    runs: tuple[Run, Run] = (first.evaluation, second.evaluation)
    found = explanation(*runs, "energy"), explanation(*runs, "latency")
    return Pair(labels, (first, second), tuple(unequal(*runs, labels)), found)


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
