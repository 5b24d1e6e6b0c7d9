"""Rows and places of a graph's boxes: edges lead down, nothing overlaps, what is alone in its rows is straight."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.report.layered_layout import BOX, GAP, LANE, Edge, layered_layout, longest_paths, rising


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[Edge]]:
    """Boxes in an order, each fed by some of those before it."""
    boxes = draw(st.integers(1, 24))
    edges = [
        (source, target)
        for target in range(1, boxes)
        for source in sorted(draw(st.sets(st.integers(0, target - 1), max_size=3)))
    ]
    return boxes, edges


@given(graphs())
def test_each_box_is_below_all_that_feed_it_and_no_lower_than_it_must(graph: tuple[int, list[Edge]]) -> None:
    boxes, edges = graph
    rows = longest_paths(boxes, edges)
    fed = {target for _, target in edges}
    assert all(rows[source] < rows[target] for source, target in edges)
    for box in range(boxes):
        sources = [rows[source] for source, target in edges if target == box]
        targets = [rows[target] for source, target in edges if source == box]
        assert rows[box] == (max(sources) + 1 if box in fed else min(targets) - 1 if targets else 0)


@given(graphs())
def test_what_stands_in_a_row_does_not_overlap(graph: tuple[int, list[Edge]]) -> None:
    boxes, edges = graph
    layout = layered_layout(boxes, edges)
    for row in range(layout.rows):
        taken = [(middle - BOX / 2, middle + BOX / 2) for middle, at in layout.boxes if at == row]
        taken += [(middle - LANE / 2, middle + LANE / 2) for middle, at in layout.lanes if at == row]
        taken.sort()
        assert all(end + GAP <= begin + 0.01 for (_, end), (begin, _) in pairwise(taken))
        assert taken[0][0] >= -0.01 and taken[-1][1] <= layout.width + 0.01


@given(graphs())
def test_an_edge_leads_from_row_to_row_to_its_target(graph: tuple[int, list[Edge]]) -> None:
    """From the target's box upward along steps one comes to the box of each source, and to no other box."""
    boxes, edges = graph
    layout = layered_layout(boxes, edges)
    upward: dict[tuple[float, int], set[float]] = {}
    for above, row, below in layout.steps:
        upward.setdefault((below, row + 1), set()).add(above)
    lanes = set(layout.lanes)

    def sources(place: tuple[float, int]) -> set[tuple[float, int]]:
        found: set[tuple[float, int]] = set()
        for above in upward.get(place, ()):
            higher = (above, place[1] - 1)
            found |= sources(higher) if higher in lanes else {higher}
        return found

    for box in range(boxes):
        expected = {layout.boxes[source] for source, target in edges if target == box}
        assert sources(layout.boxes[box]) == expected


def test_a_chain_is_straight_and_a_skip_passes_beside_it() -> None:
    layout = layered_layout(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert [row for _, row in layout.boxes] == [0, 1, 2, 3]
    assert [row for _, row in layout.lanes] == [1, 2]
    assert layout.boxes[1][0] == layout.boxes[2][0] and layout.lanes[0][0] == layout.lanes[1][0]


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0.5, 4)), min_size=1, max_size=9))
def test_pooling_finds_the_nearest_rising_numbers(drawn: list[tuple[float, float]]) -> None:
    """Rising, and no worse than any rising numbers that are tried in their place."""
    values, weights = (np.array(column) for column in zip(*drawn, strict=True))
    found = np.array(rising(values.tolist(), weights.tolist()))
    assert (np.diff(found) >= 0).all()
    best = (weights * (found - values) ** 2).sum()
    rng = np.random.default_rng(5)
    for _ in range(50):
        other = np.sort(found + rng.normal(0, 0.3, len(found)))
        assert (weights * (other - values) ** 2).sum() >= best - 1e-9
