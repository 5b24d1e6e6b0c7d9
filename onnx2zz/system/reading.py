"""Reads a system file: ours, or Stream's accelerator file with our keys, where wanted, in NAME.onnx2zz.yaml beside it.

Ours (`core` or `cores`, `topology`, `offchip`, `clock_mhz`, `mapping`) needs no list of cores: the topology makes them.
Stream's (`cores`, `offchip_core_id`, `core_connectivity`) lists them; stream_file.py reads that.
Everything wrong is said at once, with its line and the way out.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.files.document import Key, Value, integer
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.yaml_source import YamlSource, read_yaml
from onnx2zz.sidecar.section import Section
from onnx2zz.system.core_file import core_file, core_of, offchip_of
from onnx2zz.system.description import Core, Offchip, System
from onnx2zz.system.islands import object_to_islands
from onnx2zz.system.network import PORT, CoreId, Link, Network

KEYS = ("name", "core", "cores", "topology", "offchip", "clock_mhz", "mapping")
TOPOLOGY_KEYS = (
    *("mesh", "ring", "bus", "links", "bandwidth", "energy_per_bit", "hop_cycles", "flit", "header_flits"),
    *("duplex", "multicast"),
)
OFFCHIP_KEYS = ("memory", "at", "bandwidth", "read_pj_per_bit", "write_pj_per_bit", "energy_per_bit")
SHAPES = ("mesh", "ring", "bus", "links")


def read_system(found: Found) -> System:
    """The system in a file. Raises InputError with everything that is wrong with it and with the files it names."""
    source = read_yaml(found.path, place_keys=True)
    raise_if_any(Problem(f"{source.path}:{trap.mark.line}", trap.what, trap.way_out) for trap in source.traps)
    if isinstance(source.data, Mapping) and "core_connectivity" in source.data:
        from onnx2zz.system.stream_file import read_stream_system

        return read_stream_system(found, source)
    return _Reading(found, source).system()


@dataclass(frozen=True)
class Wires:
    """What all links of a topology have in common."""

    bandwidth: float = 0.0
    energy_per_bit: float = 0.0
    hop_cycles: float = 0.0
    flit: int = 0
    header_flits: int = 0
    full_duplex: bool = True
    multicast: bool = True


class _Reading:
    def __init__(self, found: Found, source: YamlSource):
        self._found, self._source = found, source
        self._whole = Section(source if source.data is not None else replace(source, data={}), (), KEYS)
        self._problems = self._whole.problems

    def system(self) -> System:
        whole = self._whole
        topology = whole.section("topology", TOPOLOGY_KEYS)
        wires = self._wires(topology) if topology is not None else Wires()
        nodes, links = self._links(topology, wires) if topology is not None else ((0,), ())
        shape = self._mesh(topology)
        clock = whole.number("clock_mhz", above_zero=True)
        offchip_section = whole.section("offchip", OFFCHIP_KEYS) if whole.value("offchip") is not None else None
        cores = self._cores(nodes, shape, offchip_section is not None)
        offchip, port = self._offchip(offchip_section, nodes, shape)
        raise_if_any(self._problems)
        network = Network(
            links, port, (), None if offchip is None else offchip.id, wires.flit, wires.header_flits, wires.multicast
        )
        object_to_islands(self._found.path, network, cores)
        name = str(whole.value("name") or self._found.name)
        return System(name, self._found.path, tuple(cores), network, offchip, clock)

    def _wires(self, topology: Section) -> Wires:
        duplex = topology.word("duplex", ("full", "half"), "way to share a link")
        multicast = topology.word("multicast", ("tree", "none"), "way to send to several cores")
        numbers = {key: topology.number(key) for key in ("bandwidth", "energy_per_bit", "hop_cycles", "flit")}
        if "bandwidth" not in topology:
            topology.object_to((), "topology has no bandwidth", "add it, in bit a cycle")
        topology.number("bandwidth", above_zero=True)
        return Wires(
            numbers["bandwidth"] or 1.0,
            numbers["energy_per_bit"] or 0.0,
            numbers["hop_cycles"] or 0.0,
            int(numbers["flit"] or 0),
            int(topology.number("header_flits") or 0),
            duplex != "half",
            multicast != "none",
        )

    def _mesh(self, topology: Section | None) -> tuple[int, int] | None:
        sides = topology.value("mesh") if topology is not None else None
        if not isinstance(sides, list) or len(sides) != 2:
            return None
        width, height = (integer(side) for side in sides)
        return (width, height) if width and height and width > 0 and height > 0 else None

    def _links(self, topology: Section, wires: Wires) -> tuple[tuple[CoreId, ...], tuple[Link, ...]]:
        given = [shape for shape in SHAPES if shape in topology]
        if len(given) != 1:
            topology.object_to(
                (), f"topology has {' and '.join(given) or 'no shape'}", f"give one of {', '.join(SHAPES)}"
            )
            return (0,), ()
        pairs = {
            "mesh": self._pairs_of_mesh,
            "ring": self._pairs_of_ring,
            "bus": self._no_pairs,
            "links": self._pairs_given,
        }[given[0]](topology)
        if pairs is None:
            return (0,), ()
        nodes, joined = pairs
        if given[0] == "bus":
            return nodes, (Link("bus", nodes, wires.bandwidth, wires.energy_per_bit, False, wires.hop_cycles),)
        return nodes, tuple(link for pair in joined for link in _both_ways(pair, wires))

    def _pairs_of_mesh(self, topology: Section) -> tuple[tuple[int, ...], list[tuple[int, int]]] | None:
        shape = self._mesh(topology)
        if shape is None:
            topology.object_to(("mesh",), f"mesh is {topology.value('mesh')!r}", "give its width and height: [4, 4]")
            return None
        width, height = shape
        across = [(y * width + x, y * width + x + 1) for y in range(height) for x in range(width - 1)]
        down = [(y * width + x, (y + 1) * width + x) for y in range(height - 1) for x in range(width)]
        return tuple(range(width * height)), across + down

    def _pairs_of_ring(self, topology: Section) -> tuple[tuple[int, ...], list[tuple[int, int]]] | None:
        size = self._count(topology, "ring")
        if size is None:
            return None
        pairs = [(n, n + 1) for n in range(size - 1)] + ([(size - 1, 0)] if size > 2 else [])
        return tuple(range(size)), pairs

    def _no_pairs(self, topology: Section) -> tuple[tuple[int, ...], list[tuple[int, int]]] | None:
        size = self._count(topology, "bus")
        return None if size is None else (tuple(range(size)), [])

    def _count(self, topology: Section, shape: str) -> int | None:
        size = integer(topology.value(shape))
        if size is None or size < 1:
            topology.object_to((shape,), f"{shape} is {topology.value(shape)!r}", "give the number of cores")
            return None
        return size

    def _pairs_given(self, topology: Section) -> tuple[tuple[int, ...], list[tuple[int, int]]] | None:
        given = topology.value("links")
        pairs: list[tuple[int, int]] = []
        for pair in given if isinstance(given, list) else [given]:
            ends = [integer(end) for end in pair] if isinstance(pair, list) else []
            if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] == ends[1] or min(ends) < 0:  # type: ignore[type-var]
                topology.object_to(("links",), f"links holds {pair!r}", "give pairs of core numbers: [[0, 1], [1, 2]]")
                return None
            pairs.append((ends[0], ends[1]))
        nodes = sorted({end for pair in pairs for end in pair})
        return tuple(range(nodes[-1] + 1)), list(dict.fromkeys(pairs))

    def _cores(self, nodes: Sequence[CoreId], shape: tuple[int, int] | None, has_offchip: bool) -> list[Core]:
        mapping = self._whole.value("mapping")
        names = self._names(nodes, shape)
        read: dict[str, Core] = {}
        for name in dict.fromkeys(names.values()):
            with noted_in(self._problems):
                read[name] = core_of(core_file(self._found.path, name), 0, has_offchip)
        own = str(mapping) if mapping is not None else None
        return [replace(read[names[node]], id=node, mapping=own) for node in nodes if names.get(node) in read]

    def _names(self, nodes: Sequence[CoreId], shape: tuple[int, int] | None) -> dict[CoreId, str]:
        one, several = self._whole.value("core"), self._whole.value("cores")
        if isinstance(one, str) and several is None:
            return dict.fromkeys(nodes, one)
        if isinstance(several, Mapping) and one is None:
            return self._named_apart(nodes, shape, several)
        what = "both core and cores" if one is not None and several is not None else "no core"
        self._whole.object_to(
            (), f"the system has {what}", "write `core: NAME`, or `cores: {[0, 0]: NAME, default: NAME}`"
        )
        return {}

    def _named_apart(
        self, nodes: Sequence[CoreId], shape: tuple[int, int] | None, several: Mapping[Key, Value]
    ) -> dict[CoreId, str]:
        default = several.get("default")
        found = {node: str(default) for node in nodes} if default is not None else {}
        for key, name in several.items():
            if key == "default":
                continue
            node = node_at(str(key), shape)
            if node is None or node not in nodes:
                self._whole.object_to(("cores", key), f"cores has {key}, where no core is", _places(nodes, shape))
            else:
                found[node] = str(name)
        if missing := [node for node in nodes if node not in found]:
            what = f"cores does not say what core {missing[0]} is ({len(missing)} are left out)"
            self._whole.object_to(("cores",), what, "add `default: NAME`")
        return found

    def _offchip(
        self, section: Section | None, nodes: Sequence[CoreId], shape: tuple[int, int] | None
    ) -> tuple[Offchip | None, Link | None]:
        if section is None:
            return None, None
        identity = max(nodes) + 1
        memory = section.value("memory")
        width, energy = section.number("bandwidth", above_zero=True), section.number("energy_per_bit") or 0.0
        read, write = section.number("read_pj_per_bit"), section.number("write_pj_per_bit")
        name = "offchip"
        if memory is not None:
            with noted_in(self._problems):
                file = offchip_of(core_file(self._found.path, str(memory)), identity)
                read, write = file.offchip.read_pj_per_bit, file.offchip.write_pj_per_bit
                width, name = min(width or math.inf, file.bandwidth), file.offchip.name
        if width is None:
            section.object_to((), "offchip has no bandwidth", "add it, in bit a cycle, or name a memory")
        served = self._served(section, nodes, shape)
        port = Link(PORT, (*served, identity), width or 1.0, energy)
        return Offchip(identity, name, read or 0.0, write or 0.0), port

    def _served(self, section: Section, nodes: Sequence[CoreId], shape: tuple[int, int] | None) -> tuple[CoreId, ...]:
        """The cores that the off-chip memory is joined to: all of a bus, else those that `at` names."""
        if "at" not in section:
            return tuple(nodes) if shape is None else (0,)
        given = section.value("at")
        found: list[CoreId] = []
        for place in given if isinstance(given, list) else [given]:
            node = node_at(str(place), shape)
            if node is None or node not in nodes:
                section.object_to(("at",), f"at holds {place!r}, where no core is", _places(nodes, shape))
            else:
                found.append(node)
        return tuple(dict.fromkeys(found)) or (nodes[0],)


def node_at(text: str, shape: tuple[int, int] | None) -> CoreId | None:
    """The core at `[x, y]` of a mesh, or of a number."""
    numbers = [int(number) for number in re.findall(r"-?\d+", text)]
    if len(numbers) == 2 and shape is not None and 0 <= numbers[0] < shape[0] and 0 <= numbers[1] < shape[1]:
        return numbers[1] * shape[0] + numbers[0]
    return numbers[0] if len(numbers) == 1 else None


def _places(nodes: Sequence[CoreId], shape: tuple[int, int] | None) -> str:
    if shape is not None:
        return f"a mesh of {shape[0]} by {shape[1]} has [0, 0] to [{shape[0] - 1}, {shape[1] - 1}]"
    return f"there are cores {nodes[0]} to {nodes[-1]}"


def _both_ways(pair: tuple[CoreId, CoreId], wires: Wires) -> Iterator[Link]:
    a, b = pair
    common = (wires.bandwidth, wires.energy_per_bit)
    if wires.full_duplex:
        yield Link(f"{a}>{b}", (a, b), *common, directed=True, hop_cycles=wires.hop_cycles)
        yield Link(f"{b}>{a}", (b, a), *common, directed=True, hop_cycles=wires.hop_cycles)
    else:
        yield Link(f"{a}-{b}", (a, b), *common, directed=False, hop_cycles=wires.hop_cycles)
