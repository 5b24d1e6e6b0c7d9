"""docs/operators.md is true: its table is the product's."""

from onnx2zz.report.operator_table import markdown
from tests.report.generated import assert_generated


def test_the_table_of_operators(update_golden: bool) -> None:
    assert_generated("operators.md", "ops", markdown(), update_golden)
