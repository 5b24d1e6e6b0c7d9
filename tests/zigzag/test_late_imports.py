"""What ZigZag imports late, and that it makes no difference."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import networkx as nx
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import ntheory

from onnx2zz.zigzag import factors
from onnx2zz.zigzag.late_imports import Graph, topological_sort

SIZES = st.integers(1, 10**7)


def ordered(graph: object) -> list[int]:
    """A networkx.DiGraph, whose stubs say less than it does."""
    return list(topological_sort(cast("Graph[int]", graph)))


@given(SIZES)
def test_factors_and_divisors_are_sympys(number: int) -> None:
    assert list(factors.factorint(number).items()) == list(ntheory.factorint(number).items())
    assert factors.primefactors(number) == sympy.primefactors(number)
    assert factors.divisors(number) == sympy.divisors(number)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40), st.lists(st.integers(0, 15)))
def test_the_order_of_a_graph_is_networkxs(edges: list[tuple[int, int]], nodes: list[int]) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((max(pair), min(pair)) for pair in edges if pair[0] != pair[1])
    assert ordered(graph) == list(nx.topological_sort(graph))


def test_a_cycle_is_an_error_as_it_is_to_networkx() -> None:
    with pytest.raises(nx.NetworkXUnfeasible):
        ordered(nx.DiGraph([(1, 2), (2, 3), (3, 2)]))


if TYPE_CHECKING:
    Numbers = nx.DiGraph[int]
else:
    Numbers = nx.DiGraph


class Endless(Numbers):
    """A graph whose last nodes follow upon themselves, as that of the search for locality."""

    def successors(self, n: int) -> Iterator[int]:
        return iter(tuple(super().successors(n)) or (n,))


def test_what_a_class_says_of_its_successors_does_not_count_as_with_networkx() -> None:
    graph = Endless([(1, 2), (1, 3), (3, 2)])
    assert ordered(graph) == list(nx.topological_sort(graph)) == [1, 3, 2]


def fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_pricing_loads_neither_sympy_nor_typeguard_nor_the_algorithms_of_networkx() -> None:
    code = """
import sys
import onnx2zz.zigzag.price, onnx2zz.zigzag.spatial, onnx2zz.zigzag.accelerator
print([name for name in ("sympy", "typeguard", "matplotlib", "networkx.algorithms") if name in sys.modules])
"""
    assert fresh(code) == "[]"


def test_whoever_imports_them_afterwards_has_all_of_them() -> None:
    code = """
import onnx2zz.zigzag.price
import networkx as nx, sympy, typeguard
from networkx.algorithms import dag
graph = nx.DiGraph([(1, 2), (2, 3), (1, 3)])
print(nx.shortest_path(graph, 1, 3), list(nx.topological_sort(graph)), nx.algorithms is not None)
print(dag.is_directed_acyclic_graph(graph), nx.path_graph(3).number_of_edges(), sympy.divisors(12))
print(typeguard.check_type(3, int), nx.nonsense if hasattr(nx, "nonsense") else "none", nx.relabel_nodes(graph, {1: 7}))
"""
    assert fresh(code).splitlines() == [
        "[1, 3] [1, 2, 3] True",
        "True 2 [1, 2, 3, 4, 6, 12]",
        "3 none DiGraph with 3 nodes and 3 edges",
    ]


def test_zigzags_own_graphs_find_paths_all_the_same() -> None:
    code = """
import onnx2zz.zigzag.price
from zigzag.utils import DiGraphWrapper
graph = DiGraphWrapper()
graph.add_edge(1, 2); graph.add_edge(2, 3)
print(list(graph.topological_sort()), graph.shortest_path(1, 3), list(graph.all_simple_paths(1, 3)))
"""
    assert fresh(code) == "[1, 2, 3] [1, 2, 3] [[1, 2, 3]]"
