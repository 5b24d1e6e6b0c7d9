"""Chains of layers that can be one stack, drawn, and ways to run them as one."""

from collections.abc import Sequence

from hypothesis import strategies as st

from onnx2zz.system.fused.part import Alone, Part, Parts
from onnx2zz.system.fused.search import FusedSearch
from onnx2zz.system.fused.stack import Stack, bands_along, sizes_of
from onnx2zz.system.layer_graph import LayerGraph
from tests.system.drawn_models import WORK, Drawn, Sketch, finished, fits

KINDS = ("conv", "plain conv", "depthwise", "pool", "sum", "1x1 in strides")


@st.composite
def image_chains(draw: st.DrawFn, most: int = 4, kinds: Sequence[str] = KINDS) -> Drawn:
    """Layers on an image, each of the one before or, as a residual, of two before."""
    sketch = Sketch(draw)
    made = sketch.input(1, sketch.one_of(2, 3, 5), sketch.integer(6, 13), sketch.integer(5, 9))
    for _ in range(draw(st.integers(2, most))):
        following = WORK[draw(st.sampled_from(kinds))](sketch, made)
        if not fits(sketch, following):
            break
        made = following
    return finished(sketch, [made])


@st.composite
def ways(draw: st.DrawFn, search: FusedSearch) -> Parts:
    """The layers in order as stacks and single ones, drawn as if it did not matter what is good."""
    graph, cores = search.layers.graph, tuple(search.layers.system.by_id)
    left = [told.placed.id for told in graph.layers]
    found: list[Part] = []
    while left:
        runs = [run for end in range(len(left), 0, -1) if bands_along(graph, run := tuple(left[:end]))]
        if runs and draw(st.integers(0, 5)):
            run = draw(st.sampled_from(runs))
            found.append(_stack(draw, graph, run, cores))
        else:
            run = (left[0],)
            tilings = search.layers.offers.tilings(graph.layers[left[0]], 0)
            found.append(Alone(left[0], draw(st.sampled_from(tilings))))
        left = left[len(run) :]
    return tuple(found)


def _stack(draw: st.DrawFn, graph: LayerGraph, run: tuple[int, ...], cores: tuple[int, ...]) -> Stack:
    loops = bands_along(graph, run)
    last = sizes_of(graph, run[-1])
    number = draw(st.integers(1, min(len(cores), last[loops[0]])))
    columns = draw(st.none() | st.integers(1, last[loops[1]])) if loops[1:] else None
    return Stack(
        run,
        tuple(draw(st.permutations(list(cores))))[:number],
        draw(st.integers(1, last[loops[0]])),
        columns,
        draw(st.sampled_from((None, 64.0, 500.0))),
        draw(st.booleans()),
    )
