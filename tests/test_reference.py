"""The reference in docs/ is what `--help` and the docstrings say."""

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import onnx2zz
from onnx2zz.cli.main import COMMANDS
from scripts.reference import FOLDER, pages

PAGES = pages()
PINNED = dict(re.findall(r"^(\S+)==(\S+)", (Path(__file__).parents[1] / "requirements-ci.txt").read_text(), re.M))
AS_IN_CI = sys.version_info[:2] == (3, 11) and version("click") == PINNED["click"]
"""Other Pythons write signatures otherwise, another click help."""


@pytest.mark.skipif(not AS_IN_CI, reason="the pages are written with Python 3.11 and the pinned click")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_up_to_date(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text(encoding="utf-8") == PAGES[name], "run python -m scripts.reference"


def test_every_command_and_every_function_is_there() -> None:
    heads = {line for line in "\n".join(PAGES.values()).splitlines() if line.startswith("## ")}
    assert {f"## onnx2zz {name}" for name in COMMANDS} <= heads
    functions = {name for name in onnx2zz.__all__ if name not in ("IncompleteResult", "InputError")}
    assert {f"## onnx2zz.{name}" for name in functions} <= heads
