"""`onnx2zz.explain`: what one node of a model becomes, and why."""

from dataclasses import dataclass
from html import escape
from typing import Unpack

from onnx2zz.api.compile import AnyModelOptions, Model, compiled_of
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.workload import Status
from onnx2zz.report.explanation import explanation, fate_of


@dataclass(frozen=True, repr=False)
class ExplainedNode:
    """What became of a node: its `status`, `why`, and its `layers` as ZigZag reads them. `text` says all of it, with
    loop nests, as `onnx2zz explain` prints it; that is what is shown."""

    node: str
    op: str
    status: Status
    why: str
    layers: tuple[WorkloadEntry, ...]
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"


def explain(model: Model, node: str, **options: Unpack[AnyModelOptions]) -> ExplainedNode:
    """The loop nests, equations, relations and sources of a node, which is called by its name or by one of its outputs.

    Raises InputError with the nearest names if there is none.

    >>> import onnx2zz
    >>> found = onnx2zz.explain("lenet5", "conv1")
    >>> found.status, found.layers[0]["equation"]
    ('lowered', 'O[b][g][k][oy][ox]+=I[b][g][c][iy][ix]*W[g][k][c][fy][fx]')
    """
    compiled = compiled_of(model, options)
    fate = fate_of(compiled, node)
    layers = tuple(compiled.entries[identity] for identity in fate.layers)
    return ExplainedNode(
        fate.node or fate.outputs[0], fate.op, fate.status, fate.why, layers, explanation(compiled, node)
    )
