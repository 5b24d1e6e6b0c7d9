"""docs/check.md is true: its table of codes is the product's."""

from onnx2zz.report.check_table import markdown
from tests.report.generated import assert_generated


def test_the_table_of_checks(update_golden: bool) -> None:
    assert_generated("check.md", "checks", markdown(), update_golden)
