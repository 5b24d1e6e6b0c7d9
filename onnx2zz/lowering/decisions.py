"""What has been decided of a graph's nodes while it is lowered."""

from dataclasses import dataclass, field
from functools import cached_property

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.layer import Layer
from onnx2zz.lowering.fusion import Riders
from onnx2zz.lowering.options import LoweringOptions
from onnx2zz.lowering.precision import StoredBits
from onnx2zz.lowering.repeats import Repeated
from onnx2zz.lowering.triage import Verdict
from onnx2zz.lowering.views import Views


@dataclass(frozen=True)
class Repeating:
    """What became of a recurrence's body, and for each of the node's layers the node of the body that it stands for, if
    it does for one."""

    inner: "Lowering"
    origins: tuple[Node | None, ...]


@dataclass
class Lowering:
    """What has been decided so far: verdicts, views, each node's layers, which node a rider rides on, and of the nodes
    that repeat a body what became of that."""

    graph: Graph
    options: LoweringOptions
    verdicts: dict[Node, Verdict]
    views: Views
    repeated: Repeated
    stored: StoredBits = field(default_factory=lambda: StoredBits({}))
    layers: dict[Node, tuple[Layer, ...]] = field(default_factory=dict[Node, tuple[Layer, ...]])
    riding: dict[Node, Node] = field(default_factory=dict[Node, Node])
    repeating: dict[Node, "Repeating"] = field(default_factory=dict[Node, "Repeating"])

    @cached_property
    def riders(self) -> Riders:
        """Finds who rides on a layer."""
        return Riders(self.graph, self.verdicts, self.views)

    def is_work(self, node: Node) -> bool:
        """Whether a node is work for the array."""
        return self.verdicts[node].status == "work"

    def is_view(self, node: Node) -> bool:
        """Whether a node only renames data."""
        return node in self.views.nodes
