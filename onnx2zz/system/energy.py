"""The energy of a schedule: ZigZag's for the tiles, links and the off-chip memory for what moves."""

from collections.abc import Mapping

from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Transfer
from onnx2zz.system.prices import Prices
from onnx2zz.system.schedule import Schedule


def schedule_energy(timed: Schedule, system: System, prices: Mapping[CoreId, Prices]) -> float:
    """pJ of all tiles and transfers."""
    tiles = sum(prices[tile.core].energy((tile.layer, tile.box)) or 0.0 for tile in timed.plan.tiles)
    return tiles + sum(_transfer_energy(timed, system, number) for number in timed.transfers)


def _transfer_energy(timed: Schedule, system: System, number: int) -> float:
    transfer = timed.plan.transfers[number]
    moved = system.network.energy(timed.routes[number], transfer.bits)
    return moved + offchip_energy(transfer, system)


def offchip_energy(transfer: Transfer, system: System) -> float:
    """What the off-chip memory itself takes for a transfer."""
    offchip = system.offchip
    if offchip is None:
        return 0.0
    if transfer.source == offchip.id:
        return transfer.bits * offchip.read_pj_per_bit
    return transfer.bits * offchip.write_pj_per_bit if offchip.id in transfer.to else 0.0
