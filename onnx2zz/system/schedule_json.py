"""schedule.json: who does what when, in its fixed form.

Times are cycles of the system's clock, sizes bit, energies pJ. Elements are told by the index names of a layer's
equation, as runs [first, how many, step]; an index that is whole is left out.
"""

from collections.abc import Iterator, Mapping

from onnx2zz import __version__
from onnx2zz.files.document import is_iterator
from onnx2zz.files.strict_json import json_pieces
from onnx2zz.installed import version
from onnx2zz.system.elements import Elements, runs
from onnx2zz.system.outcome import CoreUse, LinkUse, SystemOutcome
from onnx2zz.system.plan import Tile, Transfer
from onnx2zz.system.tile import Box

Json = dict[str, object]


def schedule_file(outcome: SystemOutcome) -> Iterator[bytes]:
    """The whole file, in pieces: that of a large system has more than a hundred megabytes."""
    for piece in json_pieces(_content(outcome)):
        yield piece.encode()
    yield b"\n"


def document(outcome: SystemOutcome) -> Json:
    """The whole document."""
    return {key: list(value) if is_iterator(value) else value for key, value in _content(outcome).items()}


def _content(outcome: SystemOutcome) -> Json:
    """The document; what there are very many of is made one by one, as it is asked for."""
    return {
        "model": outcome.model,
        "system": outcome.system.name,
        "onnx2zz": __version__,
        "zigzag": version("zigzag-dse"),
        "opt": outcome.opt,
        "schedule": outcome.kind,
        "frames": outcome.frames,
        "offchip": outcome.system.offchip.id if outcome.system.offchip else None,
        "total": dict(outcome.total),
        "energy": dict(outcome.energy),
        "bounds": outcome.bounds.document(),
        "cores": [*map(_core, outcome.cores), *_offchip(outcome)],
        "links": list(map(_link, outcome.links)),
        "tiles": (_tile(outcome, tile) for tile in outcome.schedule.plan.tiles),
        "transfers": (_transfer(outcome, transfer) for transfer in outcome.schedule.plan.transfers),
        "memory": ({"core": core, "events": list(map(list, events))} for core, events in outcome.memory()),
    }


def _core(core: CoreUse) -> Json:
    return {
        "id": core.id,
        "accelerator": core.accelerator,
        "capacity_bits": core.capacity_bits,
        "peak_bits": core.peak_bits,
        "busy_cycles": core.busy_cycles,
        "energy_pj": core.energy_pj,
    }


def _offchip(outcome: SystemOutcome) -> Iterator[Json]:
    offchip = outcome.system.offchip
    if offchip is not None:
        # What the off-chip memory does is what its port carries; it has no tiles.
        port = next(link for link in outcome.links if link.id == outcome.system.network.port_id)
        energy = outcome.energy["offchip_pj"]
        named = {"id": offchip.id, "accelerator": offchip.name, "capacity_bits": None, "peak_bits": 0}
        yield {**named, "busy_cycles": port.busy_cycles, "energy_pj": energy}


def _link(link: LinkUse) -> Json:
    ends: Json = {"from": link.nodes[0], "to": link.nodes[1]} if link.directed else {"nodes": list(link.nodes)}
    carried = {"bits": link.bits, "busy_cycles": link.busy_cycles, "energy_pj": link.energy_pj}
    return {"id": link.id, **ends, "bandwidth": link.bandwidth, **carried}


def _tile(outcome: SystemOutcome, tile: Tile) -> Json:
    start, end = outcome.schedule.tiles[tile.number]
    sizes = outcome.schedule.plan.layers[tile.layer].sizes
    return {
        "id": tile.number,
        "layer": tile.layer,
        "core": tile.core,
        "frame": tile.frame,
        "ranges": _ranges(tile.box, sizes),
        "start": start,
        "end": end,
        "energy_pj": outcome.tile_energy[tile.number],
        **({"partial": True} if tile.box.partial else {}),
        **({"adds": list(tile.adds)} if tile.adds else {}),
        **({"recomputed": True} if tile.box.recomputed else {}),
    }


def _ranges(box: Box, sizes: Mapping[str, int]) -> Json:
    return {loop: list(part) for loop, part in box.ranges if part != (0, sizes[loop])}


def _transfer(outcome: SystemOutcome, transfer: Transfer) -> Json:
    start, end = outcome.schedule.transfers[transfer.number]
    told = outcome.schedule.plan.layers[transfer.layer]
    whole: Elements
    if transfer.of is not None:
        what: Json = {"of": transfer.of.number}
        indices, whole = told.indices("O"), transfer.of.makes
    else:
        what = {"layer": transfer.layer, "operand": transfer.operand}
        indices, whole = told.indices(transfer.operand), told.told(transfer.operand, told.ranges({}))
    return {
        "id": transfer.number,
        "frame": transfer.frame,
        "from": transfer.source,
        "to": list(transfer.to),
        "links": [link.id for link in outcome.schedule.routes[transfer.number].links],
        "start": start,
        "end": end,
        "bits": transfer.bits,
        "energy_pj": outcome.link_energy[transfer.number] + outcome.offchip_energy[transfer.number],
        **what,
        **({"partial": True} if transfer.partial else {}),
        "elements": {
            index.lower(): [list(run) for run in runs(positions)]
            for index, positions, all_of in zip(indices, transfer.elements, whole, strict=True)
            if positions != all_of
        },
        **({"setup": True} if transfer.setup else {}),
    }
