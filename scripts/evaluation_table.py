"""The tables of docs/evaluate.md, made from docs/measured/evaluate.jsonl."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.measurements import put_into_page, table

Line = Mapping[str, Any]
LONG_S = 30
"""The CPU time of stock ZigZag from which a pair counts."""
RUNS = {"cold_1": "cold", "cold_2": "cold, 2 workers", "warm": "warm"}


def write_tables(lines: Sequence[Line]) -> None:
    """Into the page."""
    plain = [line for line in lines if "stock" in line and not line["locality"]]
    put_into_page("evaluate.md", "speed", ratios(plain) + "\n" + summary(plain))
    local = [line for line in lines if line["locality"] and "stock" in line]
    said = f"With `--exploit-data-locality`:\n\n{ratios(local)}\n" if local else ""
    put_into_page("evaluate.md", "locality", said)


def ratios(lines: Sequence[Line]) -> str:
    """Each case: what stock takes, and how many times faster ours is."""
    head = ["case", "stock, wall", "CPU", *(f"{name}, wall" for name in RUNS.values()), *RUNS.values(), "difference"]
    return table(head, [_row(line) for line in lines])


def _row(line: Line) -> list[str]:
    wall, cpu = ([f"{_times(line, run, kind):.0f}x" for run in RUNS] for kind in ("wall", "cpu"))
    took = [f"{line['stock'][kind]:.0f} s" for kind in ("wall", "cpu")]
    return [_name(line), *took, *wall, *cpu, str(max(line["differences"].values()))]


def _name(line: Line) -> str:
    more = [] if line["opt"] == "latency" else [line["opt"]]
    more += [] if line["lpf_limit"] == 6 else [f"limit {line['lpf_limit']}"]
    return ", ".join([f"{line['network']} on {line['arch']}", *more])


def _times(line: Line, run: str, kind: str) -> float:
    return line["stock"][kind] / line[run][kind]


def summary(lines: Sequence[Line]) -> str:
    """Geometric mean and least over the cases that take stock long."""
    long = [line for line in lines if line["stock"]["cpu"] > LONG_S]
    said = [f"{name} {_mean_and_least(long, run)}" for run, name in RUNS.items()]
    return (
        f"Geometric mean and least of the {len(long)} cases that take stock more than {LONG_S} s: {'; '.join(said)}.\n"
    )


def _mean_and_least(lines: Sequence[Line], run: str) -> str:
    of_kind = {kind: [_times(line, run, kind) for line in lines] for kind in ("wall", "cpu")}
    mean = {kind: math.exp(sum(map(math.log, times)) / len(times)) for kind, times in of_kind.items()}
    wall, cpu = (f"{mean[kind]:.0f}x ({min(times):.0f}x)" for kind, times in of_kind.items())
    return f"{wall} in wall time, {cpu} in CPU time"
