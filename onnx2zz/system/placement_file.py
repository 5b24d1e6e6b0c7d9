"""Reads a placement file: ours, or one of Stream's mapping files (stream_mapping.py).

Ours names layers by the name in workload.yaml, by id, or by the name of their ONNX node, and says of each

    conv1: {cores: [0, 1, 2, 3], split: {OY: 2, OX: 2}, turns: {K: 2}}

Layers that it does not name are placed by the search.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.files.document import Key, integer
from onnx2zz.formats.section import Section
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.yaml_source import YamlSource, read_yaml
from onnx2zz.system.description import System
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.operands import Told
from onnx2zz.system.placement import Placed, faults
from onnx2zz.system.stream_mapping import is_stream_mapping, read_stream_mapping
from onnx2zz.system.tiling import Pieces

KEYS = ("cores", "split", "turns")


def read_placement(
    path: Path, graph: LayerGraph, system: System, tell: Callable[[str], None] = lambda sentence: None
) -> Mapping[int, Placed]:
    """Where layers (by id) run. `tell` hears what of a file of Stream's is not followed. Raises InputError with
    everything that is wrong with the file, and with what it says for this model on this system."""
    source = read_yaml(path)
    of_stream = is_stream_mapping(source.data)
    traps = [Problem(f"{source.path}:{trap.mark.line}", trap.what, trap.way_out) for trap in source.traps]
    if not of_stream:
        raise_if_any(traps)
    if of_stream:
        for trap in traps:  # Stream took the file as it is
            tell(f"note: {trap}")
        return read_stream_mapping(source, graph, system, tell)
    return _Reading(source, graph, system).placed()


class _Reading:
    def __init__(self, source: YamlSource, graph: LayerGraph, system: System):
        self._source, self._graph, self._system = source, graph, system
        self._problems: list[Problem] = []
        self._named = dict(_names(graph))

    def placed(self) -> Mapping[int, Placed]:
        data = self._source.data
        found: dict[int, Placed] = {}
        if not isinstance(data, Mapping) or not data:
            self._object(None, "no mapping of layers to cores", "write `LAYER: {cores: [0, 1], split: {K: 2}}`")
        for key in data if isinstance(data, Mapping) else ():
            told = self._layer(key)
            placed = self._entry(key, told)
            # A layer has several names (its own, its node's, its id), which two keys may be without looking alike.
            if told is not None and told.placed.id in found:
                self._object(key, f"{key} is layer {told.placed.id}, which is placed above", "place it once")
            elif told is not None and placed is not None:
                found[told.placed.id] = placed
        raise_if_any(self._problems)
        return found

    def _layer(self, key: Key) -> Told | None:
        ids = self._named.get(str(key), ())
        if len(ids) == 1:
            return self._graph.layers[ids[0]]
        if ids:
            names = ", ".join(self._graph.layers[layer].placed.name for layer in ids)
            self._object(key, f"{key} is computed by {len(ids)} layers: {names}", "place each by its own name")
        else:
            what = f"there is no layer {key}{did_you_mean(str(key), self._named)}"
            self._object(key, what, "workload.yaml names them; ids and names of ONNX nodes do as well")
        return None

    def _entry(self, key: Key, told: Told | None) -> Placed | None:
        before = len(self._problems)
        section = Section(self._source, (key,), KEYS, self._problems)
        cores = self._cores(section)
        split, turns = self._pieces(section, "split"), self._pieces(section, "turns")
        if told is None or len(self._problems) > before:
            return None
        placed = Placed(cores, split, turns if "turns" in section else None)
        for part, what, way_out in faults(placed, told, self._graph.operators[told.placed.id], self._system):
            section.object_to((part,) if part in section else (), what, way_out)
        return placed

    def _cores(self, section: Section) -> tuple[int, ...]:
        given = section.value("cores")
        cores = [integer(core) for core in given] if isinstance(given, list) else []
        if not cores or None in cores:
            place = ("cores",) if "cores" in section else ()
            section.object_to(place, f"cores is {given!r}" if place else "no cores", "list numbers: `cores: [0, 1]`")
        return tuple(core for core in cores if core is not None)

    def _pieces(self, section: Section, key: str) -> Pieces:
        given = section.value(key)
        if given is None and key not in section:
            return ()
        if not isinstance(given, Mapping):
            section.object_to((key,), f"{key} is {given!r}", f"write loops and numbers of parts: `{key}: {{K: 2}}`")
            return ()
        found: list[tuple[str, int]] = []
        for loop, number in given.items():
            parts = integer(number)
            if parts is None or parts < 1:
                section.object_to((key, loop), f"{key} cuts {loop} in {number!r}", "give a number of parts, 1 or more")
            else:
                found.append((str(loop), parts))
        return tuple(found)

    def _object(self, key: Key | None, what: str, way_out: str) -> None:
        line = self._source.at(key).line if key is not None else 1
        self._problems.append(Problem(f"{self._source.path}:{line}", what, way_out))


def _names(graph: LayerGraph) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every name with the layers that it stands for; a layer's own name goes before that of a node."""
    by_node: dict[str, list[int]] = {}
    for told in graph.layers:
        if told.placed.node:
            by_node.setdefault(told.placed.node, []).append(told.placed.id)
    # In this order: later names take the place of earlier ones in the table.
    yield from ((node, tuple(layers)) for node, layers in by_node.items())
    yield from ((str(entry["id"]), (layer,)) for layer, entry in enumerate(graph.entries))
    yield from ((told.placed.name, (told.placed.id,)) for told in graph.layers)
