"""The example notebook: it runs from top to bottom, shows what was committed, and its page is made of it."""

from collections.abc import Sequence

import pytest

from scripts.notebook import PAGE, page, run_cells
from tests.notebook import NOTEBOOK, Bundle, Cell, notebook_text, read_notebook

COMMITTED = read_notebook(NOTEBOOK)


@pytest.fixture(scope="module")
def cells() -> Sequence[Cell]:
    return run_cells(COMMITTED)


def without_pictures(shown: Bundle) -> Bundle:
    """Another matplotlib draws other pixels."""
    return {kind: "drawn" if kind == "image/png" else text for kind, text in shown.items()}


def test_its_cells_show_what_was_committed(cells: Sequence[Cell]) -> None:
    for now, committed in zip(cells, COMMITTED, strict=True):
        assert now.printed == committed.printed, now.source
        assert [*map(without_pictures, now.shown)] == [*map(without_pictures, committed.shown)], now.source


def test_it_shows_what_results_can_show(cells: Sequence[Cell]) -> None:
    code = [cell for cell in cells if cell.kind == "code"]
    assert all(cell.shown or cell.printed for cell in code)
    assert sum("image/png" in shown for cell in code for shown in cell.shown) >= 3
    for method in ("compile", "verify", "evaluate", "compare", "sweep", "explain", ".show(", ".plot(", "total=True"):
        assert any(method in cell.source for cell in code), method


def test_its_page_and_its_file_are_made_of_the_same_cells() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(COMMITTED)
    assert NOTEBOOK.read_text(encoding="utf-8") == notebook_text(COMMITTED)
