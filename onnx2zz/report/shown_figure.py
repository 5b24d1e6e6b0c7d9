"""A sheet of matplotlib's that a notebook shows. The only module that imports matplotlib; it is imported on demand."""

import io
from collections.abc import Mapping
from typing import Protocol

from matplotlib.figure import Figure  # no pyplot: it keeps figures, and asks for a screen

IN_A_NOTEBOOK_DPI = 110


class _Saving(Protocol):
    """What we use of `savefig`, whose own annotations leave every keyword open."""

    def savefig(
        self, fname: io.BytesIO, *, format: str, dpi: int | None, metadata: Mapping[str, str | None] | None
    ) -> object: ...


class ShownFigure(Figure):
    """A matplotlib Figure; without pyplot nobody would tell a notebook how to show one."""

    def image(self, kind: str, dpi: int | None = None) -> bytes:
        """The figure as a file has it: svg (without a date, so that equal figures are equal files), png or pdf."""
        drawn, saving = io.BytesIO(), self._as_saving()
        saving.savefig(drawn, format=kind, dpi=dpi, metadata={"Date": None} if kind == "svg" else None)
        return drawn.getvalue()

    def _as_saving(self) -> _Saving:
        return self

    def _repr_png_(self) -> bytes:
        return self.image("png", IN_A_NOTEBOOK_DPI)
