"""Tables in the pages of docs/ that are measured: they stand between `<!-- NAME:begin -->` and `<!-- NAME:end -->`."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown, the first column to the left and the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def put_into_page(page: str, name: str, text: str) -> None:
    """Replaces what stands under the name in a page of docs/, which must have a place for it."""
    path = DOCS / page
    content = path.read_text(encoding="utf-8")
    place = re.compile(rf"(?<=<!-- {name}:begin -->\n).*?(?=<!-- {name}:end -->)", re.DOTALL)
    assert place.search(content), f"{page} has no place for {name}"
    path.write_text(place.sub(lambda _: text, content), encoding="utf-8")
