"""The cheapest choice of one tiling for each layer, given what each costs and what each pair of neighbours costs.

Variables are eliminated one by one, the one with the fewest neighbours first: what it costs at best, for each choice of
those neighbours, becomes one table of theirs. That is exact; networks with residual links have few open neighbours.
Where many are open at once (one tensor that many layers read), tables would not fit any memory: then the choices that
cost most by themselves and with the best of their neighbours are left out, of the node that has most.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np

Pair = tuple[int, int]
Table = tuple[tuple[int, ...], np.ndarray]
"""Costs of choices together, an axis for each node that has several."""
LARGEST_TABLE = 1 << 22
"""Entries of a table, of 8 bytes each: beyond, choices are left out until it has no more."""


def cheapest(nodes: Mapping[int, np.ndarray], pairs: Mapping[Pair, np.ndarray]) -> dict[int, int]:
    """The choice for each node. `nodes`: the costs of its choices; `pairs`: of two nodes' choices together (rows: the
    first's)."""
    kept = _thinned(nodes, pairs)
    few = {node: nodes[node][own] for node, own in kept.items()}
    tables = {(a, b): table[np.ix_(kept[a], kept[b])] for (a, b), table in pairs.items()}
    return {node: int(kept[node][choice]) for node, choice in _eliminated(few, tables).items()}


def _thinned(nodes: Mapping[int, np.ndarray], pairs: Mapping[Pair, np.ndarray]) -> dict[int, np.ndarray]:
    """The choices of each node that are looked at, by their numbers: all, if no table is too large for that."""
    kept = {node: np.arange(len(costs)) for node, costs in nodes.items()}
    alone = {node: np.array(costs, dtype=float) for node, costs in nodes.items()}
    for (a, b), table in pairs.items():
        alone[a] += table.min(axis=1)
        alone[b] += table.min(axis=0)
    while True:
        scope = _too_large({node: len(own) for node, own in kept.items()}, pairs)
        if scope is None:
            return kept
        most = max(scope, key=lambda node: (len(kept[node]), node))
        own = kept[most]
        best = np.argsort(alone[most][own], kind="stable")[: len(own) - max(1, len(own) // 4)]
        kept[most] = own[np.sort(best)]


def _too_large(choices: Mapping[int, int], pairs: Iterable[Pair]) -> tuple[int, ...] | None:
    """The nodes of the first table of an elimination that would be too large; None where none is."""
    around: dict[int, set[int]] = {node: set() for node in choices}
    for a, b in pairs:
        around[a].add(b)
        around[b].add(a)
    while around:
        node = min(around, key=lambda n: (math.prod(choices[m] for m in around[n]), n))
        scope = (node, *sorted(around[node]))
        if math.prod(choices[one] for one in scope) > LARGEST_TABLE:
            return scope
        for one in around.pop(node):
            around[one] |= set(scope) - {one}
            around[one].discard(node)
    return None


def _eliminated(nodes: Mapping[int, np.ndarray], pairs: Mapping[Pair, np.ndarray]) -> dict[int, int]:
    # A table has no axis for a node of one choice: an array has 64 at most, and more layers than that may read a
    # tensor, each where the user has placed it.
    several = {node for node, costs in nodes.items() if len(costs) > 1}
    tables = [(scope, table.squeeze()) for scope, table in _all_tables(nodes, pairs)]
    left = set(nodes)
    made: list[tuple[int, tuple[int, ...], np.ndarray]] = []
    while left:
        neighbours = {node: _around(node, tables) for node in left}
        # The same order as `_too_large` has looked at, in numbers without a bound: NumPy's product of 64 pairs is 0.
        node = min(left, key=lambda n: (math.prod(len(nodes[m]) for m in neighbours[n]), n))
        around = tuple(sorted(neighbours[node]))
        mine = [table for table in tables if node in table[0]]
        tables = [table for table in tables if node not in table[0]]
        open_ = tuple(other for other in around if other in several)
        joined = _joined((node, *open_), mine, nodes)
        made.append((node, open_, joined.argmin(axis=0)))
        if around:
            tables.append((around, joined.min(axis=0)))
        left.remove(node)
    # Backwards: those around a node have gone after it, so that their choice is known when its own is looked up.
    chosen: dict[int, int] = {}
    for node, around, best in reversed(made):
        chosen[node] = int(best[tuple(chosen[other] for other in around)])
    return chosen


def _all_tables(nodes: Mapping[int, np.ndarray], pairs: Mapping[Pair, np.ndarray]) -> list[Table]:
    return [*(((node,), costs) for node, costs in nodes.items()), *pairs.items()]


def _around(node: int, tables: list[Table]) -> set[int]:
    return {other for scope, _ in tables if node in scope for other in scope} - {node}


def _joined(scope: tuple[int, ...], tables: list[Table], nodes: Mapping[int, np.ndarray]) -> np.ndarray:
    """The sum of tables as one over all of `scope`: what a table has beside it are nodes of one choice."""
    total = np.zeros([len(nodes[node]) for node in scope])
    for own, table in tables:
        axes = [node for node in own if len(nodes[node]) > 1]
        order = sorted(range(len(axes)), key=lambda n: scope.index(axes[n]))
        shape = [len(nodes[node]) if node in axes else 1 for node in scope]
        total = total + table.transpose(order).reshape(shape)
    return total


def cost(chosen: Mapping[int, int], nodes: Mapping[int, np.ndarray], pairs: Mapping[Pair, np.ndarray]) -> float:
    """What a choice costs altogether."""
    return float(
        sum(nodes[node][choice] for node, choice in chosen.items())
        + sum(table[chosen[a], chosen[b]] for (a, b), table in pairs.items())
    )
