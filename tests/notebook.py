"""A notebook without Jupyter: its cells run one after the other, and show what a notebook would show.

The example in docs/ is run by a test, and its outputs are written by `scripts.notebook`.
"""

import ast
import io
import json
import sys
import warnings
from base64 import b64encode
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from onnx2zz.files.document import is_array, is_object

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"
MOST_HTML = 20_000
"""Characters of HTML that a committed output keeps; a whole report is left to the reader's own run."""
LEFT_OUT = "(the report, in a frame: run the cell to see it)"
SHOWN_AS = {"text/html": "_repr_html_", "image/png": "_repr_png_"}

Bundle = Mapping[str, str]
"""What is shown, by the kind of text that it is; a picture is base64."""


@dataclass(frozen=True)
class Cell:
    """A cell: its kind (markdown, code), its text, what it prints, and what it shows."""

    kind: str
    source: str
    printed: str = ""
    shown: tuple[Bundle, ...] = ()


def read_notebook(path: Path) -> tuple[Cell, ...]:
    """The cells of a notebook as they were committed, with their outputs."""
    return tuple(_cell(one) for one in _objects(json.loads(path.read_text(encoding="utf-8"))["cells"]))


def _cell(one: Mapping[str, object]) -> Cell:
    printed, shown = "", list[Bundle]()
    for output in _objects(one.get("outputs")):
        if output["output_type"] == "stream":
            printed += _joined(output["text"])
        elif is_object(data := output["data"]):
            shown.append({kind: _joined(text) for kind, text in data.items()})
    return Cell(str(one["cell_type"]), _joined(one["source"]), printed, tuple(shown))


def _objects(value: object) -> list[Mapping[str, object]]:
    return [one for one in value if is_object(one)] if is_array(value) else []


def _joined(text: object) -> str:
    return "".join(map(str, text)) if is_array(text) else str(text)


def notebook_text(cells: Sequence[Cell]) -> str:
    """The file of a notebook (nbformat 4.5), the same for the same cells."""
    document = {
        "cells": [_document(number, cell) for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _document(number: int, cell: Cell) -> dict[str, object]:
    common: dict[str, object] = {"cell_type": cell.kind, "id": f"cell-{number}", "source": _lines(cell.source)}
    common["metadata"] = dict[str, object]()
    if cell.kind != "code":
        return common
    printed = [{"name": "stdout", "output_type": "stream", "text": _lines(cell.printed)}] if cell.printed else []
    shown = [
        {
            "data": {kind: _lines(text) for kind, text in one.items()},
            "metadata": dict[str, object](),
            "output_type": "display_data",
        }
        for one in cell.shown
    ]
    return {**common, "execution_count": None, "outputs": [*printed, *shown]}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


class Kernel(ModuleType):
    """What runs cells. To the code in them it is IPython, as far as we ask that for anything."""

    def __init__(self) -> None:
        super().__init__("IPython")
        self.version_info = (9, 0)  # matplotlib asks
        self.names: dict[str, object] = {}
        self.shown: list[Bundle] = []

    def get_ipython(self) -> object:
        return self

    def publish_display_data(self, data: dict[str, str]) -> None:
        whole = len(data.get("text/html", "")) <= MOST_HTML
        self.shown.append(data if whole else {"text/plain": LEFT_OUT})

    def run(self, cell: Cell) -> Cell:
        """The cell with what it prints and shows now; its last expression is shown."""
        if cell.kind != "code":
            return cell
        self.shown, printed = [], io.StringIO()
        statements = ast.parse(cell.source).body
        last = statements.pop() if isinstance(statements[-1], ast.Expr) else None
        with redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            exec(compile(ast.Module(statements, []), "<cell>", "exec"), self.names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), self.names)
                if value is not None:
                    self.shown.append(_shown(value))
        return replace(cell, printed=printed.getvalue(), shown=tuple(self.shown))


@contextmanager
def running_kernel() -> Generator[Kernel]:
    """A kernel that code finds where it looks for IPython."""
    kernel, before = Kernel(), {name: sys.modules.get(name) for name in ("IPython", "IPython.display")}
    sys.modules.update(dict.fromkeys(before, kernel))
    try:
        yield kernel
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _shown(value: object) -> Bundle:
    """What a notebook shows of a value: all forms that it has."""
    forms: dict[str, str] = {}
    for kind, method in SHOWN_AS.items():
        if callable(say := getattr(value, method, None)):
            said = say()
            forms[kind] = b64encode(said).decode() if isinstance(said, bytes) else str(said)
    return {**forms, "text/plain": repr(value) if "image/png" not in forms else "<Figure>"}
