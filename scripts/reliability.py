"""The figures of docs/reliability.md: fuzz every kind of file, kill, soak, try versions; then write the tables.

python scripts/reliability.py              # everything: more than an hour
python scripts/reliability.py --table      # only the tables, from what docs/measured holds
"""

import argparse
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.measurements import MEASURED, ROOT, measured, put_into_page, table

PAGE = "reliability.md"
STEPS = (
    ("fuzz.py", "--keep", "--seconds", "300"),
    ("kills.py", "--keep", "--kills", "200"),
    ("soak.py", "--keep"),
    ("version_matrix.py", "--keep"),
)
Sums = dict[str, dict[str, int]]


def sums(file: str, keys: tuple[str, ...], what: tuple[str, ...]) -> Sums:
    """Lines with the same `keys` added up; lists count their elements."""
    found: Sums = defaultdict(lambda: dict.fromkeys(what, 0))
    for line in measured(MEASURED / file):
        for name in what:
            value = line.get(name, 0)
            found[" ".join(str(line[key]) for key in keys)][name] += len(value) if isinstance(value, list) else value
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
    latest = {line["what"]: line for line in measured(MEASURED / "soak.jsonl")}
    rows = [
        [f"{line['times']:,} x {what}", *_curve(line["curve"]), str(line["different"])] for what, line in latest.items()
    ]
    return table(("MB after", *(f"{share} %" for share in (0, 10, 25, 50, 75, 100)), "other bytes"), rows)


def _curve(curve: list[float]) -> list[str]:
    return [f"{curve[round(share * (len(curve) - 1))]:.1f}" for share in (0, 0.1, 0.25, 0.5, 0.75, 1)]


def versions_table() -> str:
    """The outcome of each combination, the later one where it was tried again."""
    latest = {(line["python"], line["dependencies"]): line for line in measured(MEASURED / "versions.jsonl")}
    names = ("onnx", "onnxruntime", "numpy", "networkx", "click", "rich", "pandas", "matplotlib")
    rows = [
        [f"{python}, {end}", *(line.get("versions", {}).get(name, "") for name in names), line["outcome"]]
        for (python, end), line in sorted(latest.items())
    ]
    return table(("Python", *names, "quick tests"), rows)


def main() -> None:
    """Exit code 1 if a step found anything; the tables are written all the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="measure nothing")
    bad = 0
    if not parser.parse_args().table:
        for script, *arguments in STEPS:
            bad += subprocess.run([sys.executable, ROOT / "scripts" / script, *arguments], cwd=ROOT).returncode
    tables = {"fuzz": fuzz_table, "kills": kill_table, "soak": soak_table, "versions": versions_table}
    for name, made in tables.items():
        put_into_page(PAGE, name, made())
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
