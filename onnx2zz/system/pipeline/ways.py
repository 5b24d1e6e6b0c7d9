"""How a layer may be shared out over a few cores that keep its weights."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from onnx2zz.system.candidates import rounds, splits, unrolled, with_turns
from onnx2zz.system.elements import count
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.pipeline.assignment import Way
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.prices import Prices, Wanted
from onnx2zz.system.tile import Range
from onnx2zz.system.tiling import Tiling, placed, shares

KEPT = 2
"""Splits over a number of cores that are priced: the fastest, and those of which a core holds least weights."""


def counts(cores: int) -> list[int]:
    """Numbers of cores that a group of layers may have: few in single steps, many in steps of about a third."""
    found: list[int] = []
    number = 1
    while number < cores:
        found.append(number)
        number += max(1, number // 3)
    return [*found, cores]


def tilings(told: Told, cores: int, room: float, rows: int, prices: Prices) -> list[Tiling]:
    """The promising splits of a layer over at most so many cores, in turns that fit `room` bits, in `rows` turns along
    its rows at least."""
    array = dict(prices.inputs.hardware.array)
    units = unrolled(prices.mapping_of(told.placed.id), told.sizes, array) if prices.search is None else {}
    by_rounds = sorted(splits(told, cores), key=lambda split: (rounds(told, Tiling(split), units), len(split), split))
    by_weights = sorted(by_rounds[: 8 * KEPT], key=lambda split: weights(told, Tiling(split)))
    looked_at = dict.fromkeys((*by_rounds[:KEPT], *by_weights[:KEPT]))
    made = [with_turns(told, split, room, units, rows) for split in looked_at]
    return list(dict.fromkeys(tiling for tiling in made if tiling is not None))


def weights(told: Told, tiling: Tiling) -> int:
    """The bits of constants that the core holds that holds most."""
    found: dict[int, int] = {}
    operands = [name for name in OPERANDS[: len(told.placed.layer.inputs)] if told.is_constant(name)]
    widths = {"I": told.placed.widths.I, "W": told.placed.widths.W}
    for share in shares(told.placed.layer, Tiling(tiling.split, (), tiling.grain)) if operands else ():
        ranges = told.ranges(dict(share.box.ranges))
        found[share.place] = sum(count(told.told(name, ranges)) * widths[name] for name in operands)
    return max(found.values(), default=0)


def activations(told: Told, tiling: Tiling) -> int:
    """The bits that a core reads and makes of a layer, its turns together."""
    box: dict[str, Range] = {}
    for loop, number in tiling.split:
        cut = Tiling(((loop, number),), (), tiling.grain).cut(told.placed.layer, loop)
        box[loop] = cut[len(cut) // 2]
    ranges = told.ranges(box)
    widths = {"I": told.placed.widths.I, "W": told.placed.widths.W}
    read = [name for name in OPERANDS[: len(told.placed.layer.inputs)] if not told.is_constant(name)]
    bits = sum(count(told.told(name, ranges)) * widths[name] for name in read)
    return bits + count(told.told("O", ranges)) * told.placed.widths.O_final


def priced(told: Told, asked: Iterable[Tiling], prices: Prices) -> list[Way]:
    """The ways whose tiles all have a price."""
    found: list[Way] = []
    for tiling in asked:
        load: dict[CoreId, float] = {}
        for core, wanted in boxes(told, tiling):
            cycles = prices.cycles(wanted)
            if cycles is None:
                break
            load[core] = load.get(core, 0.0) + cycles
        else:
            loads = tuple(load.get(core, 0.0) for core in range(tiling.cores))
            found.append(Way(tiling, loads, weights(told, tiling), activations(told, tiling)))
    return found


def with_broadcast(own: Iterable[Way], inputs: int) -> list[Way]:
    """The ways of a layer; where it reads `inputs` bits of the network's, also with all of them sent to all cores
    together, which takes fewer packets and more room."""
    found = list(own)
    return found + [together(one, inputs) for one in found if inputs and one.cores > 1]


def together(way: Way, inputs: int) -> Way:
    """The way with `inputs` bits of the network's sent to all its cores together, if it reads any."""
    if not inputs or way.cores == 1:
        return way
    return replace(way, tiling=replace(way.tiling, broadcast=True), activations=way.activations + inputs)


def boxes(told: Told, tiling: Tiling) -> list[tuple[CoreId, Wanted]]:
    """The tiles with the number of their core among those that the tiling takes."""
    own = placed(told.placed.layer, tiling, range(tiling.cores))
    return [(core, (told.placed.id, share.box)) for core, share in own]


def ways(
    layers: Sequence[Told], cores: int, room: float, rows: int, prices: Prices
) -> list[Mapping[int, list[Way]]] | None:
    """For each layer the ways on each number of cores; None where a layer has none on some number of them."""
    asked = {
        (told.placed.id, number): tilings(told, number, room, rows, prices)
        for told in layers
        for number in counts(cores)
    }
    of = {told.placed.id: told for told in layers}
    # All in one call: equal tiles of different layers are priced once, and on all processes.
    prices.find([one for (layer, _), own in asked.items() for tiling in own for _, one in boxes(of[layer], tiling)])
    found = {key: priced(of[key[0]], own, prices) for key, own in asked.items()}
    # The assignment takes any number of cores for any layer, so that it has nothing to go by where one has no way.
    if not all(found.values()):
        return None
    return [{number: found[told.placed.id, number] for number in counts(cores)} for told in layers]
