"""What crosses one border of a memory."""

from collections.abc import Mapping
from dataclasses import dataclass

from .arrays import Flags, Floats
from .lattice import View


@dataclass(frozen=True)
class Border:
    """The costs of one border at the places `view`, C last: pJ, and cycles of the ports in all periods but the first;
    infinite where the border cannot lie. `waiting`: cycles that the array waits for the ports, for want of room to
    prefetch; `loading`: cycles before the computation, or after it for results. `passing`: cycles that a port needs for
    what crosses a border, whether it is hidden behind the computation or not; `steady`: the same without what passes
    only once. `goes_on`: see chain.py."""

    view: View
    energy: Floats
    busy: Mapping[int, Floats]
    waiting: Mapping[int, Floats]
    loading: Floats
    passing: Mapping[int, Floats]
    steady: Mapping[int, Floats]
    goes_on: Flags | None = None
