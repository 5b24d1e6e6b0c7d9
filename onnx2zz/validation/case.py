"""A case: what is priced, and the published figures that it is held against.

A folder with `case.yaml` (title, label, source, runs) and `published.csv`: a row for each figure, with its source, the
band that our figure must keep (percent; empty where it is only told), and our figure when it was last kept.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.formats.section import Section
from onnx2zz.formats.shipped_files import validation_cases
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.yaml_source import read_yaml
from onnx2zz.validation.measures import MEASURES, Measure, measure_of
from onnx2zz.zigzag.objective import LATENCY, NAMES, ObjectiveName

Label = Literal["silicon", "vendor table", "model against model", "calibration"]
LABELS: tuple[Label, ...] = get_args(Label)
CASE_KEYS = ("title", "label", "source", "unexplained", "runs")
FILES = ("workload", "accelerator", "mapping")
RUN_KEYS = (*FILES, "lpf_limit", "opt")
COLUMNS = ("run", "layer", "measure", "published", "band_percent", "ours", "source", "note")
LPF_LIMIT = 4
"""Cases fix their loop orders; what they leave open is little."""
TOTAL = "total"


@dataclass(frozen=True)
class CaseRun:
    """One evaluation; files lie in the case's folder."""

    name: str
    workload: Path
    accelerator: Path
    mapping: Path
    lpf_limit: int
    opt: ObjectiveName


@dataclass(frozen=True)
class Figure:
    """One published figure, of a layer or of the total of a run. `published`: None where nobody published it and ours
    is kept for comparison; `band`: percent, None where it is only told; `ours`: as it was kept, None if it never was.
    """

    run: str
    layer: str
    measure: Measure
    published: float | None
    band: float | None
    ours: float | None
    source: str
    note: str


@dataclass(frozen=True)
class Case:
    """A whole case. `unexplained`: what is known to be off and nobody knows why."""

    name: str
    folder: Path
    title: str
    label: Label
    source: str
    unexplained: str
    runs: tuple[CaseRun, ...]
    figures: tuple[Figure, ...]


def all_cases() -> tuple[str, ...]:
    """The names of the cases that ship."""
    return tuple(validation_cases())


def find_case(name: str) -> Case:
    """A case by its name, or by its folder. Raises InputError."""
    folder = Path(name)
    if not (folder / "case.yaml").is_file():
        known = validation_cases()
        if name not in known:
            way_out = f"there are: {', '.join(all_cases())}; or name a folder with a case.yaml"
            raise InputError(Problem(name, f"no such case{did_you_mean(name, tuple(known))}", way_out))
        folder = known[name]
    return read_case(folder)


def read_case(folder: Path) -> Case:
    """The case in a folder. Raises InputError with everything that is wrong with its files."""
    whole = Section(read_yaml(folder / "case.yaml"), (), CASE_KEYS)
    whole.required("title", "label", "source", "runs")
    label = whole.word("label", LABELS, "kind of case")
    # Before `problems` is taken from the section: reading the runs is what fills it.
    runs = tuple(_runs(whole, folder))
    problems: list[Problem] = list(whole.problems)
    figures = tuple(_figures(folder / "published.csv", [run.name for run in runs], problems))
    raise_if_any(problems)
    assert label is not None
    title, source, unexplained = (whole.text(key) for key in ("title", "source", "unexplained"))
    return Case(folder.name, folder, title, label, source, unexplained, runs, figures)


def _runs(whole: Section, folder: Path) -> Iterator[CaseRun]:
    for name, section in whole.sections("runs", RUN_KEYS):
        section.required(*FILES)
        workload, accelerator, mapping = (folder / section.text(key) for key in FILES)
        for key, file in zip(FILES, (workload, accelerator, mapping), strict=True):
            if key in section and not file.is_file():
                section.object_to((key,), f"no such file: {file.name}", "files lie in the case's folder")
        limit = section.number("lpf_limit", above_zero=True)
        opt = section.word("opt", NAMES, "objective")
        yield CaseRun(
            name, workload, accelerator, mapping, LPF_LIMIT if limit is None else round(limit), opt or LATENCY
        )


def _figures(file: Path, runs: Sequence[str], problems: list[Problem]) -> Iterator[Figure]:
    if not file.is_file():
        problems.append(Problem(str(file), "no such file", "it has the published figures"))
        return
    with file.open(newline="", encoding="utf-8") as lines:
        table = csv.DictReader(lines)
        # In this order: `keep` writes the file anew, and a figure must stay in its column.
        if tuple(table.fieldnames or ()) != COLUMNS:
            problems.append(Problem(f"{file}:1", "other columns", f"they are: {', '.join(COLUMNS)}"))
            return
        # The header is line 1.
        for number, row in enumerate(table, 2):
            figure = _figure(f"{file}:{number}", row, runs, problems)
            if figure is not None:
                yield figure


def _figure(place: str, row: dict[str, str], runs: Sequence[str], problems: list[Problem]) -> Figure | None:
    if row["run"] not in runs:
        problems.append(
            Problem(place, f"no run {row['run']}{did_you_mean(row['run'], runs)}", "case.yaml has the runs")
        )
    measure = measure_of(row["measure"])
    if measure is None:
        problems.append(Problem(place, f"no measure {row['measure']!r}", f"there are: {', '.join(MEASURES)}"))
    published, band, ours = (
        _number(place, column, row[column], problems) for column in ("published", "band_percent", "ours")
    )
    if not row["source"]:
        problems.append(Problem(place, "a figure without a source", "say where it was read"))
    return measure and Figure(row["run"], row["layer"], measure, published, band, ours, row["source"], row["note"])


def _number(place: str, column: str, text: str, problems: list[Problem]) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        problems.append(Problem(place, f"{column} is {text!r}", "a number is needed, or nothing"))
        return None
