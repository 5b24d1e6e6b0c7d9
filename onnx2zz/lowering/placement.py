"""Which inputs of a Concat are written in place by the layer that makes them, and which must be copied.

A layer's output has one place: the first Concat decides at which offset it lies; a Concat that wants it elsewhere
copies it. Parts of a layer (Slice, Split) are in place if the whole layer then lies at one offset.
"""

from collections.abc import Sequence

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.concat import concat_axis, concat_copies, offsets
from onnx2zz.ops.slicing import SLICING, parts

Place = tuple[object, ...]


def place_concats(
    work: Sequence[Node],
    graph: Graph,
    views: dict[Node, str],
    copies: dict[Node, tuple[Layer, ...]],
    placed: dict[Node, tuple[str, ...]],
) -> None:
    """Decides every Concat, in execution order; adds to `views`, `copies` and `placed`."""
    places: dict[str, Place] = {}
    settled = set(work)
    for node in work:
        if node.op != "Concat" or node in views:
            continue
        in_place = _placeable(node, graph, views, copies, settled, places)
        # An input without elements (a cache that is still empty) has nothing to copy and must not keep
        # the others from a view.
        full = [i for i, name in enumerate(node.inputs) if graph.tensors[name].elements]
        if set(full) <= in_place:
            views[node] = "its inputs are written in place"
        else:
            copies[node] = concat_copies(node, graph, [i for i in full if i not in in_place])
            placed[node] = tuple(node.inputs[i] for i in full if i in in_place)


def _placeable(
    node: Node,
    graph: Graph,
    views: dict[Node, str],
    copies: dict[Node, tuple[Layer, ...]],
    work: set[Node],
    places: dict[str, Place],
) -> set[int]:
    """The inputs whose layer can write in place; notes where those layers then lie.

    Parts that want one layer in two places at once are all copied.
    """
    axis = concat_axis(node, graph)
    wanted: dict[str, dict[Place, list[int]]] = {}
    for index, (name, offset) in enumerate(zip(node.inputs, offsets(node, graph), strict=True)):
        base, begin, path = _behind(name, axis, graph, views, copies)
        if name not in graph.static and graph.maker.get(base) in work:
            wanted.setdefault(base, {}).setdefault((axis, offset - begin, path), []).append(index)
    found: set[int] = set()
    for base, (place, *others) in wanted.items():
        if not others and places.setdefault(base, place) == place:
            found.update(wanted[base][place])
    return found


def _behind(
    name: str, axis: int, graph: Graph, views: dict[Node, str], copies: dict[Node, tuple[Layer, ...]]
) -> tuple[str, int, Place]:
    """The tensor that a layer (or a Concat) makes, seen through views: its name, where the part begins on the
    Concat's axis, and what else sets the part apart."""
    # Two parts lie one behind the other only if the same views lie above both, so all that a view changes is written
    # into `path` and compared. A plain slice along the axis in question is the exception: it moves the beginning and
    # nothing else, as long as no other view stands between.
    begin = 0
    path: list[object] = []
    while (node := graph.maker.get(name)) is not None and node.op != "Concat":
        partly = node in copies and node.op in SLICING and not _copied(node, name, copies)
        if node not in views and not partly:
            break
        if node.op in SLICING:
            for part in parts(node, graph, name) or ():
                if part.axis == axis and part.step == 1 and not path:
                    begin += part.start
                else:
                    path.append((part.axis, part.start, part.step))
        elif node.op != CALL and graph.shape(name) != graph.shape(node.inputs[0]):
            path.append(graph.shape(name))
        name = node.inputs[node.outputs.index(name)] if node.op == CALL else node.inputs[0]
    return name, begin, tuple(path)


def _copied(node: Node, name: str, copies: dict[Node, tuple[Layer, ...]]) -> bool:
    return any(layer.output.tensor == name for layer in copies[node])
