"""Verifies whole models as a user would and prints the table of docs/verify.md; 1 if any falls short of the bar.

python scripts/verify_models.py [NAME...]     all models of the wheels, of models/ and beside the checkout, or some
python scripts/verify_models.py --write       all, and the table goes into the page
"""

import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from onnx2zz.cli.main import run
from onnx2zz.zoo.run import LEAST_CHECKED, MOST_STAND_INS
from scripts.doc_table import write_table
from tests.models.real_models import BESIDE, OURS, SHIPPED, options_of

HEADINGS = ("model", "nodes that claim it", "checked", "matched", "layers", "points", "stand-ins", "CPU s")


def verified(path: Path, options: list[str]) -> tuple[int, dict[str, Any]]:
    """The exit code of `onnx2zz verify` and its JSON, with the CPU time that it took."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "verify.json"
        start = time.process_time()
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            code = run(["verify", str(path), "--json", str(file), *options])
        taken = time.process_time() - start
        return code, json.loads(file.read_text(encoding="utf-8")) | {"seconds": taken}


def falls_short(code: int, result: Mapping[str, Any]) -> bool:
    """Whether anything differs, a node in a hundred was not checked, or stand-ins are a twentieth of the work."""
    return (
        code != 0
        or result["nodes_matched"] < result["nodes_checked"]
        or result["nodes_checked"] < LEAST_CHECKED * result["nodes_exact"]
        or result["approximate_share"] >= MOST_STAND_INS
    )


def row(name: str, result: Mapping[str, Any]) -> str:
    """One row of the table."""
    counts = [result[key] for key in ("nodes_exact", "nodes_checked", "nodes_matched", "layers_checked", "points")]
    cells = [name, *(f"{count:,}" for count in counts), f"{result['approximate_share']:.1%}"]
    return f"| {' | '.join(cells)} | {result['seconds']:.1f} |"


def chosen(names: list[str]) -> Iterator[tuple[str, Path]]:
    """The models whose names contain one of those asked for."""
    for name, path in (SHIPPED | OURS | BESIDE).items():
        if not names or any(asked in name for asked in names):
            yield name, path


def main(arguments: list[str]) -> int:
    rows, short = [], []
    for name, path in chosen([argument for argument in arguments if argument != "--write"]):
        code, result = verified(path, options_of(name))
        rows.append(row(name, result))
        short += [name] if falls_short(code, result) else []
        print(rows[-1], file=sys.stderr, flush=True)
    table = "\n".join([f"| {' | '.join(HEADINGS)} |", "|---" + "|---:" * (len(HEADINGS) - 1) + "|", *rows])
    print(table)
    if arguments == ["--write"]:
        write_table("verify.md", "models", table)
    print(f"fall short: {', '.join(short) or 'none'}", file=sys.stderr)
    return bool(short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
