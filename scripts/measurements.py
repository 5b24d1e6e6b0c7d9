"""Figures that take long: kept as lines of JSON in docs/measured, from which tables in docs/ are made."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ROOT / "docs" / "measured"


def measured(file: Path) -> list[dict[str, Any]]:
    """Every line, the later one where a case was measured again."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


def is_known(case: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of the lines is about the case."""
    return any(case.items() <= line.items() for line in lines)


def keep(line: Mapping[str, Any], file: Path) -> None:
    """Add a line."""
    file.parent.mkdir(exist_ok=True)
    with file.open("a") as open_file:
        open_file.write(json.dumps(line) + "\n")


def put_into_page(page: str, name: str, text: str) -> None:
    """Replace what stands between the comments NAME:begin and NAME:end in a page of docs/."""
    path = ROOT / "docs" / page
    between = re.compile(rf"(?<=<!-- {name}:begin -->\n).*?(?=<!-- {name}:end -->)", re.DOTALL)
    path.write_text(between.sub(lambda _: text, path.read_text(encoding="utf-8")), encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown, the first column to the left and the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
