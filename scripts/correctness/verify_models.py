"""Verifies whole models as a user would and prints the table of docs/verify.md; 1 if any falls short of the bar.

python -m scripts.correctness.verify_models [NAME...]   models of the wheels, of models/ and beside the checkout
python -m scripts.correctness.verify_models --write     all, and the table goes into the page
"""

import io
import json
import sys
import tempfile
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from onnx2zz.cli.main import run
from onnx2zz.zoo.run import LEAST_CHECKED, MOST_STAND_INS
from scripts.doc_table import put_into_page, table
from tests.models.real_models import BESIDE, OURS, SHIPPED, options_of

HEADINGS = ("model", "nodes that claim it", "checked", "matched", "layers", "points", "stand-ins", "CPU s")


class Verified(TypedDict):
    """What the table takes of the JSON that `onnx2zz verify` writes (onnx2zz/proof/result.py)."""

    nodes_exact: int
    nodes_checked: int
    nodes_matched: int
    layers_checked: int
    points: int
    approximate_share: float


@dataclass(frozen=True)
class Run:
    """One verification of a whole model: the exit code, the JSON, and the CPU time that it took."""

    code: int
    result: Verified
    seconds: float

    @property
    def falls_short(self) -> bool:
        """Whether anything differs, a node in a hundred was not checked, or stand-ins are a twentieth of the work."""
        return (
            self.code != 0
            or self.result["nodes_matched"] < self.result["nodes_checked"]
            or self.result["nodes_checked"] < LEAST_CHECKED * self.result["nodes_exact"]
            or self.result["approximate_share"] >= MOST_STAND_INS
        )

    @property
    def cells(self) -> list[str]:
        """The row of the table, without the name."""
        result = self.result
        counts = (result["nodes_exact"], result["nodes_checked"], result["nodes_matched"], result["layers_checked"])
        numbers = [f"{count:,}" for count in (*counts, result["points"])]
        return [*numbers, f"{result['approximate_share']:.1%}", f"{self.seconds:.1f}"]


def verified(path: Path, options: list[str]) -> Run:
    """`onnx2zz verify` as a user would run it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "verify.json"
        start = time.process_time()
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            code = run(["verify", str(path), "--json", str(file), *options])
        taken = time.process_time() - start
        return Run(code, json.loads(file.read_text(encoding="utf-8")), taken)


def chosen(names: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The models whose names contain one of those asked for."""
    for name, path in (SHIPPED | OURS | BESIDE).items():
        if not names or any(asked in name for asked in names):
            yield name, path


def main() -> int:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="or a part of it; all, without any")
    parser.add_argument("--write", action="store_true", help="the table goes into the page")
    asked = parser.parse_args()
    rows: list[list[str]] = []
    short: list[str] = []
    for name, path in chosen(asked.names):
        done = verified(path, options_of(name))
        rows.append([name, *done.cells])
        short += [name] if done.falls_short else []
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    print(table(HEADINGS, rows), end="")
    if asked.write and not asked.names:
        put_into_page("verify.md", "models", table(HEADINGS, rows))
    print(f"fall short: {', '.join(short) or 'none'}", file=sys.stderr)
    return bool(short)


if __name__ == "__main__":
    sys.exit(main())
