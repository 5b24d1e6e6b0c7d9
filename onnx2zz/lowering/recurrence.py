"""The layers of a Loop or Scan: what does not depend on its states, for all steps at once, then the steps.

The body is lowered as a graph of its own, whatever the number of steps, and each of its layers becomes one over all of
them. Those on which a state hangs run one step after the other (`Layer.recurrent`); a state that is nothing but an
earlier input (a token shift) holds nobody up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from math import prod

from onnx2zz.formats.workload_entry import STEP
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.recurrence import Carried, Recurrence, Rows
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import along
from onnx2zz.ir.layer import Layer
from onnx2zz.lowering.all_steps import CannotLiftError, Home, Homes, Lifting, State, with_axis
from onnx2zz.lowering.body_layers import BodyLayer, Stored, body_layers
from onnx2zz.lowering.decisions import Lowering, Repeating
from onnx2zz.lowering.options import LoweringOptions
from onnx2zz.lowering.precision import StoredBits
from onnx2zz.lowering.renamed_loops import renamed
from onnx2zz.ops.loops import tensor_loops
from onnx2zz.ops.movement import movement

Decide = Callable[[Graph, LoweringOptions], Lowering]
Origins = Sequence[tuple[Layer, Node | None]]
"""Layers, each with the node of the body that it stands for, if it does for one."""


def repeated_layers(
    node: Node, graph: Graph, options: LoweringOptions, decide: Decide
) -> tuple[tuple[Layer, ...], Repeating]:
    """The layers of a node that repeats its body. Raises CannotLiftError where no loop over the steps says them."""
    assert node.recurrence is not None
    inner = decide(node.recurrence.body, replace(options, unsupported="host"))
    found = _Steps(graph, node.recurrence, inner, options).lowered()
    return tuple([layer for layer, _ in found]), Repeating(inner, tuple([origin for _, origin in found]))


class _Steps:
    """The body's layers and tensors on their way to layers of all steps."""

    def __init__(self, graph: Graph, recurrence: Recurrence, inner: Lowering, options: LoweringOptions) -> None:
        self.graph = graph
        self.recurrence = recurrence
        self.inner = inner
        self.stored = Stored(inner)
        self.bits = StoredBits.in_graph(recurrence.body, inner.views.nodes, options.precision.native).of
        self.layers: list[tuple[Layer, Node | None]] = [(self._of_width(one), one.node) for one in body_layers(inner)]
        self.made: dict[str, Home] = {name: self._part(name, rows) for name, rows in recurrence.slices.items()}
        self.own = dict.fromkeys(layer.output.tensor for layer, _ in self.layers)
        self.states: dict[str, State] = {}
        self.unmoved = {one.inside: one.initial for one in recurrence.carried if one.inside == one.after}

    def lowered(self) -> Origins:
        self._check_reads()
        for name, rows in self.recurrence.stacked:
            self._stack(name, rows)
        for name in self.own:
            self.made.setdefault(name, Home(Rows(name, 0, self.recurrence.steps), 1))
        for one in self.recurrence.carried:
            if one.inside != one.after:
                self.states[one.inside] = self._state(one)
        lifting = Lifting(Homes(self.made, self.states, self.unmoved), self.recurrence.steps)
        free, bound = _parted(self.layers, self._sources())
        found = [(self._of_rows(layer, lifting), origin) for layer, origin in free]
        found += [(lifting.layer(layer, STEP, recurrent=True), origin) for layer, origin in bound]
        found += [(layer, None) for layer in self._last(lifting)]
        return found

    def _of_width(self, one: BodyLayer) -> Layer:
        """The layer as wide as the body's tensor is that it writes: of the outer graph it is none."""
        bits = one.layer.output_bits or self.bits.get(one.layer.output.tensor, 0)
        return replace(one.layer, output_bits=bits)

    def _part(self, name: str, rows: Rows) -> Home:
        """A part of an outer tensor, by the axes before that of the steps."""
        return Home(rows, prod(self.graph.shape(rows.tensor)[: rows.axis]))

    def _check_reads(self) -> None:
        """Raises CannotLiftError where a layer reads what nothing of the body writes."""
        makes = self.inner.graph.maker
        for layer, _ in self.layers:
            for name in layer.tensors - self.own.keys():
                if name in makes and name not in self.inner.graph.static:
                    raise CannotLiftError(f"nothing writes {name}")

    def _stack(self, name: str, rows: Rows) -> None:
        """The layers that make a result write it where all steps' lie; else a copy does."""
        stored = self.stored.name(name)
        outer = prod(self.graph.shape(rows.tensor)[: rows.axis])
        home = Home(rows, outer)
        if stored in self.own and stored not in self.made and self._fits(stored, home):
            self.made[stored] = home
        else:
            self._copy(name, rows.tensor)
            self.made[rows.tensor] = home

    def _fits(self, name: str, home: Home) -> bool:
        """Whether every access of a tensor has a place for the axis of the steps."""
        try:
            for layer, _ in self.layers:
                for access in (layer.output, *layer.inputs):
                    if access.tensor == name:
                        with_axis(access.axes, home, along(STEP, home.rows.extent))
        except CannotLiftError:
            return False
        return True

    def _state(self, one: Carried) -> State:
        stored = self.stored.name(one.after)
        if stored in self.made and self.made[stored].begins_outside():
            return State(self.made[stored], one.initial)
        name = f"{one.after}/of {one.inside}"
        self._copy(one.after, name)
        home = Home(Rows(name, 0, self.recurrence.steps), 1)
        self.made[name] = home
        return State(home, one.initial)

    def _copy(self, name: str, target: str) -> None:
        """A layer more in each step: it moves a tensor of the body to another."""
        stored = self.stored.name(name)
        if stored is None:
            raise CannotLiftError(f"{name} is a view that leaves the body")
        shape = self.inner.graph.shape(name)
        loops = tensor_loops(len(shape))
        axes = tuple(map(along, loops, shape))
        copy = movement(tuple(zip(loops, shape, strict=True)), Access(target, axes), Access(stored, axes))
        self.layers.append((replace(copy, output_bits=self.bits.get(stored, 0)), None))
        self.own[target] = None

    def _sources(self) -> Mapping[str, str]:
        """Of each state the tensor that its step before made."""
        homes = {home.rows: name for name, home in self.made.items()}
        return {inside: homes[state.home.rows] for inside, state in self.states.items()}

    def _of_rows(self, layer: Layer, lifting: Lifting) -> Layer:
        """A layer of all steps at once: they are its loop over rows, where it has none of its own."""
        for loop in ("D", "B") if layer.operator_type == "Gemm" else ("B",):
            if loop not in layer.sizes:
                return lifting.layer(layer, loop, recurrent=False)
            if layer.sizes[loop] == 1:
                return renamed(lifting.layer(layer, STEP, recurrent=False), {loop: STEP, STEP: loop})
        name = next(name for number in count(1) if (name := f"B{number}") not in layer.sizes)
        return lifting.layer(layer, name, recurrent=False)

    def _last(self, lifting: Lifting) -> Iterator[Layer]:
        """The states after the last step, those that somebody reads."""
        for one in self.recurrence.carried:
            if self.graph.is_read(one.last):
                shape = self.graph.shape(one.last)
                loops = tensor_loops(len(shape))
                axes = tuple(map(along, loops, shape))
                source = Access(one.initial, axes)
                if one.inside in self.states:
                    home = self.states[one.inside].home
                    source = Access(home.rows.tensor, with_axis(axes, home, home.last(lifting.steps))[0])
                yield movement(tuple(zip(loops, shape, strict=True)), Access(one.last, axes), source)


def _parted(layers: Origins, states: Mapping[str, str]) -> tuple[Origins, Origins]:
    """The layers that hang on no state, in an order in which each comes behind what it reads, and the others as they
    stand.

    A state counts as what it is made of: only one that hangs on itself holds its readers up.
    """
    writers: dict[str, int] = {}
    for layer, _ in layers:
        writers[layer.output.tensor] = writers.get(layer.output.tensor, 0) + 1
    free: list[tuple[Layer, Node | None]] = []
    waiting = list(layers)
    while True:
        waits = [_waits(layer, states, writers) for layer, _ in waiting]
        ready = [one for one, later in zip(waiting, waits, strict=True) if not later]
        if not ready:
            return free, waiting
        free += ready
        waiting = [one for one, later in zip(waiting, waits, strict=True) if later]
        for layer, _ in ready:
            writers[layer.output.tensor] -= 1


def _waits(layer: Layer, states: Mapping[str, str], writers: Mapping[str, int]) -> bool:
    read = {states.get(name, name) for name in layer.tensors}
    return any(writers.get(name, 0) for name in read)
