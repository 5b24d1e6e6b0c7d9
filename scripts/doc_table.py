"""Tables in the pages of docs/ that a script measures: `<!-- NAME:begin -->` ... `<!-- NAME:end -->`."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def write_table(page: str, name: str, table: str) -> None:
    """Puts a table in the place of the one that stands in the page under the name."""
    path = DOCS / page
    text = path.read_text(encoding="utf-8")
    place = re.compile(rf"(?<=<!-- {name}:begin -->\n).*?(?=<!-- {name}:end -->)", re.DOTALL)
    assert place.search(text), f"{page} has no place for {name}"
    path.write_text(place.sub(lambda _: table.strip() + "\n", text), encoding="utf-8")
