"""A system as it is evaluated on, of what its file says."""

from dataclasses import replace
from pathlib import Path

from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.system_file import Port, SystemFile, Wire
from onnx2zz.formats.system_reading import read_system_file
from onnx2zz.system.core_file import core_of
from onnx2zz.system.description import Core, Offchip, System
from onnx2zz.system.network import PORT, STREAM, Link, Network


def read_system(found: Found) -> System:
    """The system in a file. Raises InputError with everything that is wrong with it and with the files it names."""
    file = read_system_file(found)
    port, packets = file.port, file.packets
    offchip = None
    if port is not None:
        memory = port.memory
        offchip = Offchip(port.id, memory.name, memory.read_pj_per_bit, memory.write_pj_per_bit)
    network = Network(
        tuple(_link(wire, packets.hop_cycles) for wire in file.wires),
        _port(port),
        tuple(_link(wire, packets.hop_cycles) for wire in file.wires if wire.to_offchip),
        None if port is None else port.id,
        packets.flit,
        packets.header_flits,
        packets.multicast,
        packets.values_per_flit,
        packets.packet_flits,
        _stream(file),
    )
    return System(file.name, found.path, _cores(file), network, offchip, file.clock_mhz, file.mesh_width)


def _cores(file: SystemFile) -> tuple[Core, ...]:
    problems: list[Problem] = []
    built: dict[Path, Core] = {}
    for core in file.cores.values():
        path = core.found.path
        if path not in built:
            with noted_in(problems):
                built[path] = core_of(core, 0, file.port is not None, file.mapping)
    raise_if_any(dict.fromkeys(problems))
    return tuple(replace(built[core.found.path], id=identity) for identity, core in sorted(file.cores.items()))


def _link(wire: Wire, hop_cycles: float) -> Link:
    return Link(wire.id, wire.nodes, wire.bandwidth, wire.energy_per_bit, wire.directed, hop_cycles)


def _port(port: Port | None) -> Link | None:
    return None if port is None else Link(PORT, (*port.served, port.id), port.bandwidth, port.energy_per_bit)


def _stream(file: SystemFile) -> Link | None:
    if file.stream is None or file.port is None:
        return None
    return Link(STREAM, (*file.stream.entered, file.port.id), file.stream.bandwidth, file.stream.energy_per_bit)
