"""What crosses one border of a memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .arrays import Flags, Floats
from .lattice import View

Ends: TypeAlias = tuple[int, int]
"""The ports at the lower and at the upper end of a link between two memories."""
Behind: TypeAlias = tuple[int, int]
"""A port, and the input that has other inputs before it there."""


@dataclass(frozen=True)
class Border:
    """The costs of one border at the places `view`, C last: pJ, and cycles of the ports in all periods but the first;
    infinite where the border cannot lie. `waiting`: cycles that the array waits for the ports, for want of room to
    prefetch; `loading`: cycles of links before the computation, or after it for results. `passing`: cycles that a port
    needs for what crosses a border, whether it is hidden behind the computation or not; `steady`: the same without what
    passes only once; `queued`: the part in what hides behind the other input (queues.py). `goes_on`: see chain.py."""

    view: View
    energy: Floats
    busy: Mapping[int, Floats]
    waiting: Mapping[int, Floats] = field(default_factory=dict[int, Floats])
    loading: Mapping[Ends, Floats] = field(default_factory=dict[Ends, Floats])
    passing: Mapping[int, Floats] = field(default_factory=dict[int, Floats])
    steady: Mapping[int, Floats] = field(default_factory=dict[int, Floats])
    queued: Mapping[Behind, Floats] = field(default_factory=dict[Behind, Floats])
    goes_on: Flags | None = None
