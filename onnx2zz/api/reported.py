"""Results that have a report: as a file, and inside a notebook."""

import sys
from abc import ABC, abstractmethod
from html import escape
from pathlib import Path
from typing import Protocol, cast

from onnx2zz.errors import InputError, Problem

HEIGHT = 700
"""Pixels of the frame that a report gets in a notebook."""


class _IPythonDisplay(Protocol):
    def publish_display_data(self, data: dict[str, str]) -> object: ...


class Reported(ABC):
    """A result whose report is one HTML file that needs no network."""

    @abstractmethod
    def page(self) -> str:
        """The HTML of the report, as the command's `--html` writes it."""

    def to_html(self, file: str | Path | None = None) -> str:
        """The report as the command writes it, `file` if it is to be written as well (whole or not at all).

        Raises InputError where the file cannot be written.
        """
        html = self.page()
        if file is not None:
            from onnx2zz.files.written_file import write_whole

            write_whole(Path(file), html)
        return html

    def show(self, height: int = HEIGHT) -> None:
        """Shows the report in the notebook that this runs in, in a frame of `height` pixels.

        Raises InputError outside a notebook.
        """
        display = _display()
        if display is None:
            raise InputError(Problem("show", "there is no notebook to show it in", 'write it: .to_html("report.html")'))
        display.publish_display_data({"text/html": framed(self.page(), height), "text/plain": repr(self)})


def framed(html: str, height: int) -> str:
    """A whole page inside another one: scripts and styles of the two do not meet."""
    style = f"width:100%;height:{height}px;border:0"
    return f'<iframe srcdoc="{escape(html)}" style="{style}"></iframe>'


def _display() -> _IPythonDisplay | None:
    """IPython's way to show things, if a notebook has started it: whoever has not, has not imported it either."""
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return None
    from importlib import import_module

    return cast(_IPythonDisplay, import_module("IPython.display"))
