"""What the figures use of matplotlib's objects, whose own annotations leave every keyword open."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Spine(Protocol):
    """One side of the frame."""

    def set_visible(self, b: bool) -> None: ...


class Axes(Protocol):
    """One diagram."""

    @property
    def spines(self) -> Mapping[str, Spine]: ...

    def set(self, *, xscale: str, yscale: str, xlabel: str, ylabel: str) -> object: ...

    def set_title(self, label: str, *, fontsize: int) -> object: ...

    def set_xlabel(self, xlabel: str) -> object: ...

    def set_yticks(self, ticks: Sequence[int], labels: Sequence[str], *, fontsize: int) -> object: ...

    def invert_yaxis(self) -> None: ...

    def grid(self, *, alpha: float) -> None: ...

    def legend(self, *, fontsize: int, frameon: bool) -> object: ...

    def barh(
        self,
        y: Sequence[int],
        width: Sequence[float],
        *,
        left: Sequence[float],
        color: str,
        label: str,
        edgecolor: str,
        linewidth: float,
    ) -> object: ...

    def plot(self, x: Sequence[float], y: Sequence[float], /, *, color: str, linewidth: float) -> object: ...

    def scatter(self, x: float, y: float, *, s: float, color: str, edgecolors: str) -> object: ...
