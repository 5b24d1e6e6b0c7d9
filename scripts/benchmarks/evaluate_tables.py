"""The lines of docs/measured/evaluate.jsonl, and the tables of docs/evaluate.md that are made of them."""

import math
from collections.abc import Sequence
from typing import Literal, TypedDict

from scripts.benchmarks.processes import Took
from scripts.doc_table import table


class EvaluateCase(TypedDict):
    """What is evaluated; `opt` is what stock ZigZag is asked for."""

    network: str
    arch: str
    opt: str
    lpf_limit: int
    locality: bool


class Figures(TypedDict):
    """What was measured; `load` is the machine's before and after."""

    layers: int
    distinct_layers: int
    stock: Took
    cold_1: Took
    cold_2: Took
    warm: Took
    differences: dict[str, float]
    load: list[float]


class ComparedLine(EvaluateCase, Figures):
    """A case that stock ZigZag prices, too."""


class FailedLine(EvaluateCase):
    """A case that stock ZigZag raises at, and what it says."""

    stock_fails: str


EvaluateLine = ComparedLine | FailedLine
Run = Literal["cold_1", "cold_2", "warm"]
LONG_S = 30
"""The CPU time of stock ZigZag from which a pair counts."""
RUNS: dict[Run, str] = {"cold_1": "cold", "cold_2": "cold, 2 workers", "warm": "warm"}
KINDS: tuple[Literal["wall", "cpu"], ...] = ("wall", "cpu")


def tables(lines: Sequence[EvaluateLine]) -> dict[str, str]:
    """By the name of its place in the page."""
    compared = [line for line in lines if "stock" in line]
    plain = [line for line in compared if not line["locality"]]
    local = [line for line in compared if line["locality"]]
    return {
        "speed": ratios(plain) + "\n" + summary(plain),
        "locality": f"With `--exploit-data-locality`:\n\n{ratios(local)}\n" if local else "",
    }


def ratios(lines: Sequence[ComparedLine]) -> str:
    """Each case: what stock takes, and how many times faster ours is."""
    head = ["case", "stock, wall", "CPU", *(f"{name}, wall" for name in RUNS.values()), *RUNS.values(), "difference"]
    return table(head, [_row(line) for line in lines])


def _row(line: ComparedLine) -> list[str]:
    wall, cpu = ([f"{_times(line, run, kind):.0f}x" for run in RUNS] for kind in KINDS)
    took = [f"{line['stock'][kind]:.0f} s" for kind in KINDS]
    return [_name(line), *took, *wall, *cpu, str(max(line["differences"].values()))]


def _name(line: ComparedLine) -> str:
    more = [] if line["opt"] == "latency" else [line["opt"]]
    more += [] if line["lpf_limit"] == 6 else [f"limit {line['lpf_limit']}"]
    return ", ".join([f"{line['network']} on {line['arch']}", *more])


def _times(line: ComparedLine, run: Run, kind: Literal["wall", "cpu"]) -> float:
    return line["stock"][kind] / line[run][kind]


def summary(lines: Sequence[ComparedLine]) -> str:
    """Geometric mean and least over the cases that take stock long."""
    long = [line for line in lines if line["stock"]["cpu"] > LONG_S]
    said = [f"{name} {_mean_and_least(long, run)}" for run, name in RUNS.items()]
    return (
        f"Geometric mean and least of the {len(long)} cases that take stock more than {LONG_S} s: {'; '.join(said)}.\n"
    )


def _mean_and_least(lines: Sequence[ComparedLine], run: Run) -> str:
    of_kind = {kind: [_times(line, run, kind) for line in lines] for kind in KINDS}
    mean = {kind: math.exp(sum(map(math.log, times)) / len(times)) for kind, times in of_kind.items()}
    wall, cpu = (f"{mean[kind]:.0f}x ({min(times):.0f}x)" for kind, times in of_kind.items())
    return f"{wall} in wall time, {cpu} in CPU time"
