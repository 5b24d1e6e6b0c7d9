"""What a compile gives: layers in execution order, wired, with the fate of every node of the graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from onnx2zz.ir.experts import ExpertTokens
from onnx2zz.ir.interface import Cache, ModelInput
from onnx2zz.ir.layer import Layer

Status = Literal["lowered", "fused", "view", "folded", "host"]
Source = int | str  # a layer id, "input:NAME", "const" or "host:NODE"


@dataclass(frozen=True, slots=True)
class Widths:
    """Bits of one element of each operand; O while partial sums are incomplete, O_final once they are complete."""

    W: int
    I: int  # noqa: E741 - ZigZag's name
    O: int  # noqa: E741 - ZigZag's name
    O_final: int


@dataclass(frozen=True, slots=True)
class PlacedLayer:
    """A layer in its workload.

    `sources` holds for each operand ("I", "W", "X" for tensors that only steer) everything that feeds it, in order.
    `constant` names the operands that are known before the run.
    """

    id: int
    name: str
    node: str
    layer: Layer
    widths: Widths
    sources: Mapping[str, tuple[Source, ...]]
    constant: frozenset[str]


@dataclass(frozen=True, slots=True)
class NodeFate:
    """What became of one node: its status, the layers that compute it, and why.

    `macs`: multiply-accumulates that the host has of it, and no layer; None if it has some, or may, of unknown number.
    """

    node: str
    op: str
    outputs: tuple[str, ...]
    status: Status
    layers: tuple[int, ...]
    why: str
    macs: int | None = 0


@dataclass(frozen=True)
class Workload:
    """A compiled model.

    `unemitted`: layers of one element or none, which have no place in a workload: by the first output of their node,
    each with its position among all layers of that node. `own_fates`: what became of each node, by its first output,
    the iterations of a loop apart, which share one entry in `nodes`. `notes`: what was rounded, a sentence each.
    `experts`: the tokens of each expert, where data decide them. `inputs`, `caches`: what a run takes, and
    what of it the next run gets back.
    """

    model: str
    layers: tuple[PlacedLayer, ...]
    nodes: tuple[NodeFate, ...]
    unemitted: Mapping[str, tuple[tuple[int, Layer], ...]] = field(
        default_factory=dict[str, tuple[tuple[int, Layer], ...]]
    )
    own_fates: Mapping[str, NodeFate] = field(default_factory=dict[str, NodeFate])
    notes: tuple[str, ...] = ()
    experts: tuple[ExpertTokens, ...] = ()
    inputs: tuple[ModelInput, ...] = ()
    caches: tuple[Cache, ...] = ()

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all layers."""
        return sum(placed.layer.macs for placed in self.layers)

    @property
    def incomplete(self) -> bool:
        """Whether the host has multiply-accumulates, or may have, that no layer holds."""
        return any(fate.macs != 0 for fate in self.nodes)
