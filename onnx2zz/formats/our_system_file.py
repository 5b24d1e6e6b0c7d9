"""Our form of a system file: a topology makes the cores, so that none has to be listed."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from onnx2zz.errors import Problem
from onnx2zz.files.document import Key, Value, integer
from onnx2zz.formats.core_file import CoreFile, OffchipMemory, offchip_memory
from onnx2zz.formats.section import Section
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.system_file import (
    MOST_CORES,
    CoreFiles,
    CoreId,
    Packets,
    Port,
    Stream,
    SystemFile,
    Wire,
    mapping_named,
    narrower,
    object_to_islands,
)
from onnx2zz.formats.yaml_source import YamlSource

KEYS = ("name", "core", "cores", "topology", "offchip", "inputs", "clock_mhz", "mapping")
TOPOLOGY_KEYS = (
    *("mesh", "ring", "bus", "links", "bandwidth", "energy_per_bit", "hop_cycles", "flit", "header_flits"),
    *("duplex", "multicast", "events"),
)
EVENT_KEYS = ("values_per_flit", "packet_flits")
OFFCHIP_KEYS = ("memory", "at", "bandwidth", "read_pj_per_bit", "write_pj_per_bit", "energy_per_bit")
STREAM_KEYS = ("at", "bandwidth", "energy_per_bit")
SHAPES = ("mesh", "ring", "bus", "links")
Shape = tuple[int, int]
"""Width and height of a mesh."""
Pair = tuple[CoreId, CoreId]


def read_our_system(found: Found, source: YamlSource, problems: list[Problem]) -> SystemFile:
    """The system; it can be used if nothing was noted in `problems`."""
    whole = Section(source if source.data is not None else replace(source, data={}), (), KEYS, problems)
    files = CoreFiles(found, whole)
    topology = whole.section("topology", TOPOLOGY_KEYS)
    shape = None if topology is None else _mesh(topology)
    nodes, wires = ((0,), ()) if topology is None else _joined(topology, shape)
    cores = _cores(whole, files, nodes, shape)
    port = _port(whole, files, nodes, shape)
    stream = _stream(whole, nodes, shape, port)
    object_to_islands(whole, ("topology",), nodes, wires, port)
    packets = Packets() if topology is None else _packets(topology)
    clock = whole.number("clock_mhz", above_zero=True)
    name = str(whole.value("name") or found.name)
    return SystemFile(
        found, name, cores, wires, port, packets, clock, mapping_named(whole), shape[0] if shape else None, stream
    )


def _packets(topology: Section) -> Packets:
    multicast = topology.word("multicast", ("tree", "none"), "way to send to several cores")
    flit, header = (int(topology.number(key) or 0) for key in ("flit", "header_flits"))
    values, longest = _events(topology, flit, header)
    return Packets(topology.number("hop_cycles") or 0.0, flit, header, multicast != "none", values, longest)


def _events(topology: Section, flit: int, header: int) -> tuple[int, int]:
    """How events travel: values in a flit, and flits of the longest packet."""
    if "events" not in topology:
        return 1, 0
    section = topology.section("events", EVENT_KEYS)
    if section is None:
        return 1, 0
    values, longest = (_whole_number(section, key) for key in EVENT_KEYS)
    if not flit:
        section.object_to((), "topology has events and no flit", "add flit, in bit, or leave events out")
    if longest and longest <= header:
        what = f"packet_flits is {longest}, and header_flits {header}: no value fits a packet"
        section.object_to(("packet_flits",), what, f"say {header + 1} or more")
    return values or 1, longest


def _whole_number(section: Section, key: str) -> int:
    """A number above 0; 0 where the key is missing or its value is at fault."""
    number = section.number(key, above_zero=True) or 0.0
    if number != int(number):
        section.object_to((key,), f"{key} is {number:g}, and a whole number is needed")
    return int(number)


def _mesh(topology: Section) -> Shape | None:
    sides = topology.value("mesh")
    if not isinstance(sides, list) or len(sides) != 2:
        return None
    width, height = (integer(side) for side in sides)
    return (width, height) if width and height and width > 0 and height > 0 else None


def _joined(topology: Section, shape: Shape | None) -> tuple[tuple[CoreId, ...], tuple[Wire, ...]]:
    """The cores, and the wires between them."""
    # All keys are asked for before any return, so that one reading tells everything that is wrong with the section.
    given = [kind for kind in SHAPES if kind in topology]
    bandwidth, energy = topology.number("bandwidth", above_zero=True), topology.number("energy_per_bit") or 0.0
    duplex = topology.word("duplex", ("full", "half"), "way to share a link")
    # `number` objects to a value that is no bandwidth, and says nothing of a key that is missing.
    if "bandwidth" not in topology:
        topology.object_to((), "topology has no bandwidth", "add it, in bit a cycle")
    if len(given) != 1:
        what = f"topology has {' and '.join(given) or 'no shape'}"
        topology.object_to((), what, f"give one of {', '.join(SHAPES)}")
        # One core stands in for the unknown shape: the rest of the file can still be looked at, and nothing is built
        # from it.
        return (0,), ()
    nodes, pairs = _of_mesh(topology, shape) if given[0] == "mesh" else _of_others(topology, given[0])
    # A bus is one wire of all cores; with one core there is nobody to talk to.
    if given[0] == "bus":
        return nodes, (Wire("bus", nodes, bandwidth or 1.0, energy),) if len(nodes) > 1 else ()
    return nodes, tuple(wire for pair in pairs for wire in _both_ways(pair, bandwidth or 1.0, energy, duplex != "half"))


def _of_mesh(topology: Section, shape: Shape | None) -> tuple[tuple[CoreId, ...], list[Pair]]:
    # A slip such as [400, 4000] would make millions of links before anybody could say what is wrong.
    if shape is None or math.prod(shape) > MOST_CORES:
        what = f"mesh is {topology.value('mesh')!r}"
        topology.object_to(("mesh",), what, f"give its width and height, {MOST_CORES:,} cores at most: [4, 4]")
        return (0,), []
    width, height = shape
    across = [(y * width + x, y * width + x + 1) for y in range(height) for x in range(width - 1)]
    down = [(y * width + x, (y + 1) * width + x) for y in range(height - 1) for x in range(width)]
    return tuple(range(width * height)), across + down


def _of_others(topology: Section, kind: str) -> tuple[tuple[CoreId, ...], list[Pair]]:
    if kind == "links":
        return _of_links(topology)
    size = integer(topology.value(kind))
    if size is None or not 0 < size <= MOST_CORES:
        what = f"{kind} is {topology.value(kind)!r}"
        topology.object_to((kind,), what, f"give the number of cores, {MOST_CORES:,} at most")
        return (0,), []
    # Two cores have one link between them; a second one around the ring would be the same pair.
    around = [(size - 1, 0)] if size > 2 else []
    return tuple(range(size)), [] if kind == "bus" else [*((n, n + 1) for n in range(size - 1)), *around]


def _of_links(topology: Section) -> tuple[tuple[CoreId, ...], list[Pair]]:
    given = topology.value("links")
    pairs = [_pair(pair) for pair in given] if isinstance(given, list) else [None]
    for number, pair in enumerate(pairs):
        if pair is None:
            place = ("links", number) if isinstance(given, list) else ("links",)
            held = given[number] if isinstance(given, list) else given
            topology.object_to(place, f"links holds {held!r}", "give pairs of core numbers: [[0, 1], [1, 2]]")
    found = [pair for pair in pairs if pair is not None]
    # Cores are numbered up to the highest one named. One that no link names is an island, and is objected to as such.
    most = max((end for pair in found for end in pair), default=0)
    return tuple(range(most + 1)), list(dict.fromkeys((min(pair), max(pair)) for pair in found))


def _pair(given: Value) -> Pair | None:
    ends = [integer(end) for end in given] if isinstance(given, list) else []
    if len(ends) != 2:
        return None
    one, other = ends
    # The last bound is not about pairs: the highest number named says how many cores there are.
    if one is None or other is None or one == other or not 0 <= min(one, other) <= max(one, other) < MOST_CORES:
        return None
    return one, other


def _both_ways(pair: Pair, bandwidth: float, energy: float, full_duplex: bool) -> Iterator[Wire]:
    a, b = pair
    if full_duplex:
        yield Wire(f"{a}>{b}", (a, b), bandwidth, energy, directed=True)
        yield Wire(f"{b}>{a}", (b, a), bandwidth, energy, directed=True)
    else:
        yield Wire(f"{a}-{b}", (a, b), bandwidth, energy)


def _cores(whole: Section, files: CoreFiles, nodes: Sequence[CoreId], shape: Shape | None) -> dict[CoreId, CoreFile]:
    one, several = whole.value("core"), whole.value("cores")
    # Either key alone: with both, nobody knows which one holds for a core that `cores` does not name.
    if isinstance(one, str) and several is None:
        file = files.named(one, ("core",))
        return {} if file is None else dict.fromkeys(nodes, file)
    if isinstance(several, Mapping) and one is None:
        return _named_apart(whole, files, nodes, shape, several)
    what = "both core and cores" if one is not None and several is not None else "no core"
    whole.object_to((), f"the system has {what}", "write `core: NAME`, or `cores: {[0, 0]: NAME, default: NAME}`")
    return {}


def _named_apart(
    whole: Section, files: CoreFiles, nodes: Sequence[CoreId], shape: Shape | None, several: Mapping[Key, Value]
) -> dict[CoreId, CoreFile]:
    there = set(nodes)
    found: dict[CoreId, CoreFile | None] = {}
    for key, name in several.items():
        # Two spellings may mean one core ([1, 0] and 1), and a dict of keys would not notice. So keys are compared as
        # nodes.
        node = None if key == "default" else node_at(str(key), shape)
        if not isinstance(name, str):
            whole.object_to(("cores", key), f"core {key} is {name!r}", "write PLACE: NAME")
        elif key != "default" and node not in there:
            whole.object_to(("cores", key), f"cores has {key}, where no core is", _places(nodes, shape))
        # Before the file is looked for: otherwise the second file's faults would be told as well, and they are of no
        # interest.
        elif node is not None and node in found:
            whole.object_to(("cores", key), f"cores has {key}, which is core {node}, a second time", "name it once")
        elif node is not None:
            found[node] = files.named(name, ("cores", key))
    default = several.get("default")
    other = files.named(default, ("cores", "default")) if isinstance(default, str) else None
    # A core whose file could not be read counts as named: it has been objected to already.
    missing = [node for node in nodes if node not in found]
    # One problem for all of them, since a mesh of a hundred cores may lack ninety.
    if missing and default is None:
        what = f"cores does not say what core {missing[0]} is ({len(missing)} are left out)"
        whole.object_to(("cores",), what, "add `default: NAME`")
    kept = {node: found.get(node, other) for node in nodes}
    return {node: file for node, file in kept.items() if file is not None}


def _port(whole: Section, files: CoreFiles, nodes: Sequence[CoreId], shape: Shape | None) -> Port | None:
    if whole.value("offchip") is None:
        return None
    section = Section(whole.source, ("offchip",), OFFCHIP_KEYS, whole.problems)
    width, energy = section.number("bandwidth", above_zero=True), section.number("energy_per_bit") or 0.0
    read, write = (section.number(f"{access}_pj_per_bit") or 0.0 for access in ("read", "write"))
    memory = OffchipMemory("offchip", 0.0, read, write)
    name = section.value("memory")
    if name is not None:
        file = files.named(str(name), ("offchip", "memory"))
        memory = memory if file is None else offchip_memory(file)
        given = [key for key in ("read_pj_per_bit", "write_pj_per_bit") if key in section]
        # Costs of a file and costs beside it contradict each other silently; a bandwidth does not, since the narrower
        # one binds.
        if given:
            section.object_to(
                (given[0],), f"offchip has both memory and {' and '.join(given)}", "leave one of them out"
            )
    # A bandwidth of a wrong type has been objected to by `number`.
    elif width is None and "bandwidth" not in section:
        section.object_to((), "offchip has no bandwidth", "add it, in bit a cycle, or name a memory")
    served = _served(section, nodes, shape)
    bandwidth = narrower(width, memory.bandwidth)
    # Infinite only where neither says a width, which has been objected to; then any number does, and nothing divides by
    # it.
    return Port(max(nodes) + 1, memory, served, bandwidth if bandwidth < math.inf else 1.0, energy)


def _stream(whole: Section, nodes: Sequence[CoreId], shape: Shape | None, port: Port | None) -> Stream | None:
    """Where inputs come in over the network, if they do."""
    if whole.value("inputs") is None:
        return None
    section = Section(whole.source, ("inputs",), STREAM_KEYS, whole.problems)
    bandwidth, energy = section.number("bandwidth", above_zero=True), section.number("energy_per_bit") or 0.0
    if "bandwidth" not in section:
        section.object_to((), "inputs has no bandwidth", "add it, in bit a cycle")
    # Without a core off the chip schedule.json has nothing that inputs could come from.
    if port is None:
        section.object_to((), "inputs come in from outside, and the system has no offchip", "add offchip")
    return Stream(_served(section, nodes, shape), bandwidth or 1.0, energy)


def _served(section: Section, nodes: Sequence[CoreId], shape: Shape | None) -> tuple[CoreId, ...]:
    """The cores that what lies outside is joined to: those that `at` names, else the first corner of a mesh, else
    all."""
    if "at" not in section:
        # On a mesh the port has a place, and data cross the links between; a ring or a bus has no corner to prefer.
        return tuple(nodes) if shape is None else (0,)
    given = section.value("at")
    found: list[CoreId] = []
    for number, place in enumerate(given if isinstance(given, list) else [given]):
        node = node_at(str(place), shape)
        if node is None or node not in nodes:
            where = ("at", number) if isinstance(given, list) else ("at",)
            section.object_to(where, f"at holds {place!r}, where no core is", _places(nodes, shape))
        else:
            found.append(node)
    return tuple(dict.fromkeys(found)) or (nodes[0],)


def node_at(text: str, shape: Shape | None) -> CoreId | None:
    """The core at `[x, y]` of a mesh, or of a number."""
    numbers = [int(number) for number in re.findall(r"-?\d+", text)]
    if len(numbers) == 2 and shape is not None and 0 <= numbers[0] < shape[0] and 0 <= numbers[1] < shape[1]:
        return numbers[1] * shape[0] + numbers[0]
    return numbers[0] if len(numbers) == 1 else None


def _places(nodes: Sequence[CoreId], shape: Shape | None) -> str:
    if shape is not None:
        return f"a mesh of {shape[0]} by {shape[1]} has [0, 0] to [{shape[0] - 1}, {shape[1] - 1}]"
    return f"there are cores {nodes[0]} to {nodes[-1]}"
