"""The whole way from an ONNX model to a ZigZag workload."""

import gc
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import onnx

from onnx2zz.conservation.law import hold, violations
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.emission.coverage import coverage
from onnx2zz.emission.entry import entry
from onnx2zz.emission.files import write_compiled
from onnx2zz.errors import InputError, Problem
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.formats.blocks import Block, blocks_of
from onnx2zz.formats.coverage import Coverage
from onnx2zz.formats.workload_entry import WorkloadEntry, layer_kind
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.graph import Graph
from onnx2zz.frontend.load import load_model
from onnx2zz.frontend.trace import trace
from onnx2zz.ir.workload import Workload
from onnx2zz.lowering.lower import StepsDifferError, lower
from onnx2zz.lowering.options import LoweringOptions
from onnx2zz.ops.registry import operators


@dataclass(frozen=True)
class CompileOptions:
    """What a user may say about a model (`--shape`, `--dim`, `--value`) and about its lowering."""

    bindings: Bindings = field(default_factory=Bindings)
    lowering: LoweringOptions = field(default_factory=LoweringOptions)


@dataclass(frozen=True, repr=False)
class Compiled(Tabular):
    """A compiled model: the graph it came from, its workload, and the entries that ZigZag reads.

    Its table has a row for each node and what became of it. `file`: the model's, if it came from one.
    """

    graph: Graph
    workload: Workload
    entries: tuple[WorkloadEntry, ...]
    file: Path | None = None

    @cached_property
    def contradictions(self) -> tuple[Mismatch, ...]:
        """Where the workload does not do what the graph asks for: nowhere in what `compile_model` gives."""
        return tuple(violations(self.graph, self.workload, self.entries))

    @property
    def fates(self) -> dict[str, int]:
        """How many nodes have which status, the most frequent first."""
        return dict(Counter(fate.status for fate in self.workload.nodes).most_common())

    @property
    def coverage(self) -> Coverage:
        """What became of every node (coverage.json)."""
        return coverage(self.workload)

    def write(self, directory: str | Path, mapping: str | None = None, arch: str | None = None) -> None:
        """Writes workload.yaml and coverage.json, and mapping.yaml with the given text."""
        write_compiled(Path(directory), self.entries, coverage(self.workload, arch), mapping)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the file, and what is no fault, a sentence each."""
        return (*self.graph.notes, *self.workload.notes)

    @property
    def headline(self) -> str:
        """Its layers and MACs, and whether the host has further ones."""
        incomplete = " (incomplete)" if self.workload.incomplete else ""
        return f"{self.workload.model}: {len(self.entries)} layers, {self.workload.macs:,} MACs{incomplete}"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The stretches of layers that come again and again."""
        return blocks_of([layer_kind(entry) for entry in self.entries])

    @property
    def fates_told(self) -> str:
        """How many nodes have which status, in words."""
        return ", ".join(f"{count} {status}" for status, count in self.fates.items())

    def table(self) -> TextTable:
        caption = f"{self.headline}; nodes: {self.fates_told}"
        columns = tuple(Column(name) for name in ("node", "op", "status", "layers", "why"))
        rows = ((one["node"], one["op"], one["status"], one["layers"], one["why"]) for one in self.coverage["nodes"])
        return TextTable(caption, columns, tuple(rows))


def compile_model(model: Path | onnx.ModelProto, options: CompileOptions | None = None, name: str = "") -> Compiled:
    """Compiles a model from a file or from memory.

    Raises InputError for what is wrong with the model or leaves it open, every independent problem at once, and
    BrokenLawError where the workload contradicts the model: a bug of ours, of which nothing is ever written.
    """
    options = options or CompileOptions()
    name = name or (model.stem if isinstance(model, Path) else model.graph.name)
    operators()  # ours before those of other packages, which may name none that is there
    with _collector_paused():
        proto = load_model(model) if isinstance(model, Path) else model
        with _named(model):
            graph, workload = _graph_and_workload(proto, options, name)
        entries = tuple([entry(placed) for placed in workload.layers])
        compiled = Compiled(graph, workload, entries, model if isinstance(model, Path) else None)
        hold(compiled.contradictions)
        return compiled


def _graph_and_workload(proto: onnx.ModelProto, options: CompileOptions, name: str) -> tuple[Graph, Workload]:
    """Loops are repeated bodies; those whose layers no loop over the steps describes stand there once an iteration."""
    unrolled = frozenset[str]()
    while True:
        graph = trace(proto, options.bindings, name, unrolled)
        try:
            return graph, lower(graph, options.lowering)
        except StepsDifferError as error:  # each round names loops that were none of `unrolled`
            unrolled |= error.names


def compile_layers(model: Path | onnx.ModelProto, options: CompileOptions | None = None, name: str = "") -> Compiled:
    """`compile_model` for whoever is about to write, price or prove layers. Raises InputError where there are none too:
    nothing that was done with them would be a success."""
    compiled = compile_model(model, options, name)
    if not compiled.entries:
        where = str(model) if isinstance(model, Path) else compiled.workload.model
        what = f"none of its nodes becomes a layer ({compiled.fates_told or 'it has none'})"
        raise InputError(Problem(where, what, "`onnx2zz explain MODEL NODE` says why of each"))
    return compiled


@contextmanager
def _named(model: Path | onnx.ModelProto) -> Generator[None]:
    """Says of each problem which file it is in; of an option, that is the command line."""
    try:
        yield
    except InputError as error:
        if not isinstance(model, Path):
            raise
        raise InputError(
            problem if problem.where.startswith("--") else replace(problem, where=f"{model}: {problem.where}")
            for problem in error.problems
        ) from error


@contextmanager
def _collector_paused() -> Generator[None]:
    """No collection of reference cycles: a compile makes none, only a great many objects that the collector would
    walk again and again (a tenth of the time, more with every node).

    Nor is all that was made walked once the collector is back: frozen and released, it counts as old at once (a fifth
    of the time). Who froze something before keeps it frozen.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
