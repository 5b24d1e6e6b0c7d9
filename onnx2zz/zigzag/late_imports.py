"""What ZigZag imports and hardly uses comes in when it is used, not when ZigZag is imported.

sympy is asked for factors of loop sizes (factors.py has them), typeguard for a mark on classes, networkx for a class of
graphs, with a thousand algorithms of which one is called for each accelerator. Together they take longer to import than
the rest of ZigZag. Where they are loaded already, nothing is exchanged.

Line numbers are those of zigzag-dse 3.9.1: utils.py:7-11, stages/mapping/spatial_mapping_generation.py:7,
opt/loma/engine.py:7.
"""

import importlib
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Protocol, TypeVar, no_type_check

from onnx2zz.zigzag import factors
from onnx2zz.zigzag.light_names import lighten_copies, lighten_hashes
from onnx2zz.zigzag.watched import DATATYPES, UTILS

Node = TypeVar("Node")
ALGORITHMS = ("generators", "readwrite", "algorithms", "linalg", "drawing", "convert_matrix", "relabel")
"""The parts of networkx that its graphs do without."""


class Graph(Protocol[Node]):
    """What is asked of a networkx.DiGraph here."""

    @property
    def in_degree(self) -> Callable[[], Iterable[tuple[Node, int]]]:
        """Each node, and how many edges end there."""
        ...

    def neighbors(self, node: Node, /) -> Iterator[Node]:
        """The nodes at which edges from a node end, whatever a class says its successors are."""
        ...


class BesideStandIns(Loader):
    """Executes a module as its own loader does."""

    def __init__(self, loader: Loader):
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module, not yet executed."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Executes it, while stand-ins are what it imports."""
        with stand_ins():
            self.loader.exec_module(module)
        # The other watched modules import names that are there; only utils calls networkx by attribute, while it runs.
        if module.__name__ == UTILS:
            vars(module)["nx"] = GraphFunctions("networkx")
            lighten_hashes(module)
        elif module.__name__ == DATATYPES:
            lighten_copies(module)


class GraphFunctions(ModuleType):
    """networkx as ZigZag calls it: with its own order of a graph, everything else when it is asked for."""

    def __getattr__(self, name: str) -> object:
        return topological_sort if name == "topological_sort" else getattr(importlib.import_module("networkx"), name)


def topological_sort(graph: Graph[Node]) -> Iterator[Node]:
    """networkx.topological_sort: generation after generation, in each the order of the edges that lead to it.

    Raises NetworkXUnfeasible where there is a cycle.
    """
    # ZigZag's graphs rely on its being asked for: networkx then keeps a view in the place of their own method, which
    # takes no node (utils.py:136), and exploit_data_locality_stages.py:152 asks for that of a node.
    waiting = {node: degree for node, degree in graph.in_degree() if degree}
    ready = [node for node, degree in graph.in_degree() if not degree]
    while ready:
        yield from ready
        following: list[Node] = []
        for node in ready:
            for child in graph.neighbors(node):
                waiting[child] -= 1
                if not waiting[child]:
                    del waiting[child]
                    following.append(child)
        ready = following
    if waiting:
        unfeasible = importlib.import_module("networkx").NetworkXUnfeasible
        raise unfeasible("Graph contains a cycle or graph changed during iteration")


@contextmanager
def stand_ins() -> Generator[None]:
    """sympy and typeguard as little as ZigZag needs of them, networkx without its algorithms."""
    _import_graphs()
    # By the whole package: a stand-in for sympy.ntheory beside the real sympy would give ZigZag half of each.
    given = {name: module for name, module in _small_modules().items() if name.partition(".")[0] not in sys.modules}
    sys.modules.update(given)
    try:
        yield
    finally:
        # The modules that run have their names bound by now. Whoever imports sympy later must get the real one.
        for name in given:
            del sys.modules[name]


def _small_modules() -> dict[str, ModuleType]:
    sympy, ntheory, typeguard = ModuleType("sympy"), ModuleType("sympy.ntheory"), ModuleType("typeguard")
    vars(sympy).update(divisors=factors.divisors, primefactors=factors.primefactors, ntheory=ntheory, __path__=[])
    vars(ntheory).update(factorint=factors.factorint)
    vars(typeguard).update(typeguard_ignore=no_type_check)
    return {"sympy": sympy, "sympy.ntheory": ntheory, "typeguard": typeguard}


def _import_graphs() -> None:
    """Imports networkx, its algorithms left for when one of them is asked for."""
    if "networkx" in sys.modules:
        return
    # networkx's own __init__ star-imports these parts. Empty modules of their names satisfy it; taken out again at
    # once, they leave the way free for the real ones.
    names = [f"networkx.{part}" for part in ALGORITHMS]
    for name in names:
        empty = ModuleType(name)
        vars(empty).update(__all__=[], __path__=[])
        sys.modules[name] = empty
    try:
        networkx = importlib.import_module("networkx")
    finally:
        for name in names:
            del sys.modules[name]
    own = vars(networkx).get("__getattr__")
    for part in ALGORITHMS:
        vars(networkx).pop(part, None)

    def late(name: str) -> object:
        """networkx's own module-level __getattr__, once its algorithms are there."""
        # First of all, else each name that a part looks up while it is imported would come back here.
        vars(networkx).pop("__getattr__")
        if own is not None:
            vars(networkx)["__getattr__"] = own
        for part in ALGORITHMS:
            _star_import(networkx, importlib.import_module(f"networkx.{part}"))
        return getattr(networkx, name)

    vars(networkx)["__getattr__"] = late


def _star_import(target: ModuleType, source: ModuleType) -> None:
    """As `from source import *` in the target."""
    names: Sequence[str] = vars(source).get("__all__") or [name for name in vars(source) if not name.startswith("_")]
    vars(target).update({name: getattr(source, name) for name in names})
