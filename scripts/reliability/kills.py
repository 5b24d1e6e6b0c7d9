"""Kill `evaluate` and `sweep` at random moments, start them again, and compare with a run that nobody disturbed.

    python -m scripts.reliability.kills --kills 200

A line a case goes to docs/measured/kills.jsonl (`--keep`). Every command is a process of its own, forked from this one
after the imports, so that the moments fall on its work; it is ended by SIGKILL. Linux only.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from importlib import import_module
from math import ceil
from pathlib import Path

import yaml

from onnx2zz.cli.main import run
from onnx2zz.design_space import run as sweeping
from onnx2zz.pricing import workers
from scripts.measurements import MEASURED, Measurements

USED_BY_THE_CHILDREN = ("onnx2zz.pricing.run", "onnx2zz.zigzag.price")
"""Imported late by the commands: here they are before the first fork."""
MOST_IN_A_ROUND = 3
PATIENCE_S = 30
EVALUATE = ("evaluate", "lenet5", "--arch", "tpu_like", "--lpf-limit", "3", "--cache", "cache", "-o", "out")
SWEEP = ("sweep", "sweep.yaml", "--cache", "cache", "-o", "out")
SPEC = {
    "models": ["lenet5"],
    "accelerators": [
        "tpu_like",
        {
            "template": "tpu_like",
            "name": "core",
            "parameters": {"n": [64]},
            "set": {"operational_array.sizes.D1": "n"},
        },
    ],
    "options": {"lpf_limit": 3},
}
Row = tuple[object, ...]
"""Of a table of the sweep's database."""
OF_THE_CACHE = {"from_cache": None, "evaluated": None}
"""What a result says of the cache; it is another one after a kill."""


@dataclass(frozen=True)
class Case:
    """A command with so many worker processes, and its share of the kills; workers take seconds to come up."""

    command: tuple[str, ...]
    jobs: int
    share: float

    @property
    def arguments(self) -> list[str]:
        return [*self.command, "--jobs", str(self.jobs)]


CASES = tuple(Case(command, jobs, share) for jobs, share in ((1, 0.4), (2, 0.1)) for command in (EVALUATE, SWEEP))


@dataclass
class Survived:
    """What became of the kills: rounds of them, each brought to its end by a last start.

    `differences`: files that were there half, or not as an undisturbed run leaves them. `left_running`: processes that
    outlived the one that was killed. `left_behind`: temporary files. `complaints`: what last starts said that ended
    with a warning or another exit code than 0.
    """

    command: str
    jobs: int
    kills: int = 0
    rounds: int = 0
    differences: int = 0
    left_running: int = 0
    left_behind: int = 0
    complaints: list[str] = field(default_factory=list[str])


MEASUREMENTS: Measurements[Mapping[str, object]] = Measurements(MEASURED / "kills.jsonl")


def start(case: Case, folder: Path) -> int:
    """A process that runs the command in `folder`, in a session of its own; its id."""
    process = os.fork()
    if process:
        return process
    os.setsid()
    os.chdir(folder)
    said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    workers.WORTH_S, sweeping.BATCH = 0, 1  # workers however little there is to do, and several transactions
    os._exit(run(case.arguments))


def ended(process: int) -> int:
    """The exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def killed(case: Case, folder: Path, after: float) -> bool:
    """Whether it was, and had not ended before."""
    process = start(case, folder)
    time.sleep(after)
    os.kill(process, signal.SIGKILL)
    return ended(process) == -signal.SIGKILL


def outputs(folder: Path) -> dict[str, str]:
    """What the command leaves, by name; what tells the time or the state of the cache is left out."""
    files = [path for path in (folder / "out").rglob("*") if path.is_file() and not path.name.startswith(".")]
    found = {str(path.relative_to(folder)): _comparable(path) for path in files if path.suffix != ".log"}
    return {name: text for name, text in found.items() if "sqlite" not in name}


def _comparable(path: Path) -> str:
    if path.name != "result.json":
        return path.read_text(errors="replace")
    try:
        result = json.loads(path.read_text())
    except ValueError:
        return "half a file"
    layers = [{**layer, **OF_THE_CACHE} for layer in result["layers"]]
    return json.dumps({**result, **OF_THE_CACHE, "layers": layers})


def rows(folder: Path) -> list[Row]:
    """Everything in a sweep's database."""
    file = folder / "out" / "sweep.sqlite"
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as connection:
        return [row for table in ("runs", "layers") for row in connection.execute(f"SELECT * FROM {table}")]


@dataclass(frozen=True)
class Undisturbed:
    """What the command leaves, and how long it takes (seconds)."""

    files: Mapping[str, str]
    rows: Sequence[Row]
    took: float


def undisturbed(case: Case, folder: Path) -> Undisturbed:
    """The command run to its end in a folder of its own."""
    begun = time.monotonic()
    code = ended(start(case, prepared(folder)))
    if code:
        raise SystemExit(f"{' '.join(case.arguments)} ends with {code}: {(folder / 'said').read_text()}")
    return Undisturbed(outputs(folder), rows(folder), time.monotonic() - begun)


def prepared(folder: Path) -> Path:
    """An empty folder with the sweep's file."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "sweep.yaml").write_text(yaml.safe_dump(SPEC))
    return folder


def play_round(
    case: Case, right: Undisturbed, folder: Path, moments: random.Random, kills: int, so_far: Survived
) -> None:
    """Kill the command `kills` times, let it end, and note what came of it."""
    prepared(folder)
    for _ in range(kills):
        so_far.kills += killed(case, folder, moments.uniform(0, right.took))
        so_far.differences += len(outputs(folder).items() - right.files.items())
    code = ended(start(case, folder))
    so_far.rounds += 1
    said = (folder / "said").read_text()
    if code or any(line.startswith("warning:") for line in said.splitlines()):
        so_far.complaints.append(f"{code}: {said[-500:]}")
    so_far.differences += (outputs(folder) != right.files) + (rows(folder) != right.rows)
    so_far.left_behind += sum(path.name.startswith(".") for path in (folder / "out").rglob("*"))
    so_far.left_running += sum(1 for _ in still_running(folder))


def still_running(folder: Path) -> Iterator[int]:
    """The processes that work in `folder` still, after they have had time to notice that nobody wants them."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and _at_work_in(folder):
        time.sleep(0.1)
    yield from _at_work_in(folder)


def _at_work_in(folder: Path) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def survive(case: Case, kills: int, moments: random.Random, folder: Path) -> Survived:
    """Rounds of kills until there were `kills` of them."""
    right = undisturbed(case, folder / "right")
    found = Survived(case.command[0], case.jobs)
    while found.kills < kills:
        wanted = min(moments.randint(1, MOST_IN_A_ROUND), kills - found.kills)
        play_round(case, right, folder / "round", moments, wanted, found)
    return found


def main() -> None:
    """Share the kills among the cases; exit code 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="add the figures to docs/measured")
    asked = parser.parse_args()
    for module in USED_BY_THE_CHILDREN:
        import_module(module)
    moments, bad = random.Random(asked.seed), 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            found = survive(case, ceil(asked.kills * case.share), moments, Path(folder).resolve())
        print(json.dumps(asdict(found)), flush=True)
        bad += found.differences + len(found.complaints) + found.left_running
        if asked.keep:
            MEASUREMENTS.keep({"seed": asked.seed, **asdict(found)})
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
