"""The energy of a schedule: ZigZag's for the tiles, links and the off-chip memory for what moves."""

from collections.abc import Mapping

from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.pricing.physical import PJ_PER_PW_NS, static_power_pw
from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Transfer
from onnx2zz.system.prices import Prices
from onnx2zz.system.schedule import Schedule

NS_PER_CYCLE_AT_1_MHZ = 1000


def schedule_energy(timed: Schedule, system: System, prices: Mapping[CoreId, Prices]) -> float:
    """pJ of all tiles and transfers."""
    tiles = sum(prices[tile.core].energy((tile.layer, tile.box)) or 0.0 for tile in timed.plan.tiles)
    return tiles + sum(transfer_energy(timed, system, number) for number in timed.transfers)


def transfer_energy(timed: Schedule, system: System, number: int) -> float:
    """pJ of one transfer, over the links and at the off-chip memory."""
    transfer = timed.plan.transfers[number]
    moved = system.network.energy(timed.routes[number], transfer.bits)
    return moved + offchip_energy(transfer, system)


def offchip_energy(transfer: Transfer, system: System) -> float:
    """What the off-chip memory itself takes for a transfer: nothing for inputs that come in past it."""
    offchip = system.offchip
    if offchip is None or (transfer.is_input and system.network.stream is not None):
        return 0.0
    if transfer.source == offchip.id:
        return transfer.bits * offchip.read_pj_per_bit
    return transfer.bits * offchip.write_pj_per_bit if offchip.id in transfer.to else 0.0


def static_energy(system: System, cycles: float) -> float:
    """What the memories of all cores take over so many cycles, as far as sidecars and the system's clock say."""
    if system.clock_mhz is None:
        return 0.0
    time_ns = cycles * NS_PER_CYCLE_AT_1_MHZ / system.clock_mhz
    powers = [
        static_power_pw(core.sidecar, read_hierarchy(core.accelerator.document)) or 0.0
        for core in system.cores
        if core.sidecar is not None
    ]
    return sum(powers) * time_ns * PJ_PER_PW_NS
