"""Outputs that go off the chip for want of room, and come back to the cores that read them."""

from collections.abc import Iterable

from onnx2zz.pricing.system_result import SpillUse
from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Plan, Tile, Transfer


def fetch(plan: Plan, transfers: Iterable[Transfer], offchip: CoreId) -> None:
    """Let transfers of tiles' outputs begin off the chip, where each of these tiles sends its whole output first."""
    for transfer in transfers:
        tile = transfer.of
        assert tile is not None
        # It no longer begins at the tile, which need not keep its output for it.
        tile.sends.remove(transfer)
        transfer.source, transfer.after = offchip, _taken_out(plan, tile, offchip)


def _taken_out(plan: Plan, tile: Tile, offchip: CoreId) -> Transfer:
    """The transfer that takes a tile's output off the chip: a result goes there anyway."""
    known = next((one for one in tile.sends if one.to == (offchip,)), None)
    if known is not None:
        return known
    found = Transfer(len(plan.transfers), tile.core, (offchip,), tile.makes, tile.bits, tile, tile.layer)
    plan.transfers.append(found)
    tile.sends.append(found)
    return found


def spills(plan: Plan) -> tuple[SpillUse, ...]:
    """What each layer spills, those that spill nothing left out."""
    out: dict[int, dict[int, int]] = {}
    back: dict[int, int] = {}
    for transfer in plan.transfers:
        if transfer.after is not None:
            out.setdefault(transfer.layer, {})[transfer.after.number] = transfer.after.bits
            back[transfer.layer] = back.get(transfer.layer, 0) + transfer.bits * len(transfer.to)
    return tuple(SpillUse(layer, sum(sent.values()), back[layer]) for layer, sent in sorted(out.items()))
