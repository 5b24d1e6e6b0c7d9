"""Parts of pages that the product writes: between two comments, `<!-- NAME:begin -->` and `<!-- NAME:end -->`."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def assert_generated(page: str, part: str, made: str, update: bool) -> None:
    """The part of a page in docs/ is what the product makes; with `update` it is written."""
    path = DOCS / page
    text = path.read_text(encoding="utf-8")
    between = re.compile(rf"(?<=<!-- {part}:begin -->\n).*?(?=<!-- {part}:end -->)", re.DOTALL)
    shown = between.search(text)
    assert shown is not None
    if update:
        path.write_text(between.sub(lambda _: made, text), encoding="utf-8")
    elif shown[0] != made:
        pytest.fail(f"{part} of docs/{page} are not the product's: pytest tests/report --update-golden")
