"""Which weights stay on the cores that read them, so that they come once and not with every frame."""

from collections.abc import Iterable, Mapping

from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Plan, Transfer


def constants(plan: Plan) -> list[Transfer]:
    """The transfers from off the chip that carry the same for every frame."""
    return [
        one for one in plan.transfers if one.of is None and one.bits and plan.layers[one.layer].is_constant(one.operand)
    ]


def places_kept(plan: Plan) -> dict[CoreId, int]:
    """Where all weights stay, the bits of each core in which the network's inputs lie: a place for them is kept
    throughout, so that a frame's may come while those of the one before are read. Weights that come with each frame
    leave no room for that, nor is there one for them."""
    found: dict[CoreId, int] = {}
    if any(not one.setup for one in constants(plan)):
        return found
    for one in plan.transfers:
        # Of a batch only the first frame's may be taken for what later frames read.
        for core in one.to if one.of is None and not one.setup and not one.frame else ():
            found[core] = found.get(core, 0) + one.bits
    return found


def staying(may_stay: Iterable[Transfer], room: Mapping[CoreId, float]) -> frozenset[int]:
    """Those of the transfers (by number) that `room` has room for: first what lies on few cores, since each bit of it
    spares the port as much as a bit that lies on many, and large ones before small ones."""
    left = dict(room)
    found: set[int] = set()
    for one in sorted(may_stay, key=lambda one: (len(one.to), -one.bits, one.number)):
        if all(one.bits <= left[core] for core in one.to):
            found.add(one.number)
            for core in one.to:
                left[core] -= one.bits
    return frozenset(found)


def settle(plan: Plan, chosen: frozenset[int]) -> None:
    """Let just these transfers be there from the start, and stay."""
    for one in constants(plan):
        stays = one.number in chosen
        if stays == one.setup:
            continue
        one.setup = stays
        for core in one.to:
            plan.resident[core] = plan.resident.get(core, 0) + (one.bits if stays else -one.bits)
        for reader in one.readers:
            if stays:
                del reader.needs[one.number]
            else:
                reader.needs[one.number] = one
