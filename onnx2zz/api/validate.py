"""`onnx2zz.validate`: published figures of chips and of other models beside ours."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from onnx2zz.api.prices import store_at
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.pricing.resources import Resources
from onnx2zz.report.validation import document
from onnx2zz.validation.case import Case, all_cases, find_case
from onnx2zz.validation.measures import MEASURES
from onnx2zz.validation.run import Outcome, run_case


@dataclass(frozen=True, repr=False)
class Validation(Tabular):
    """Cases that were run. Its table has a row for each published figure and ours; `off` and `band` are in percent."""

    outcomes: tuple[Outcome, ...]

    @property
    def ok(self) -> bool:
        """Whether each figure keeps its band, and is what it was when it was last kept."""
        return all(outcome.good for outcome in self.outcomes)

    def table(self) -> TextTable:
        words, numbers = ("case", "run", "layer", "measure", "unit"), ("published", "ours", "off", "band")
        columns = (*map(Column, words), *(Column(name, ",.6g") for name in numbers), Column("in_band"))
        rows = tuple(
            (
                *(outcome.case.name, held.figure.run, held.figure.layer, str(held.figure.measure)),
                *(MEASURES[held.figure.measure.kind].unit, held.figure.published, held.ours),
                *(held.off_percent, held.figure.band, held.in_band),
            )
            for outcome in self.outcomes
            for held in outcome.held
        )
        within = sum(held.in_band for outcome in self.outcomes for held in outcome.held)
        return TextTable(f"{within} of {len(rows)} figures in their band", columns, rows)

    def to_dict(self) -> dict[str, object]:
        """Everything as plain data, as `onnx2zz validate --json` writes it."""
        return document(self.outcomes)


def validate(*cases: str | Path, cache: bool | str | Path = True) -> Validation:
    """Prices what was published, and says how far ours is from it (docs/validation.md).

    A case is named, or is a folder with a case.yaml; without one all that ship are run. `cache` as for `evaluate`.
    Raises InputError for a case that there is not, and for what is wrong with its files.

    >>> import onnx2zz
    >>> onnx2zz.validate("scale_sim").ok
    True
    """
    return Validation(tuple(outcomes(chosen([str(case) for case in cases]), cache, _warn)))


def chosen(names: Sequence[str]) -> list[Case]:
    """The cases of these names, all that ship if none is named. Raises InputError."""
    return [find_case(name) for name in names or all_cases()]


def outcomes(
    cases: Sequence[Case],
    cache: bool | str | Path,
    tell: Callable[[str], None],
    told: Callable[[str], None] = lambda run: None,
) -> Iterator[Outcome]:
    """Each case, once it is run; `tell` hears of what is wrong with kept prices, `told` of each run before it."""
    with TemporaryDirectory(prefix="onnx2zz-") as folder, store_at(cache, tell) as store:
        for case in cases:
            yield run_case(case, Path(folder), Resources(store, tell=tell), told)


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=3)
