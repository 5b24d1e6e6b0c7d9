"""The commands that a page of docs/ shows."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def console_commands(page: str) -> list[str]:
    """Every line of the page's ```console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]
