"""docs/check.md is true: its table of codes is the product's."""

import re
from pathlib import Path

import pytest

from onnx2zz.report.check_table import markdown

PAGE = Path(__file__).parents[2] / "docs" / "check.md"
TABLE = re.compile(r"(?<=<!-- checks:begin -->\n).*?(?=<!-- checks:end -->)", re.DOTALL)


def test_the_table_of_checks(update_golden: bool) -> None:
    text = PAGE.read_text(encoding="utf-8")
    if update_golden:
        PAGE.write_text(TABLE.sub(lambda _: markdown(), text), encoding="utf-8")
        return
    shown = TABLE.search(text)
    assert shown is not None
    if shown[0] != markdown():
        pytest.fail(f"the table is not the product's: pytest tests/report/{Path(__file__).name} --update-golden")
