"""Stream's accelerator file: cores by number, links and buses between them, one core that lies off the chip.

Source: stream-dse 2.1.1, its example files and parser. A core's file is looked for in `cores/` beside the system's, and
beside it; `unit_energy_cost` is pJ for a word of `bandwidth` bits. What Stream has no key for stands in
NAME.onnx2zz.yaml beside the file: `topology` (hop_cycles, flit, header_flits, multicast), `clock_mhz`, `mapping`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from onnx2zz.errors import noted_in, raise_if_any
from onnx2zz.files.document import Value, integer
from onnx2zz.formats.shipped_files import Found, sidecar
from onnx2zz.formats.yaml_source import YamlSource, read_yaml
from onnx2zz.sidecar.section import Section
from onnx2zz.system.core_file import OffchipFile, core_file, core_of, offchip_of
from onnx2zz.system.description import Core, System
from onnx2zz.system.islands import object_to_islands
from onnx2zz.system.network import PORT, CoreId, Link, Network

KEYS = (
    *("name", "cores", "core_coordinates", "offchip_core_id", "unit_energy_cost", "core_connectivity"),
    *("core_memory_sharing", "bandwidth", "memory_aliases"),
)
CONNECTION_KEYS = ("type", "cores", "bandwidth", "unit_energy_cost")
OUR_KEYS = ("topology", "clock_mhz", "mapping")
OUR_TOPOLOGY_KEYS = ("hop_cycles", "flit", "header_flits", "multicast")


def read_stream_system(found: Found, source: YamlSource) -> System:
    """The system in Stream's form. Raises InputError with everything that is wrong with it."""
    whole = Section(source, (), KEYS)
    problems = whole.problems
    beside = sidecar(found)
    ours = Section(read_yaml(beside), (), OUR_KEYS, problems) if beside.is_file() else None
    mapping = ours.value("mapping") if ours else None
    offchip_id = integer(whole.value("offchip_core_id"))
    cores: list[Core] = []
    offchip: OffchipFile | None = None
    given = whole.value("cores")
    for key, name in given.items() if isinstance(given, Mapping) else ():
        identity = integer(key)
        if identity is None or not isinstance(name, str):
            whole.object_to(("cores", key), f"core {key!r} is {name!r}", "write NUMBER: FILE")
            continue
        with noted_in(problems):
            file = core_file(found.path, name.removeprefix("./"))
            if identity == offchip_id:
                offchip = offchip_of(file, identity)
            else:
                core = core_of(file, identity, offchip_id is not None)
                cores.append(replace(core, mapping=str(mapping) if mapping is not None else None))
    cores.sort(key=lambda core: core.id)
    topology = ours.section("topology", OUR_TOPOLOGY_KEYS) if ours else None
    hop = (topology.number("hop_cycles") if topology else None) or 0.0
    links, port, buses = _connections(whole, offchip_id, offchip, hop)
    clock = ours.number("clock_mhz", above_zero=True) if ours else None
    if offchip_id is not None and port is None:
        whole.object_to(
            ("offchip_core_id",), f"nothing joins the off-chip core {offchip_id}", "add a bus or a link to it"
        )
    flit = int((topology.number("flit") if topology else None) or 0)
    header = int((topology.number("header_flits") if topology else None) or 0)
    multicast = topology.word("multicast", ("tree", "none"), "way to send to several cores") if topology else None
    raise_if_any(problems)
    shared = tuple(link for link in links if link.id in buses)
    network = Network(links, port, shared, offchip_id, flit, header, multicast != "none")
    object_to_islands(found.path, network, cores)
    name = str(whole.value("name") or found.name)
    return System(name, found.path, tuple(cores), network, offchip.offchip if offchip else None, clock)


def _connections(
    whole: Section, offchip_id: CoreId | None, offchip: OffchipFile | None, hop: float
) -> tuple[tuple[Link, ...], Link | None, set[str]]:
    given = whole.value("core_connectivity")
    default_cost = whole.number("unit_energy_cost") or 0.0
    links: list[Link] = []
    served: list[CoreId] = []
    widths: list[float] = []
    costs: list[float] = []
    buses: set[str] = set()
    for number, _ in enumerate(given) if isinstance(given, list) else ():
        one = Section(whole.source, ("core_connectivity", number), CONNECTION_KEYS, whole.problems)
        nodes = _nodes(one.value("cores"))
        bandwidth = one.number("bandwidth", above_zero=True)
        if len(nodes) < 2 or not bandwidth:
            one.object_to((), "a connection needs cores (two or more) and a bandwidth above 0", "write both")
            continue
        cost = one.number("unit_energy_cost")
        energy = (default_cost if cost is None else cost) / bandwidth
        if offchip_id in nodes:
            served += [node for node in nodes if node != offchip_id]
            widths.append(bandwidth)
            costs.append(energy)
        onchip = tuple(sorted(node for node in nodes if node != offchip_id))
        if one.value("type") == "link" and len(onchip) == 2:
            a, b = onchip
            links.append(Link(f"{a}>{b}", (a, b), bandwidth, energy, True, hop))
            links.append(Link(f"{b}>{a}", (b, a), bandwidth, energy, True, hop))
        elif len(onchip) > 1:
            links.append(Link(f"bus{number}", onchip, bandwidth, energy, False, hop))
            if offchip_id in nodes:
                buses.add(f"bus{number}")
    if offchip_id is None or offchip is None or not served:
        return tuple(links), None, buses
    width = min(offchip.bandwidth or math.inf, max(widths))
    nodes = (*sorted(set(served)), offchip_id)
    return tuple(links), Link(PORT, nodes, width, max(costs)), buses


def _nodes(given: Value) -> Sequence[CoreId]:
    numbers = [integer(node) for node in given] if isinstance(given, list) else []
    return [node for node in numbers if node is not None]
