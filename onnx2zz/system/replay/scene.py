"""A written schedule beside the network that it is of: what each tile makes, and what each transfer carries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from onnx2zz.system.elements import Elements, Run, interval, of_positions
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.replay.fault import Fault
from onnx2zz.system.replay.needs import Box, Needs
from onnx2zz.system.replay.written import Id, WrittenSchedule, WrittenTile, WrittenTransfer


@dataclass(frozen=True)
class Scene:
    """`boxes`, `makes`: of each tile; `carries`: of each transfer, by the indices of the output or the operand."""

    schedule: WrittenSchedule
    needs: Needs
    boxes: Mapping[Id, Box]
    makes: Mapping[Id, Elements]
    carries: Mapping[Id, Elements]

    def layer_of(self, one: WrittenTransfer) -> int:
        """The layer whose output or operand a transfer carries."""
        return one.layer if one.of is None else self.schedule.tiles[one.of].layer

    def indices(self, one: WrittenTransfer) -> tuple[str, ...]:
        """By which the elements of a transfer go."""
        return self.needs.told(self.layer_of(one)).indices("O" if one.of is not None else one.operand)

    def width(self, one: WrittenTransfer) -> int:
        """Bits of an element of a transfer."""
        widths = self.needs.told(self.layer_of(one)).placed.widths
        if one.of is None:
            return widths.I if one.operand == "I" else widths.W
        return widths.O if one.partial else widths.O_final


def scene(schedule: WrittenSchedule, needs: Needs) -> tuple[Scene, list[Fault]]:
    """The two put together, and what does not fit: loops, ranges and elements that the network has not."""
    faults: list[Fault] = []
    boxes: dict[Id, Box] = {}
    for tile in schedule.tiles.values():
        found = list(_misfits(tile, needs))
        faults += found
        if not found:
            boxes[tile.id] = tuple(needs.told(tile.layer).ranges(tile.ranges).items())
    makes = {name: needs.makes(schedule.tiles[name].layer, box) for name, box in boxes.items()}
    carries: dict[Id, Elements] = {}
    for one in schedule.transfers.values():
        if one.of is not None and one.of not in makes:
            continue
        carried = _carried(one, schedule, needs, makes)
        if isinstance(carried, Fault):
            faults.append(carried)
        else:
            carries[one.id] = carried
    return Scene(schedule, needs, boxes, makes, carries), faults


def _misfits(tile: WrittenTile, needs: Needs) -> Iterator[Fault]:
    where = f"tile {tile.id}"
    if not 0 <= tile.layer < len(needs.graph.layers):
        yield Fault(where, f"it is of layer {tile.layer}, and the network has {len(needs.graph.layers)}")
        return
    sizes = needs.told(tile.layer).sizes
    for loop, (start, size) in tile.ranges.items():
        if loop not in sizes:
            yield Fault(where, f"layer {tile.layer} has no loop {loop}")
        elif size < 1 or start + size > sizes[loop]:
            yield Fault(where, f"{loop} from {start}, {size} of them: layer {tile.layer} has 0..{sizes[loop] - 1}")


def _carried(
    one: WrittenTransfer, schedule: WrittenSchedule, needs: Needs, makes: Mapping[Id, Elements]
) -> Elements | Fault:
    where = f"transfer {one.id}"
    if one.of is not None:
        told = needs.told(schedule.tiles[one.of].layer)
        indices, whole, owner = told.indices("O"), makes[one.of], f"tile {one.of}"
    else:
        if not 0 <= one.layer < len(needs.graph.layers) or one.operand not in OPERANDS:
            return Fault(where, f"it is of operand {one.operand!r} of layer {one.layer}, which the network has not")
        told = needs.told(one.layer)
        indices, owner = told.indices(one.operand), f"{one.operand} of layer {one.layer}"
        whole = told.told(one.operand, told.ranges({}))
        if not needs.outside(one.layer, one.operand):
            return Fault(where, f"{owner} comes from no place outside the network")
    # Indices are written in small letters, as ZigZag's equations have them.
    if strange := set(one.elements) - {index.lower() for index in indices}:
        return Fault(where, f"{owner} has no index {min(strange)}")
    found: list[int] = []
    for index, all_of in zip(indices, whole, strict=True):
        runs = one.elements.get(index.lower())
        # What is left out is all that the tile has of that index, which for a tile cut along it is not the whole
        # axis.
        named = all_of if runs is None else _positions(runs, all_of.bit_length())
        if named is None or named & ~all_of:
            return Fault(where, f"it names positions of {index.lower()} that {owner} has not", one.start)
        found.append(named)
    return tuple(found)


def _positions(runs: tuple[Run, ...], extent: int) -> int | None:
    """The positions of some runs; None where one leads beyond the extent."""
    found = 0
    for first, number, step in runs:
        if number > extent or (number and first + (number - 1) * step >= extent):
            return None
        found |= interval(first, number) if step == 1 else of_positions(first + n * step for n in range(number))
    return found
