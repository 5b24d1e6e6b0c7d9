"""The lines of docs/measured/stream.jsonl, and the table of docs/systems-beside-stream.md that is made of them."""

from collections.abc import Sequence
from typing import TypedDict

from scripts.benchmarks.processes import Took
from scripts.doc_table import table

LEAST_RATIO = 7
"""As many times our CPU time Stream should take at least."""


class StreamCase(TypedDict):
    """A model, and a system by its path among the systems, without suffix."""

    network: str
    system: str


class Refusal(TypedDict):
    """Why there are no figures: the last line that was said."""

    fails: str


class Streams(TypedDict):
    """Stream's cycles and those of its groups of layers; `not_priced`: tiles at which its ZigZag failed, for which it
    takes ideal cycles."""

    cycles: float
    group_cycles: list[float]
    versions: dict[str, str]
    took: Took
    not_priced: int


class Ours(TypedDict):
    """Our latency, and what no schedule goes below."""

    cycles: float
    bound_cycles: float
    bound_by: str
    offchip_bits: float
    took: Took


class Run(TypedDict):
    """What ran, how, and the machine's load before and after."""

    versions: dict[str, str]
    options: list[str]
    load: list[float]


class StreamLine(StreamCase):
    """Both sides of a case."""

    stream: Streams | Refusal
    ours: Ours | Refusal
    run: Run


def falls_short(line: StreamLine) -> bool:
    """Whether ours is slower than Stream's schedule, or takes more than a seventh of its time; or has none."""
    theirs, mine = line["stream"], line["ours"]
    if "fails" in mine:
        return True
    if "fails" in theirs:
        return False
    return mine["cycles"] > theirs["cycles"] or mine["took"]["cpu"] * LEAST_RATIO > theirs["took"]["cpu"]


def tables(lines: Sequence[StreamLine]) -> dict[str, str]:
    """Each case at its last measurement, and why Stream has no figure for some."""
    last = {(line["network"], line["system"]): line for line in lines}
    head = ["case", "Stream, cycles", "CPU", "onnx2zz, cycles", "CPU", "cycles", "CPU", "bound", "latency / bound"]
    text = table(head, [_row(line) for line in last.values()])
    refusals = [f"- {_name(line)}: {said}\n" for line in last.values() for said in _refusals(line)]
    return {"stream": text + ("\n" + "".join(refusals) if refusals else "")}


def _name(line: StreamLine) -> str:
    return f"{line['network']} on {line['system']}"


def _row(line: StreamLine) -> list[str]:
    theirs, mine = line["stream"], line["ours"]
    row = [_name(line)]
    row += ["no figure", ""] if "fails" in theirs else [f"{theirs['cycles']:,.0f}", _seconds(theirs["took"])]
    row += ["no figure", ""] if "fails" in mine else [f"{mine['cycles']:,.0f}", _seconds(mine["took"])]
    if "fails" in theirs or "fails" in mine:
        row += ["", ""]
    else:
        ratio = theirs["took"]["cpu"] / mine["took"]["cpu"]
        row += [f"{theirs['cycles'] / mine['cycles']:.2f}x fewer", f"{ratio:.1f}x less"]
    if "fails" in mine:
        return [*row, "", ""]
    return [*row, f"{mine['bound_cycles']:,.0f}", f"{mine['cycles'] / mine['bound_cycles']:.3f}"]


def _seconds(took: Took) -> str:
    return f"{took['cpu']:.1f} s"


def _refusals(line: StreamLine) -> list[str]:
    theirs, mine = line["stream"], line["ours"]
    found = [f"Stream says: {theirs['fails']}"] if "fails" in theirs else []
    found += [f"onnx2zz says: {mine['fails']}"] if "fails" in mine else []
    if "fails" not in theirs and theirs["not_priced"]:
        found.append(f"Stream takes ideal cycles for {theirs['not_priced']} tiles, at which ZigZag fails")
    return found
