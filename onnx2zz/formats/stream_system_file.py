"""Stream's accelerator file of today: cores by number, links and buses between them, one core that lies off the chip.
Those of 2024 are read in stream_2024_system_file.py.

Source: stream-dse 2.1.1, its example files and parser. A core's file is looked for in `cores/` beside the system's, and
beside it; `unit_energy_cost` is pJ for a word of `bandwidth` bits. What Stream has no key for stands in
NAME.onnx2zz.yaml beside the file: `topology` (hop_cycles, flit, header_flits, multicast), `clock_mhz`, `mapping`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.errors import Problem
from onnx2zz.files.document import Value, integer
from onnx2zz.formats.core_file import CoreFile, offchip_memory
from onnx2zz.formats.section import Section
from onnx2zz.formats.shipped_files import Found, sidecar
from onnx2zz.formats.system_file import (
    CoreFiles,
    CoreId,
    Packets,
    Port,
    SystemFile,
    Wire,
    mapping_named,
    narrower,
    object_to_islands,
)
from onnx2zz.formats.yaml_source import YamlSource, read_yaml

KEYS = (
    *("name", "cores", "core_coordinates", "offchip_core_id", "unit_energy_cost", "core_connectivity"),
    *("core_memory_sharing", "bandwidth", "memory_aliases", "technology_node"),
)
CONNECTIVITY = "core_connectivity"
CONNECTION_KEYS = ("type", "cores", "bandwidth", "unit_energy_cost")
OUR_KEYS = ("topology", "clock_mhz", "mapping")
OUR_TOPOLOGY_KEYS = (
    *("hop_cycles", "flit", "header_flits", "multicast"),
    *("mesh", "ring", "bus", "links", "bandwidth", "energy_per_bit", "duplex"),
)
"""The second row is the first file's to say; a topology may repeat it for people."""


def read_stream_system(found: Found, source: YamlSource, problems: list[Problem]) -> SystemFile:
    """The system; it can be used if nothing was noted in `problems`."""
    whole = Section(source, (), KEYS, problems)
    offchip = integer(whole.value("offchip_core_id"))
    cores = cores_by_number(whole, CoreFiles(found, whole))
    away = cores.pop(offchip, None) if offchip is not None else None
    connections = _connections(whole, offchip)
    port = None if offchip is None or away is None else port_of(whole, offchip, away, connections)
    # Not where its file could not be read: that has been said, and the number is right.
    if offchip is not None and away is None and offchip not in _numbers(whole):
        whole.object_to(("offchip_core_id",), f"there is no core {offchip}", "name one of cores")
    _object_to_strangers(whole, _numbers(whole), connections)
    object_to_islands(whole, (CONNECTIVITY,), sorted(cores), connections.wires, port)
    return system_of(whole, found, cores, connections, port)


def system_of(
    whole: Section, found: Found, cores: Mapping[CoreId, CoreFile], connections: "Connections", port: Port | None
) -> SystemFile:
    """The system of these parts, with what the file beside it says."""
    beside = sidecar(found)
    ours = Section(read_yaml(beside), (), OUR_KEYS, whole.problems) if beside.is_file() else None
    packets = _packets(ours.section("topology", OUR_TOPOLOGY_KEYS) if ours else None)
    clock = ours.number("clock_mhz", above_zero=True) if ours else None
    name = str(whole.value("name") or found.name)
    mapping = mapping_named(ours) if ours else None
    return SystemFile(found, name, dict(sorted(cores.items())), tuple(connections.wires), port, packets, clock, mapping)


def _packets(topology: Section | None) -> Packets:
    if topology is None:
        return Packets()
    multicast = topology.word("multicast", ("tree", "none"), "way to send to several cores")
    flit, header = (int(topology.number(key) or 0) for key in ("flit", "header_flits"))
    return Packets(topology.number("hop_cycles") or 0.0, flit, header, multicast != "none")


def _numbers(whole: Section) -> set[CoreId]:
    given = whole.value("cores")
    numbers = [integer(key) for key in given] if isinstance(given, Mapping) else []
    return {number for number in numbers if number is not None}


def cores_by_number(whole: Section, files: CoreFiles) -> dict[CoreId, CoreFile]:
    """`cores` of a system, read; what is wrong with one is noted."""
    given = whole.value("cores")
    if not isinstance(given, Mapping) or not given:
        whole.object_to(("cores",), "the system has no cores", "write `cores: {0: FILE, 1: FILE}`")
        return {}
    found: dict[CoreId, CoreFile] = {}
    for key, name in given.items():
        identity = integer(key)
        if identity is None or identity < 0 or not isinstance(name, str):
            whole.object_to(("cores", key), f"core {key!r} is {name!r}", "write NUMBER: FILE")
            continue
        file = files.named(name.removeprefix("./"), ("cores", key))
        if file is not None:
            found[identity] = file
    return found


@dataclass
class Connections:
    """Wires on the chip, and what of them leads off it: the cores at that end, bit a cycle, pJ a bit."""

    wires: list[Wire] = field(default_factory=list[Wire])
    served: list[CoreId] = field(default_factory=list[CoreId])
    widths: list[float] = field(default_factory=list[float])
    costs: list[float] = field(default_factory=list[float])
    nodes: dict[int, tuple[CoreId, ...]] = field(default_factory=dict[int, tuple[CoreId, ...]])


def _connections(whole: Section, offchip: CoreId | None) -> Connections:
    given = whole.value(CONNECTIVITY)
    found = Connections()
    default = whole.number("unit_energy_cost") or 0.0
    if not isinstance(given, list):
        whole.object_to((CONNECTIVITY,), f"{CONNECTIVITY} is no list of links and buses", "write one")
        return found
    for number in range(len(given)):
        one = Section(whole.source, (CONNECTIVITY, number), CONNECTION_KEYS, whole.problems)
        nodes, bandwidth = numbers_in(one.value("cores")), one.number("bandwidth", above_zero=True)
        if len(nodes) < 2 or not bandwidth:
            what = "a connection needs cores (two or more) and a bandwidth above 0"
            one.object_to((), what, "write both")
            continue
        found.nodes[number] = nodes
        cost = one.number("unit_energy_cost")
        # Stream's energy is for a word of the width of this link, so that the same number means less a bit on a wider
        # one.
        join(found, number, one.word("type", ("link", "bus"), "kind of connection"), nodes, offchip, bandwidth,
              (default if cost is None else cost) / bandwidth)  # fmt: skip
    return found


def join(
    found: Connections,
    number: int,
    kind: str | None,
    nodes: tuple[CoreId, ...],
    offchip: CoreId | None,
    bandwidth: float,
    energy: float,
) -> None:
    """Join `nodes` by connection `number`: a link (one wire each way) or a bus, of so many bit a cycle and pJ a bit."""
    away = offchip in nodes
    if away:
        found.served += [node for node in nodes if node != offchip]
        found.widths.append(bandwidth)
        found.costs.append(energy)
    # The off-chip core has no place on the network here: what leads to it is the port, which all of them share.
    onchip = tuple(sorted(node for node in nodes if node != offchip))
    # A link of one core and the off-chip memory leaves no wire, and a "link" of three cores is a bus in all but name.
    if kind != "bus" and len(onchip) == 2:
        a, b = onchip
        found.wires.append(Wire(f"{a}>{b}", (a, b), bandwidth, energy, directed=True))
        found.wires.append(Wire(f"{b}>{a}", (b, a), bandwidth, energy, directed=True))
    elif len(onchip) > 1:
        found.wires.append(Wire(f"bus{number}", onchip, bandwidth, energy, to_offchip=away))


def port_of(whole: Section, offchip: CoreId, away: CoreFile, connections: Connections) -> Port | None:
    """A transfer off the chip is bound by what leads there and by the port of the memory there."""
    if not connections.served:
        what = f"nothing joins the off-chip core {offchip}"
        whole.object_to(("offchip_core_id",), what, "add a bus or a link to it")
        return None
    memory = offchip_memory(away)
    width = narrower(max(connections.widths), memory.bandwidth)
    served = tuple(sorted(set(connections.served)))
    return Port(offchip, memory, served, width if width < math.inf else 1.0, max(connections.costs))


def _object_to_strangers(whole: Section, cores: set[CoreId], connections: Connections) -> None:
    for number, nodes in connections.nodes.items():
        strangers = [node for node in nodes if node not in cores]
        if strangers:
            what = f"a connection names core {strangers[0]}, which is none of cores"
            whole.object_to((CONNECTIVITY, number, "cores"), what, "name it in cores, or leave it out here")


def numbers_in(given: Value) -> tuple[CoreId, ...]:
    """The core numbers in a list, each once."""
    numbers = [integer(node) for node in given] if isinstance(given, list) else []
    return tuple(dict.fromkeys(node for node in numbers if node is not None))
