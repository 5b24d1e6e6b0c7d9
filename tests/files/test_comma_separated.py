"""CSV that programs read back, and spreadsheets take for text."""

import csv
import io

import pytest

from onnx2zz.files.comma_separated import csv_text

HARMLESS = [
    "plain",
    "a,b",
    'it is "quoted"',
    "two\nlines",
    "carriage\rreturn",
    "both\r\nends",
    "",
    "'",
    "naïve 名",
    "a=1",
]
FORMULAS = ["=1+1", "+1", "-o", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("x","y")', "＋1", "－1", "＠a"]


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    assert read_back(csv_text([{"name": name, "pj": 1.5}, {"name": "next", "pj": 2}])) == [
        ["name", "pj"], [name, "1.5"], ["next", "2"],
    ]  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_like_a_formula_is_text_to_a_spreadsheet(name: str) -> None:
    """A head of a column is a name as well: parameters of a sweep are."""
    text = csv_text([{name: name, "energy": -2.5}])
    assert read_back(text) == [[f"'{name}", "energy"], [f"'{name}", "-2.5"]]


def test_rows_of_different_columns_have_empty_cells() -> None:
    assert csv_text([{"a": 1}, {"b": None, "a": 2}, {"b": "x"}]) == "a,b\n1,\n2,\n,x\n"
