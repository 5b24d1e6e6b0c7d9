"""Reads Stream's mapping files as a placement: `core_allocation` are the cores, `inter_core_tiling` is the split.

Both forms: `layers:` with a list of cores for each slot and `{dim: D6, split: 4}`, where a dimension is a position in
Stream's node; and the list of before, with `K, 4` or `K, *`. An entry is for the node, the operator, or (`default`) all
that it names; what holds for many nodes need not hold for each, so what cannot be followed for a layer is told, and the
layer is placed by the search. Source: stream-dse 2.1.1, parser/mapping_factory.py, parser/onnx/.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.files.document import Data, Value, integer, is_mapping
from onnx2zz.formats.yaml_source import Path_, YamlSource
from onnx2zz.system.description import System
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.operands import Told
from onnx2zz.system.placement import Placed, faults

DEFAULT = "default"
FOLLOWED = ("name", "core_allocation", "inter_core_tiling")
ALL_CORES = "*"
CONV = ("B", "OX", "OY", None, None, None, "K", "G")
"""Our loops for those of Stream's Conv: b, ox, oy, fx, fy, c, k and, where it is grouped, g."""
GEMM = (0, None, 1)
"""For those of its Gemm (m, k, n) the axes of the output; all other operators run over the axes of theirs first."""


def is_stream_mapping(data: Value) -> bool:
    """Whether a document has Stream's form: ours names layers, and has no list of them."""
    return isinstance(data, list) or (isinstance(data, Mapping) and isinstance(data.get("layers"), list))


@dataclass(frozen=True)
class Entry:
    """One entry: whom it is for, its cores, and each dimension with its number of parts (None: as many as cores)."""

    name: str
    cores: tuple[int, ...]
    cut: tuple[tuple[str, int | None], ...]
    place: Path_


def read_stream_mapping(
    source: YamlSource, graph: LayerGraph, system: System, tell: Callable[[str], None]
) -> Mapping[int, Placed]:
    """Where layers (by id) run; `tell` hears what is not followed. Raises InputError for what has not that form."""
    reading = _Reading(source)
    entries = reading.entries()
    raise_if_any(reading.problems)
    for ignored in reading.ignored:
        tell(f"note: {source.path}: {ignored} is not followed")
    found: dict[int, Placed] = {}
    used: set[str] = set()
    for told in graph.layers:
        entry = _entry_for(told, graph.operators[told.placed.id], entries, reading.in_order)
        if entry is None:
            continue
        used.add(entry.name)
        placed = _placed(entry, told, graph.operators[told.placed.id], system)
        if isinstance(placed, Placed):
            found[told.placed.id] = placed
        else:
            line = source.at(*entry.place).line
            tell(f"note: {source.path}:{line}: {told.placed.name} is placed by the search, since {placed}")
    unused = [entry.name for entry in entries if entry.name not in used and entry.name != DEFAULT]
    if unused:
        tell(f"note: {source.path}: no layer stands for {', '.join(dict.fromkeys(unused))}")
    return found


@dataclass
class _Reading:
    """One file; `in_order`: the first entry that fits a node holds (the form with `layers`), not the most exact."""

    source: YamlSource
    problems: list[Problem] = field(default_factory=list[Problem])
    ignored: dict[str, None] = field(default_factory=dict[str, None])
    in_order: bool = False

    def entries(self) -> list[Entry]:
        data = self.source.data
        place: Path_ = ()
        if isinstance(data, Mapping):
            self.in_order, place = True, ("layers",)
            self.ignored |= dict.fromkeys(str(key) for key in data if key != "layers")
            data = data.get("layers")
        found = [self._entry((*place, n), one) for n, one in enumerate(data if isinstance(data, list) else ())]
        if not found:
            self._object(place, "no entries", "write `- {name: Conv, core_allocation: [0, 1], inter_core_tiling: ...}`")
        return [entry for entry in found if entry is not None]

    def _entry(self, place: Path_, one: Value) -> Entry | None:
        if not is_mapping(one) or not isinstance(one.get("name"), str):
            self._object(place, "an entry needs a name", "write the name of a node, of an operator, or `default`")
            return None
        self.ignored |= dict.fromkeys(str(key) for key in one if key not in FOLLOWED)
        cores = self._cores(place, one)
        cut = tuple(self._cut((*place, "inter_core_tiling"), one.get("inter_core_tiling")))
        return Entry(str(one["name"]), cores, cut, place) if cores else None

    def _cores(self, place: Path_, one: Data) -> tuple[int, ...]:
        given = one.get("core_allocation")
        # In the newer form there is a list for each slot that a group of layers may take: the first is followed.
        if isinstance(given, list) and given and isinstance(given[0], list):
            if len(given) > 1:
                self.ignored["core_allocation but for its first list"] = None
            given = given[0]
        cores = [integer(core) for core in given] if isinstance(given, list) else []
        if not cores or None in cores:
            self._object(
                (*place, "core_allocation") if "core_allocation" in one else place,
                f"core_allocation is {given!r}",
                "list numbers of cores",
            )
            return ()
        return tuple(core for core in cores if core is not None)

    def _cut(self, place: Path_, given: Value) -> Iterator[tuple[str, int | None]]:
        slots: Sequence[Value] = given if isinstance(given, list) else []
        if slots and isinstance(slots[0], list):
            if len(slots) > 1:
                self.ignored["inter_core_tiling but for its first list"] = None
            place, slots = (*place, 0), slots[0]
        for number, one in enumerate(slots):
            pair = _pair(one)
            if pair is None:
                what = f"inter_core_tiling holds {one!r}"
                self._object((*place, number), what, "write `{dim: D6, split: 4}`, or `K, 4`")
            else:
                yield pair

    def _object(self, place: Path_, what: str, way_out: str) -> None:
        self.problems.append(Problem(f"{self.source.path}:{self.source.at(*place).line}", what, way_out))


def _pair(one: Value) -> tuple[str, int | None] | None:
    """A dimension with its number of parts."""
    if is_mapping(one):
        parts = integer(one.get("split"))
        return (str(one.get("dim")), parts) if isinstance(one.get("dim"), str) and parts and parts > 0 else None
    dim, _, number = str(one).partition(",")
    if number.strip() == ALL_CORES:
        return dim.strip(), None
    return (dim.strip(), int(number)) if number.strip().isdecimal() and int(number) else None


def _entry_for(told: Told, operators: frozenset[str], entries: Sequence[Entry], in_order: bool) -> Entry | None:
    names = {told.placed.name, told.placed.node} - {""}
    # Two rules of Stream's own: its form with `layers` takes the first entry that fits, the one before the most
    # exact.
    if in_order:
        return next((entry for entry in entries if entry.name in names | operators), None)
    ranks = (names, operators, {DEFAULT})
    return next((entry for rank in ranks for entry in entries if entry.name in rank), None)


def _placed(entry: Entry, told: Told, operators: frozenset[str], system: System) -> Placed | str:
    """The layer's placement, or why the entry does not give one."""
    split: list[tuple[str, int]] = []
    for dim, parts in entry.cut:
        loop = _loop(dim, told, operators)
        if loop is None:
            return f"it has no {dim} that could be cut"
        split.append((loop, len(entry.cores) if parts is None else parts))
    split = [(loop, parts) for loop, parts in split if parts > 1]
    if len(entry.cores) > 1 and not split:
        return f"nothing says how it is split over cores {', '.join(map(str, entry.cores))}"
    # Two positions may come to one loop (K of a depthwise layer is our G), and a loop is cut once.
    if len({loop for loop, _ in split}) < len(split):
        return "two dimensions are the same loop"
    placed = Placed(entry.cores, tuple(split))
    return next((what for _, what, _ in faults(placed, told, operators, system)), placed)


def _loop(dim: str, told: Told, operators: frozenset[str]) -> str | None:
    """Our loop for a dimension: by its position in Stream's node, or by its name."""
    layer = told.placed.layer
    if dim[:1] == "D" and dim[1:].isdecimal():
        return _loop_at(int(dim[1:]), told, operators)
    # A layer without several K, as a depthwise convolution, has its channels in G.
    known = [loop for loop in (dim, {"K": "G"}.get(dim, dim)) if layer.sizes.get(loop, 1) > 1]
    return next((loop for loop in known if loop in layer.output.loops), None)


def _loop_at(position: int, told: Told, operators: frozenset[str]) -> str | None:
    layer = told.placed.layer
    if layer.operator_type == "Conv":
        loop = CONV[position] if position < len(CONV) else None
        return loop if loop is not None and layer.sizes.get(loop, 1) > 1 else None
    axes = range(len(layer.output.axes))
    # A Gemm runs over m, k, n there; a MatMul over the axes of its output, however many.
    walked = GEMM if len(axes) == 2 and "Gemm" in operators and "MatMul" not in operators else axes
    axis = walked[position] if position < len(walked) else None
    return None if axis is None else _longest(told, axis)


def _longest(told: Told, axis: int) -> str | None:
    """The loop that cuts an axis of the output in the most parts."""
    layer = told.placed.layer
    loops = [loop for loop, step in layer.output.axes[axis].terms if step and layer.sizes[loop] > 1]
    return max(loops, key=lambda loop: layer.sizes[loop], default=None)
