"""Runs docs/notebook.ipynb, keeps what its cells show, and writes docs/notebook.md, the same as a page.

`python -m scripts.notebook`: after a cell or a number was changed. A test runs the cells and compares.
"""

import argparse
import os
from base64 import b64decode
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from onnx2zz.files.written_file import write_whole, write_whole_bytes
from tests.notebook import NOTEBOOK, Cell, notebook_text, read_notebook, running_kernel

PAGE = NOTEBOOK.with_suffix(".md")
IMAGES = NOTEBOOK.parent / "images"
HEAD = "<!-- Written by scripts/notebook.py from notebook.ipynb. -->\n"


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    cells = run_cells(read_notebook(NOTEBOOK))
    write_whole(NOTEBOOK, notebook_text(cells))
    for name, picture in pictures(cells):
        write_whole_bytes(IMAGES / name, picture)
    write_whole(PAGE, page(cells))
    print(f"{NOTEBOOK}: {len(cells)} cells run")


def run_cells(cells: Sequence[Cell]) -> list[Cell]:
    """The cells with what they show now, run in an empty folder."""
    before = Path.cwd()
    with TemporaryDirectory() as folder, running_kernel() as kernel:
        os.chdir(folder)
        try:
            return [kernel.run(cell) for cell in cells]
        finally:
            os.chdir(before)


def pictures(cells: Sequence[Cell]) -> Iterator[tuple[str, bytes]]:
    """Each picture that a cell shows, with the name of its file."""
    for number, cell in enumerate(cells):
        for shown in cell.shown:
            if "image/png" in shown:
                yield f"notebook_{number}.png", b64decode(shown["image/png"])


def page(cells: Sequence[Cell]) -> str:
    """The notebook as a page of the site: code, and below it what it shows."""
    return HEAD + "\n" + "\n\n".join(part for number, cell in enumerate(cells) for part in _parts(number, cell)) + "\n"


def _parts(number: int, cell: Cell) -> Iterator[str]:
    if cell.kind != "code":
        yield cell.source.strip()
        return
    yield f"```python\n{cell.source.strip()}\n```"
    if cell.printed:
        yield f"```text\n{cell.printed.rstrip()}\n```"
    for shown in cell.shown:
        if "image/png" in shown:
            yield f"![what the cell above draws](images/notebook_{number}.png)"
        elif "text/html" in shown:
            yield f'<div class="shown">{shown["text/html"]}</div>'
        else:
            yield f"```text\n{shown['text/plain']}\n```"


if __name__ == "__main__":
    main()
