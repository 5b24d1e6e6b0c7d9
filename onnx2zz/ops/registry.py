"""The table of operators: how each is lowered, and whether it may be a view or ride on another layer.

An operator is a file of this folder with one decorated function per operator; nothing else has to be told about it.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from math import prod
from typing import TypeVar

import onnx2zz.ops
from onnx2zz.frontend.fit import FAULTS, unfit
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.own import own_modules
from onnx2zz.frontend.operators.table import operator_carries_macs
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Window
from onnx2zz.ir.layer import Kind, Layer, step_operands

Lower = Callable[[Node, Graph], tuple[Layer, ...]]
Rides = Callable[[Node, Graph], tuple[str, ...]]
Test = Callable[[Node, Graph], bool]
Answer = TypeVar("Answer")


def _no_layers(node: Node, graph: Graph) -> tuple[Layer, ...]:
    raise AssertionError(f"{node.op} {node.label} is never lowered")


def _never(node: Node, graph: Graph) -> bool:
    return False


def _always(node: Node, graph: Graph) -> bool:
    return True


def _rides_nowhere(node: Node, graph: Graph) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Operator:
    """What is known of one operator.

    `lower` gives its layers, in execution order. `view` tells whether this node only renames data. `rides` names the
    activations whose layer the node may be fused to, if they all are that layer's; none if it cannot be fused at all.
    `rereads` tells whether this node, if it rides on no layer, is a view all the same: its readers take the tensor as
    it is stored. `host` operators never run on a MAC array. A node of one
    that is known `by_body` is none by the time it could be lowered, unless it has a form that nothing is written for.
    """

    name: str
    how: str
    kind: Kind | None = None
    lower: Lower = _no_layers
    view: Test = _never
    rides: Rides = _rides_nowhere
    rereads: Test = _never
    host: bool = False
    by_body: bool = False


_TABLE: dict[str, Operator] = {}


def lowers(
    *names: str,
    how: str,
    kind: Kind = "exact",
    view: Test = _never,
    rides: Rides = _rides_nowhere,
    rereads: Test = _never,
) -> Callable[[Lower], Lower]:
    """Registers a lowering for operators (domain included, except ONNX's own). `how` is its line in `onnx2zz ops`."""

    def register(lower: Lower) -> Lower:
        for name in names:
            checks = _blaming(view), _blaming(rides), _blaming(rereads)
            _add(Operator(name, how, kind, _blaming(_as_stored(lower)), *checks))
        return lower

    return register


def renames(*names: str, how: str) -> None:
    """Registers operators that never touch data: their output is their first input under another name or shape."""
    for name in names:
        _add(Operator(name, how, view=_always))


def runs_on_host(*names: str, how: str) -> None:
    """Registers operators that are no work for a MAC array."""
    for name in names:
        _add(Operator(name, how, host=True))


def stands_for_its_body(*names: str, how: str) -> None:
    """Registers operators that the frontend replaces by the operators that define them: none is ever lowered."""
    for name in names:
        _add(Operator(name, how, "exact", by_body=True))


def _blaming(rule: Callable[[Node, Graph], Answer]) -> Callable[[Node, Graph], Answer]:
    """The rule; where its arithmetic fails, the node is none of its operator's. Raises InputError."""

    @wraps(rule)
    def asked(node: Node, graph: Graph) -> Answer:
        try:
            return rule(node, graph)
        except FAULTS as error:
            shapes = [graph.tensors[name].shape for name in node.inputs if name]
            raise unfit(node.label, node.op, shapes, error) from error

    return asked


def _as_stored(lower: Lower) -> Lower:
    """The lowering; a ValueError where a multiplication reads a tensor as if that had another shape than it has.

    Other operators may: rows taken from a table, a slope per channel.
    """

    @wraps(lower)
    def lowered(node: Node, graph: Graph) -> tuple[Layer, ...]:
        layers = lower(node, graph)
        for layer in layers if operator_carries_macs(node.op) else ():
            for access in (*layer.inputs, layer.output, *step_operands(layer)):
                _check(access, layer, graph)
        return layers

    return lowered


def _check(access: Access, layer: Layer, graph: Graph) -> None:
    tensor, extents = graph.tensors.get(access.tensor), tuple([axis.extent for axis in access.axes])
    if tensor is not None and tensor.shape != extents and not _read_as(tensor.shape, extents, access):
        raise ValueError(f"{access.tensor} would have to be {'x'.join(map(str, extents))}")
    # Checked for multiplications only: there a tensor that is read as another shape gives a number of MACs that is
    # plausible and wrong. An axis of several loops must be covered by them exactly, since a remainder would be read as
    # padding.
    for axis in access.axes:
        if len(axis.terms) > 1 and not isinstance(axis, Window) and axis.padding(layer.sizes) != (0, 0):
            raise ValueError(f"{access.tensor} has an axis of {axis.extent}, which its parts do not divide")


def _read_as(shape: tuple[int, ...] | None, extents: tuple[int, ...], access: Access) -> bool:
    """Whether a tensor of that shape may be walked with those extents: as many elements, in other groups of axes."""
    return shape is None or bool(access.packed) or (len(shape) != len(extents) and prod(shape) == prod(extents))


def _add(operator: Operator) -> None:
    assert operator.name not in _TABLE, f"{operator.name} is registered twice"
    _TABLE[operator.name] = operator


def has_lowering(op: str) -> bool:
    """Whether nodes of an operator have a fate here: layers, a view, or the host's on purpose."""
    operator = operators().get(op)
    return operator is not None and not operator.by_body


@cache
def operators() -> dict[str, Operator]:
    """Every operator that is known, by name: ours, then those of other packages. Raises InputError where one of those
    cannot be loaded."""
    for module in pkgutil.iter_modules(onnx2zz.ops.__path__):
        importlib.import_module(f"onnx2zz.ops.{module.name}")
    own_modules()
    return dict(sorted(_TABLE.items()))
