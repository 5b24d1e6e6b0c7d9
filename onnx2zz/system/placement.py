"""Where the user says that a layer runs: on which cores, how it is shared out over them, and in which turns."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.tiling import Pieces

Fault = tuple[str, str, str]
"""What the fault is of (cores, split or turns), what is wrong, and the way out."""


@dataclass(frozen=True)
class Placed:
    """Cores in the order in which parts go to them, the first loop of `split` changing slowest. `turns`: None where as
    few are taken as the memories ask for."""

    cores: tuple[CoreId, ...]
    split: Pieces = ()
    turns: Pieces | None = None


def faults(placed: Placed, told: Told, operators: frozenset[str], system: System) -> Iterator[Fault]:
    """Everything for which a layer cannot run so on a system. `operators`: the names that the layer goes by."""
    yield from _core_faults(placed, operators, system)
    found = [*_loop_faults("split", placed.split, told), *_loop_faults("turns", placed.turns or (), told)]
    yield from found
    parts = math.prod(number for _, number in placed.split)
    if not found and parts != len(placed.cores):
        yield (
            "split",
            f"split makes {parts} part{'s' * (parts != 1)}, and there are {len(placed.cores)} cores",
            "give as many cores as the numbers of split multiply to",
        )
    if not found:
        yield from _too_many_parts(placed, told)


def _core_faults(placed: Placed, operators: frozenset[str], system: System) -> Iterator[Fault]:
    there = sorted(system.by_id)
    for core in dict.fromkeys(placed.cores):
        if core not in system.by_id:
            # Stream numbers what lies off the chip as a core, which can be named by mistake.
            what = "the off-chip memory" if system.offchip is not None and core == system.offchip.id else "no core"
            yield "cores", f"core {core} is {what} of {system.name}", f"its cores are {there[0]} to {there[-1]}"
        elif not system.by_id[core].runs(operators):
            may = sorted(system.by_id[core].operators or ())
            kinds = " or ".join(sorted(operators))
            able = [one.id for one in system.cores if one.runs(operators)]
            cure = f"cores {', '.join(map(str, able))} run it" if able else f"add {kinds} to its operator_types"
            yield "cores", f"core {core} runs {', '.join(may)}, and no {kinds}", cure
        if placed.cores.count(core) > 1:
            yield (
                "cores",
                f"core {core} is named twice",
                "name each core once; `turns` are parts that follow each other",
            )


def _loop_faults(key: str, pieces: Pieces, told: Told) -> Iterator[Fault]:
    layer = told.placed.layer
    loops = {loop: size for loop, size in told.sizes.items() if loop in layer.output.loops or layer.reduce == "sum"}
    sizes = ", ".join(f"{loop} {size}" for loop, size in loops.items() if size > 1 and loop != layer.recurrent)
    for loop, number in pieces:
        # First of all: the steps of a recurrence are a loop of the output, and would pass for one that can be cut.
        if loop == layer.recurrent:
            yield key, f"{loop} is the loop of the recurrence: its steps follow each other", f"cut {sizes or 'nothing'}"
        elif loop in layer.sizes and loop not in loops:
            what = f"{loop} is a loop that is reduced over ({layer.reduce}), and only sums are made in parts"
            yield key, what, f"cut {sizes or 'nothing'}"
        elif loop not in loops:
            yield key, f"{loop} is no loop of the layer{did_you_mean(loop, loops)}", f"cut {sizes or 'nothing'}"
        elif number > loops[loop]:
            yield (
                key,
                f"{loop} has {loops[loop]} iterations, which make no {number} parts",
                f"say {loops[loop]} or less",
            )


def _too_many_parts(placed: Placed, told: Told) -> Iterator[Fault]:
    turns = dict(placed.turns or ())
    for loop, at_once in placed.split:
        parts, size = at_once * turns.get(loop, 1), told.sizes[loop]
        if at_once <= size < parts:
            what = f"{loop} has {size} iterations, which make no {at_once} parts in {turns[loop]} turns"
            yield "turns", what, f"say {size // at_once} or less"
