"""The figures of docs/reliability.md: fuzz every kind of file, kill, soak, try versions; then write the tables.

python -m scripts.reliability           # everything: more than an hour
python -m scripts.reliability --table   # only the tables, from what docs/measured holds
"""

import argparse
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from onnx2zz.files.document import Value, integer, is_list
from scripts.doc_table import put_into_page, table
from scripts.measurements import MEASURED, ROOT, Measurements
from scripts.reliability import soak, version_matrix

PAGE = "reliability.md"
STEPS = (
    ("fuzz", "--keep", "--seconds", "300"),
    ("kills", "--keep", "--kills", "200"),
    ("soak", "--keep"),
    ("version_matrix", "--keep"),
)
Sums = dict[str, dict[str, int]]


def sums(file: str, keys: tuple[str, ...], what: tuple[str, ...]) -> Sums:
    """Lines with the same `keys` added up; lists count their elements."""
    found: Sums = defaultdict(lambda: dict.fromkeys(what, 0))
    lines: Measurements[Mapping[str, Value]] = Measurements(MEASURED / file)
    for line in lines.lines():
        for name in what:
            value = line.get(name, 0)
            count = len(value) if is_list(value) else integer(value)
            found[" ".join(str(line[key]) for key in keys)][name] += count or 0
    return found


def fuzz_table() -> str:
    """Inputs by kind and verdict; an input that two commands read has two verdicts."""
    what = ("seconds", "inputs", "answered", "refused", "not priced", "findings")
    found = sums("fuzz.jsonl", ("kind",), what)
    rows = [[kind, *(f"{line[name]:,}" for name in what)] for kind, line in sorted(found.items())]
    every = [f"{sum(line[name] for line in found.values()):,}" for name in what]
    return table(("kind", *what), [*rows, ["all", *every]])


def kill_table() -> str:
    """Kills by command and workers."""
    what = ("kills", "rounds", "differences", "complaints", "left_running", "left_behind")
    found = sums("kills.jsonl", ("command", "jobs"), what)
    rows = [
        [f"{case} worker" + "s" * (case[-1] != "1"), *(f"{line[name]}" for name in what)]
        for case, line in found.items()
    ]
    heads = ("starts", "kills", "rounds", "differences", "complaints", "processes left", "temporary files left")
    every = [str(sum(line[name] for line in found.values())) for name in what]
    return table(heads, [*rows, ["all", *every]])


def soak_table() -> str:
    """Memory over a soak, the latest of each kind."""
    latest = {line["what"]: line for line in soak.MEASUREMENTS.lines()}
    rows = [
        [f"{line['times']:,} x {what}", *_curve(line["curve"]), str(line["different"])] for what, line in latest.items()
    ]
    return table(("MB after", *(f"{share} %" for share in (0, 10, 25, 50, 75, 100)), "other bytes"), rows)


def _curve(curve: Sequence[float]) -> list[str]:
    return [f"{curve[round(share * (len(curve) - 1))]:.1f}" for share in (0, 0.1, 0.25, 0.5, 0.75, 1)]


def versions_table() -> str:
    """The outcome of each combination, the later one where it was tried again."""
    latest = {(line["python"], line["dependencies"]): line for line in version_matrix.MEASUREMENTS.lines()}
    names = ("onnx", "onnxruntime", "numpy", "networkx", "click", "rich", "pandas", "matplotlib")
    rows = [
        [f"{python}, {end}", *(line.get("versions", {}).get(name, "") for name in names), line["outcome"]]
        for (python, end), line in sorted(latest.items())
    ]
    return table(("Python", *names, "quick tests"), rows)


def main() -> None:
    """Exit code 1 if a step found anything; the tables are written all the same."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.reliability", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="measure nothing")
    bad = 0
    if not parser.parse_args().table:
        for script, *arguments in STEPS:
            command = [sys.executable, "-m", f"scripts.reliability.{script}", *arguments]
            bad += subprocess.run(command, cwd=ROOT).returncode
    tables = {"fuzz": fuzz_table, "kills": kill_table, "soak": soak_table, "versions": versions_table}
    for name, made in tables.items():
        put_into_page(PAGE, name, made())
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
