"""Pareto fronts: the runs that no other is better than in one column without being worse in another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from onnx2zz.design_space.columns import LARGEST, SHARED, SUMMED
from onnx2zz.pricing.front import on_front

Row = Mapping[str, Any]

ALL = "all models"
"""The sums over the models of a sweep, where there are several."""


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each model, and of the sums over all where there are several."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["model"], []).append(row)
    return {**groups, ALL: summed(rows, len(groups))} if len(groups) > 1 else groups


def fronts(groups: Mapping[str, Sequence[Row]], columns: Sequence[str]) -> dict[str, list[Row]]:
    """The front of each group. Runs without a number in a column are not compared."""
    return {model: front(group, columns) for model, group in groups.items()}


def summed(rows: Iterable[Row], models: int) -> list[Row]:
    """One row for each accelerator and combination of options that has a run of each of the models."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(name) for name in SHARED), []).append(row)
    return [
        {
            "model": ALL,
            **dict(zip(SHARED, how, strict=True)),
            **{name: _of_all(group, name, sum) for name in SUMMED},
            **{name: _of_all(group, name, max) for name in LARGEST},
        }
        for how, group in groups.items()
        if len(group) == models
    ]


def front(rows: Sequence[Row], columns: Sequence[str]) -> list[Row]:
    """The rows that are on the front, by the first column; less is better. Equal ones are all on it."""
    compared = [row for row in rows if all(row[column] is not None for column in columns)]
    return [compared[number] for number in on_front([tuple(row[column] for column in columns) for row in compared])]


def _of_all(rows: Sequence[Row], name: str, fold: Callable[[list[float]], float]) -> float | None:
    values: list[float] = [row[name] for row in rows if row.get(name) is not None]
    return fold(values) if len(values) == len(rows) else None
