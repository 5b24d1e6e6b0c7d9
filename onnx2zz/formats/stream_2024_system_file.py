"""Stream's accelerator files of 2024: a list of cores on a mesh or a bus (May to October), then cores by number with
pairs of them for links, and the off-chip core apart (from October on).

Sources, by commit of KULeuven-MICAS/stream: b3859156 and 5055d7ed classes/io/accelerator_validator.py,
classes/hardware/architecture/noc/mesh_2d.py and bus.py; 92b8ab41 parser/accelerator_validator.py and
parser/accelerator_factory.py. Every core has the off-chip memory at hand, through that memory's own port. Links of the
SIMD core of a mesh had no width there ("for now"); here they are the chip's, as in Stream's files since.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from onnx2zz.errors import Problem
from onnx2zz.files.document import Value, integer
from onnx2zz.formats.core_file import CoreFile, offchip_memory
from onnx2zz.formats.section import Section
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.stream_system_file import (
    CONNECTIVITY,
    Connections,
    cores_by_number,
    join,
    numbers_in,
    port_of,
    system_of,
)
from onnx2zz.formats.system_file import CoreFiles, CoreId, Port, SystemFile, object_to_islands
from onnx2zz.formats.yaml_source import YamlSource

GRAPHS = ("2d_mesh", "bus")
LIST_KEYS = ("name", "cores", "graph", *GRAPHS)
SPECIAL = ("pooling_core_id", "simd_core_id", "offchip_core_id")
GRAPH_KEYS = ("nb_rows", "nb_cols", "bandwidth", "unit_energy_cost", *SPECIAL)
PAIR_KEYS = ("name", "cores", "offchip_core", CONNECTIVITY, "core_memory_sharing", "bandwidth", "unit_energy_cost")


def has_cores_in_a_list(data: Value) -> bool:
    """Whether a file is of the form of May to October 2024."""
    return isinstance(data, Mapping) and any(key in data for key in ("graph", *GRAPHS))


def has_links_in_pairs(data: Value) -> bool:
    """Whether a file is of the form of October 2024 to 2025: links are no mappings, or the off-chip core is a file."""
    if not isinstance(data, Mapping) or CONNECTIVITY not in data:
        return False
    links = data[CONNECTIVITY]
    # Today's form names the off-chip core by number (`offchip_core_id`), and its links are mappings.
    return "offchip_core" in data or (isinstance(links, list) and any(not isinstance(one, Mapping) for one in links))


class _Links(NamedTuple):
    """What all links of a chip have in common: bit a cycle, pJ for a word of so many bits."""

    bandwidth: float
    energy: float

    @property
    def energy_per_bit(self) -> float:
        return self.energy / self.bandwidth


def read_listed_cores(found: Found, source: YamlSource, problems: list[Problem]) -> SystemFile:
    """A system of May to October 2024; it can be used if nothing was noted in `problems`."""
    whole = Section(source, (), LIST_KEYS, problems)
    files = _listed(whole, CoreFiles(found, whole))
    graph = _graph(whole)
    if graph is None or not files:
        return system_of(whole, found, files, Connections(), None)
    pooling, simd, offchip = (_special(graph, key, len(files)) for key in SPECIAL)
    links, kind = _links_of(graph), _kind(graph)
    # Taken out before the mesh is made, which consists of what is left.
    away = files.pop(offchip) if offchip is not None else None
    # Their places in the list do not count in the mesh either: Stream made it of the others alone.
    regular = [core for core in files if core not in (pooling, simd)]
    connections = _joined(_wires(graph, kind, regular, pooling, simd), links)
    port = _port(whole, offchip, away, [*files], links)
    # Without a kind or a width there are no wires, and every core would be called an island for it.
    if kind and links:
        object_to_islands(whole, graph.place, [*files], connections.wires, port)
    return system_of(whole, found, files, connections, port)


def _joined(wires: Iterable[tuple[str, tuple[CoreId, ...]]], links: _Links | None) -> Connections:
    """All wires, which have the same figures."""
    found = Connections()
    for number, (kind, nodes) in enumerate(wires):
        if links is not None:
            join(found, number, kind, nodes, None, links.bandwidth, links.energy_per_bit)
    return found


def read_paired_cores(found: Found, source: YamlSource, problems: list[Problem]) -> SystemFile:
    """A system of October 2024 to 2025; it can be used if nothing was noted in `problems`."""
    whole = Section(source, (), PAIR_KEYS, problems)
    files = CoreFiles(found, whole)
    cores = cores_by_number(whole, files)
    links = _links_of(whole)
    connections = _joined(_paired(whole, cores), links)
    name = whole.value("offchip_core")
    away = files.named(str(name).removeprefix("./"), ("offchip_core",)) if name is not None else None
    offchip = max(cores, default=-1) + 1
    port = _port(whole, offchip, away, sorted(cores), links)
    if links:
        object_to_islands(whole, (CONNECTIVITY,), sorted(cores), connections.wires, port)
    return system_of(whole, found, cores, connections, port)


def _listed(whole: Section, files: CoreFiles) -> dict[CoreId, CoreFile]:
    given = whole.value("cores")
    if not isinstance(given, list) or not given:
        whole.object_to(("cores",), "the system has no list of cores", "write `cores: [FILE, FILE]`")
        return {}
    found: dict[CoreId, CoreFile] = {}
    for number, name in enumerate(given):
        if not isinstance(name, str):
            whole.object_to(("cores", number), f"core {number} is {name!r}", "write FILE")
            continue
        file = files.named(name.removeprefix("./"), ("cores", number))
        if file is not None:
            found[number] = file
    # All or none: a core is its place in the list, and the special ones are named by that.
    return found if len(found) == len(given) else {}


def _graph(whole: Section) -> Section | None:
    """How the cores are joined: under `graph` with its type, or under the type alone as in May 2024."""
    given = [key for key in ("graph", *GRAPHS) if key in whole]
    if len(given) > 1:
        whole.object_to((given[1],), f"{' and '.join(given)} both say how the cores are joined", "leave one")
    return whole.section(given[0], ("type", *GRAPH_KEYS) if given[0] == "graph" else GRAPH_KEYS)


def _kind(graph: Section) -> str | None:
    if graph.place[-1] != "graph":
        return str(graph.place[-1])
    return graph.word("type", GRAPHS, "kind of graph") if graph.required("type") else None


def _special(graph: Section, key: str, cores: int) -> CoreId | None:
    """A core that stands outside the mesh."""
    given = graph.value(key)
    number = integer(given)
    if given is not None and (number is None or not 0 <= number < cores):
        graph.object_to((key,), f"{key} is {given!r}, and cores has 0 to {cores - 1}", "give a place in cores")
        return None
    return number


def _links_of(section: Section) -> _Links | None:
    bandwidth, energy = section.number("bandwidth", above_zero=True), section.number("unit_energy_cost")
    return _Links(bandwidth, energy or 0.0) if section.required("bandwidth") and bandwidth else None


def _wires(
    graph: Section, kind: str | None, regular: Sequence[CoreId], pooling: CoreId | None, simd: CoreId | None
) -> Iterator[tuple[str, tuple[CoreId, ...]]]:
    """Mesh: columns one after the other. The pooling and the SIMD core are joined to every core, and to each other; on
    a bus the SIMD core hangs on it, too."""
    beside = () if simd is None else (simd,)
    if kind == "bus":
        yield "bus", (*regular, *beside)
    elif kind == "2d_mesh":
        yield from (("link", pair) for pair in _mesh(graph, regular))
        yield from (("link", (core, other)) for core in regular for other in beside)
    if pooling is not None:
        yield from (("link", (core, pooling)) for core in (*regular, *beside))


def _mesh(graph: Section, cores: Sequence[CoreId]) -> Iterator[tuple[CoreId, ...]]:
    rows, columns = integer(graph.value("nb_rows")), integer(graph.value("nb_cols"))
    if rows is None or columns is None or rows < 1 or rows * columns != len(cores):
        asked = f"nb_rows {graph.value('nb_rows')!r} and nb_cols {graph.value('nb_cols')!r}"
        what = f"{asked} for {len(cores)} cores (without those of pooling, SIMD and off the chip)"
        graph.object_to((), what, "their product is the number of cores")
        return
    # Stream numbers down the columns, so that neighbours in the list are neighbours in a column.
    for column in range(columns):
        yield from pairwise(cores[column * rows : (column + 1) * rows])
    yield from zip(cores, cores[rows:], strict=False)


def _paired(whole: Section, cores: Collection[CoreId]) -> Iterator[tuple[str, tuple[CoreId, ...]]]:
    """`0, 1` or `[0, 1]`, each a link, or a bus of more: the cores that it joins."""
    given = whole.value(CONNECTIVITY)
    for number, one in enumerate(given if isinstance(given, list) else []):
        written = [_number(word) for word in one.split(",")] if isinstance(one, str) else one
        nodes = numbers_in(written)
        strangers = [node for node in nodes if node not in cores]
        if len(nodes) < 2:
            what = f"a connection is {one!r}, and needs two cores or more"
            whole.object_to((CONNECTIVITY, number), what, "write `0, 1`")
        elif strangers:
            what = f"a connection names core {strangers[0]}, which is none of cores"
            whole.object_to((CONNECTIVITY, number), what, "name it in cores, or leave it out here")
        else:
            yield "bus" if len(nodes) > 2 else "link", nodes


def _number(word: str) -> Value:
    return int(word) if word.strip().isdecimal() else word


def _port(
    whole: Section, offchip: CoreId | None, away: CoreFile | None, served: list[CoreId], links: _Links | None
) -> Port | None:
    """The off-chip memory's own port, at every core: nothing else binds what passes it."""
    if offchip is None or away is None or links is None or not served:
        return None
    width = offchip_memory(away).bandwidth
    energy = links.energy / width if 0 < width < math.inf else 0.0
    return port_of(whole, offchip, away, Connections(served=served, widths=[width], costs=[energy]))
