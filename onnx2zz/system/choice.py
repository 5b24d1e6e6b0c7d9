"""The cheapest choice of one tiling for each layer, given what each costs and what each pair of neighbours costs.

Variables are eliminated one by one, the one with the fewest neighbours first: what it costs at best, for each choice of
those neighbours, becomes one table of theirs. That is exact; networks with residual links have few open neighbours.
"""

from collections.abc import Mapping

import numpy as np

Pair = tuple[int, int]
LARGEST_TABLE = 1 << 22


def cheapest(nodes: Mapping[int, np.ndarray], pairs: Mapping[Pair, np.ndarray]) -> dict[int, int]:
    """The choice for each node. `nodes`: the costs of its choices; `pairs`: of two nodes' choices together (rows: the
    first's)."""
    tables: list[tuple[tuple[int, ...], np.ndarray]] = [((node,), costs) for node, costs in nodes.items()]
    tables += list(pairs.items())
    left = set(nodes)
    made: list[tuple[int, tuple[int, ...], np.ndarray]] = []
    while left:
        neighbours = {node: _around(node, tables) for node in left}
        node = min(left, key=lambda n: (np.prod([len(nodes[m]) for m in neighbours[n]]), n))
        around = tuple(sorted(neighbours[node]))
        mine = [table for table in tables if node in table[0]]
        tables = [table for table in tables if node not in table[0]]
        joined = _joined((node, *around), mine, nodes)
        made.append((node, around, joined.argmin(axis=0)))
        if around:
            tables.append((around, joined.min(axis=0)))
        left.remove(node)
    chosen: dict[int, int] = {}
    for node, around, best in reversed(made):
        chosen[node] = int(best[tuple(chosen[other] for other in around)])
    return chosen


def _around(node: int, tables: list[tuple[tuple[int, ...], np.ndarray]]) -> set[int]:
    return {other for scope, _ in tables if node in scope for other in scope} - {node}


def _joined(
    scope: tuple[int, ...], tables: list[tuple[tuple[int, ...], np.ndarray]], nodes: Mapping[int, np.ndarray]
) -> np.ndarray:
    """The sum of tables as one over all of `scope`."""
    total = np.zeros([len(nodes[node]) for node in scope])
    for own, table in tables:
        order = sorted(range(len(own)), key=lambda n: scope.index(own[n]))
        shape = [len(nodes[node]) if node in own else 1 for node in scope]
        total = total + table.transpose(order).reshape(shape)
    return total


def cost(chosen: Mapping[int, int], nodes: Mapping[int, np.ndarray], pairs: Mapping[Pair, np.ndarray]) -> float:
    """What a choice costs altogether."""
    return float(
        sum(nodes[node][choice] for node, choice in chosen.items())
        + sum(table[chosen[a], chosen[b]] for (a, b), table in pairs.items())
    )
