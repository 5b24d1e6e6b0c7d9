"""What the walk over a model has found so far, and where the names of a body lead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.data_sizes import DataSizes
from onnx2zz.frontend.graph import CALL, Node, Tensor
from onnx2zz.frontend.known_sequence import KnownSequence
from onnx2zz.frontend.routing import Routing
from onnx2zz.frontend.told_shapes import ToldShapes
from onnx2zz.frontend.told_steps import ToldSteps
from onnx2zz.frontend.values import KnownValues, Recipe

ELEMENT_TYPES = frozenset(onnx.helper.get_all_tensor_dtypes())
GENERATED_OPSET = 13
"""Of the nodes that stand in for loops and sequences: since 13 Unsqueeze and Split take axes and sizes as inputs."""
DEEPEST = 64
"""Bodies in bodies: beyond this many a function calls itself, if by way of others."""
ONNX_DOMAINS = ("", "ai.onnx")
VERSIONS = range(-(2**31), 2**31)
TypeAndTensor = tuple[onnx.TypeProto, Tensor]
RENAMED = onnx.helper.make_node("Identity", ["x"], ["y"])


@dataclass(frozen=True)
class Scope:
    """Where a body's names lead: local name to global name, and the prefix of names that it makes itself."""

    names: dict[str, str]
    opsets: Mapping[str, int]
    prefix: str = ""
    body_of: str = ""
    depth: int = 0

    @cached_property
    def imports(self) -> list[onnx.OperatorSetIdProto]:
        """The operator sets as a file lists them."""
        return [onnx.helper.make_opsetid(domain, version) for domain, version in self.opsets.items()]

    def look_up(self, name: str) -> str:
        """The global name of a local one."""
        return self.names.get(name, name) if name else ""

    def look_up_all(self, names: Iterable[str]) -> tuple[str, ...]:
        """The global names of local ones."""
        known = self.names
        return tuple([known.get(name, name) if name else "" for name in names])

    def declare(self, name: str) -> str:
        """The global name of a tensor that the body makes."""
        if name:
            self.names[name] = f"{self.prefix}{name}"
        return self.names[name] if name else ""


@dataclass
class Trace:
    """What the walk has found so far."""

    functions: Mapping[tuple[str, str, str], onnx.FunctionProto]
    ir_version: int
    told: ToldShapes = field(default_factory=ToldShapes)
    op_like: Mapping[str, str] = field(default_factory=dict[str, str])
    sizes: DataSizes = field(default_factory=DataSizes)
    routing: Routing = field(default_factory=Routing)
    told_steps: ToldSteps = field(default_factory=ToldSteps)
    nodes: list[Node] = field(default_factory=list[Node])
    types: dict[str, onnx.TypeProto] = field(default_factory=dict[str, onnx.TypeProto])
    tensors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    open: set[str] = field(default_factory=set[str])  # tensors without a static shape, sequences among them
    constants: set[str] = field(default_factory=set[str])
    static: set[str] = field(default_factory=set[str])
    shaped_by_data: set[str] = field(default_factory=set[str])
    zeros: set[str] = field(default_factory=set[str])  # static tensors that are known to hold zeros alone
    values: KnownValues = field(default_factory=KnownValues)
    stand_ins: dict[str, str] = field(default_factory=dict[str, str])  # tensors, with the operator that made them
    block: int = 0  # channels in a block of onnxruntime's blocked layout
    inlined: int = 0  # nodes of bodies and functions so far
    repeating: int = 0  # steps of the loop whose body is walked once for all of them
    unrolled: frozenset[str] = frozenset()  # loops, by their names, that are to stand there once an iteration
    # Sequences and optionals whose elements are known: they come down to these and need no run.
    lists: dict[str, KnownSequence] = field(default_factory=dict[str, KnownSequence])
    # Those that a loop made, an element a step: tensors with the steps as their first axis (growing_lists.py).
    stacks: set[str] = field(default_factory=set[str])
    # What is noted, and of which nodes.
    remarks: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])

    def note(self, name: str, type_proto: onnx.TypeProto) -> None:
        """A tensor's type."""
        self.note_known(name, (type_proto, as_tensor(type_proto)))

    def note_known(self, name: str, known: TypeAndTensor) -> None:
        """A tensor's type, as onnx and as we write it."""
        self.types[name], self.tensors[name] = known
        if known[1].shape is None:
            self.open.add(name)
        else:
            self.open.discard(name)

    def hold_constant(self, name: str, value: np.ndarray) -> None:
        """A constant that no file holds: a loop's iteration number, a position."""
        element = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
        self.note(name, onnx.helper.make_tensor_type_proto(element, value.shape))
        self.values.hold(name, value)
        self.constants.add(name)
        self.static.add(name)

    def remark(self, what: str, label: str, op: str) -> None:
        """Something that the user should know of a node, and that is no fault."""
        self.remarks.setdefault(what, {})[f"{label} ({op})"] = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was remarked, a sentence each, whatever the number of nodes."""
        return tuple(f"{_of_nodes([*nodes])}: {what}" for what, nodes in self.remarks.items())

    def known(self, name: str) -> np.ndarray | None:
        """The value of a tensor that does not depend on the run."""
        return self.values.get(name) if name in self.static else None

    def rename(self, source: str, name: str) -> None:
        """`name` is the tensor `source` (or the sequence, or the optional) under another name."""
        self.note(name, self.types[source])
        self.values.hold_recipe(name, Recipe(RENAMED, (source,), 0, {"": 13}))
        for names in (self.constants, self.static, self.shaped_by_data, self.zeros, self.stacks):
            if source in names:
                names.add(name)
        if source in self.lists:
            self.lists[name] = self.lists[source]
        if source in self.routing.marks:
            self.routing.marks[name] = self.routing.marks[source]


def _of_nodes(labels: list[str]) -> str:
    return f"node {labels[0]}" + (f" and {len(labels) - 1} more" if len(labels) > 1 else "")


def opsets_of(imports: Iterable[onnx.OperatorSetIdProto]) -> dict[str, int]:
    """Domain to version, ONNX's own domain under "" and from 1 on. Raises InputError for others, and beyond 32 bit."""
    opsets = {"" if o.domain in ONNX_DOMAINS else o.domain: o.version for o in imports}
    for domain, version in opsets.items():
        if version not in VERSIONS or (version < 1 and not domain):
            what = f"has version {version}, which there is not"
            raise InputError(Problem(f"opset_import {domain or 'ai.onnx'}", what, "export the network anew"))
    return {"": 1} | opsets


@lru_cache(maxsize=512)
def tensor_type(element: int, shape: tuple[int, ...]) -> TypeAndTensor:
    """The type of a tensor of static shape, as onnx and as we write it; nobody may change it."""
    return onnx.helper.make_tensor_type_proto(element, shape), Tensor(shape, element)


def as_tensor(type_proto: onnx.TypeProto) -> Tensor:
    """Shape and element type of a tensor type; the shape is None unless every axis is known."""
    kind = type_proto.tensor_type
    if not kind.HasField("shape"):
        return Tensor(None, kind.elem_type)
    sizes = [dim.dim_value or (0 if dim.HasField("dim_value") else -1) for dim in kind.shape.dim]
    return Tensor(None if min(sizes, default=0) < 0 else tuple(sizes), kind.elem_type)


def note_initializers(state: Trace, graph: onnx.GraphProto, scope: Scope) -> None:
    """The initializers of a graph: constants."""
    for tensor in graph.initializer:
        name = scope.declare(tensor.name)
        if min(tensor.dims, default=0) < 0:
            raise InputError(Problem(f"tensor {name}", f"has {min(tensor.dims)} elements along an axis"))
        if tensor.data_type not in ELEMENT_TYPES:
            raise InputError(Problem(f"tensor {name}", f"has element type {tensor.data_type}, which there is not"))
        state.note_known(name, tensor_type(tensor.data_type, tuple(tensor.dims)))
        state.values.hold_proto(name, tensor)
        state.constants.add(name)
        state.static.add(name)
    for sparse in graph.sparse_initializer:
        name = scope.declare(sparse.values.name)
        state.note(name, onnx.helper.make_tensor_type_proto(sparse.values.data_type, tuple(sparse.dims)))
        state.constants.add(name)
        state.static.add(name)


def qualified(proto: onnx.NodeProto) -> str:
    """An operator's name with its domain, unless that is ONNX's own."""
    return proto.op_type if proto.domain in ONNX_DOMAINS else f"{proto.domain}.{proto.op_type}"


def label_of(proto: onnx.NodeProto) -> str:
    """What a user recognises a node by: its name, else its first output."""
    return proto.name or next(filter(None, proto.output), proto.op_type)


def caller_name(proto: onnx.NodeProto, scope: Scope) -> str:
    """What a body goes by: the global name of its caller's first output."""
    return f"{scope.prefix}{next((o for o in proto.output if o), proto.name)}"


def scope_of_body(proto: onnx.NodeProto, scope: Scope) -> Scope:
    """The scope of a body that is inlined for a node: its own names carry the node's first output."""
    name = caller_name(proto, scope)
    if scope.depth == DEEPEST:
        what = f"lies in more than {DEEPEST} bodies and functions, one in the other"
        raise InputError(Problem(f"node {label_of(proto)} ({qualified(proto)})", what, "no function may call itself"))
    return Scope(dict(scope.names), scope.opsets, prefix=f"{name}/", body_of=name, depth=scope.depth + 1)


def close_body(state: Trace, proto: onnx.NodeProto, results: list[str], scope: Scope) -> None:
    """The calling node: its outputs are the body's results under another name."""
    outputs = tuple(scope.declare(o) for o in proto.output)
    read = tuple(result if output else "" for result, output in zip(results, outputs, strict=False))
    state.nodes.append(Node(CALL, proto.name, read, outputs, {}, 1, scope.body_of, calls=qualified(proto)))
    for result, output in zip(read, outputs, strict=True):
        if output:
            state.rename(result, output)
