"""Layers that do not fit the accelerator's memories: by how many bits, and the smallest memory that would do."""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from onnx2zz.checks.families.homes import bits_at_home, bits_of_one, element_sizes
from onnx2zz.files.document import Value, is_mapping
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.workload_entry import read_layer
from onnx2zz.pricing.inputs import AcceleratorFile
from onnx2zz.pricing.task import PricingTerms, Task, price_task
from onnx2zz.zigzag.layer_price import LayerPrice

NO_ORDERING = "NoValidLoopOrderingFoundException"
ALIKE = re.compile(rf"(?P<what>does not fit [^:;]+): [^;]+; [^;]+, (?P<enough>[\d,]+) for all \({NO_ORDERING}\)")
"""What `_said` says of a memory that is too small; the two have to agree."""
FAR_ENOUGH = 8
"""A memory this many times as large as its operands need must hold what else passes through it; else it is no help."""


@dataclass(frozen=True)
class Shortage:
    """A memory of `size` bit that does not hold the operands of a layer that have no level above it.

    `needed` is operand -> bits; `least` the smallest size, in bit, with which ZigZag prices the layer (every other
    memory that is too small made large enough), None where no size does. With `one_element`
    the memory does not even hold one element of each operand that passes it, so that no level above would help.
    """

    memory: str
    size: int
    needed: Mapping[str, int]
    least: int | None
    one_element: bool = False

    @property
    def bits(self) -> int:
        return sum(self.needed.values())


def without_room(outcomes: Sequence[tuple[Task, object]], terms: PricingTerms) -> dict[str, str]:
    """Key -> why it failed, for the tasks that no ordering fits and that are too large for a memory."""
    failed = [task for task, outcome in outcomes if isinstance(outcome, str) and NO_ORDERING in outcome]
    # Only for layers that failed: each size that is tried is a price.
    found = {task.key: shortages(task, terms) for task in failed}
    flat = [one for shortages_ in found.values() for one in shortages_]
    for_all = {name: _for_all([one.least for one in flat if one.memory == name]) for name in _names(flat)}
    return {key: "; ".join(_said(one, for_all[one.memory]) for one in short) for key, short in found.items() if short}


def in_common(sentences: Sequence[str]) -> str | None:
    """One sentence for layers that do not fit the same memory, by what `without_room` said of each: which memory, and
    the size that would do for all of them. None where that is not what they have in common."""
    found = [ALIKE.fullmatch(one) for one in sentences]
    told = {match.group("what", "enough") for match in found if match}
    # One sentence of another kind, or another memory, and the layers have something else in common, if anything.
    if None in found or len(told) != 1:
        return None
    ((what, enough),) = told
    return f"{what}; {enough} bit would do for all ({NO_ORDERING})"


def shortages(task: Task, terms: PricingTerms) -> tuple[Shortage, ...]:
    """The memories that are too small for a layer, in the order of the file, which is ZigZag's."""
    layer, memories = read_layer(0, task.entry), read_hierarchy(terms.accelerator.document).memories
    if layer is None:
        return ()
    links = task.mapping_entry.links
    # An operand's home is the highest memory that holds it, the last of the file: the whole operand must fit there,
    # since nothing above can bring it in parts. `narrow` are others that do not hold even one element of each operand
    # that passes, whatever lies above them. The least size of one is looked for with all the others ample.
    home = {operand: memory.name for memory in memories for operand in memory.operands}
    held = {memory: [operand for operand, at in home.items() if at == memory] for memory in home.values()}
    needs = {memory: bits_at_home(layer, links, operands) for memory, operands in held.items()}
    sizes = {memory.name: memory.size for memory in memories if memory.size}
    # A memory without a size is another check's fault; here it never runs short.
    short = {name: bits for name, bits in needs.items() if sum(bits.values()) > sizes.get(name, inf)}
    ones = {memory.name: bits_of_one(layer, links, memory.operands) for memory in memories if memory.name not in short}
    narrow = {name: bits for name, bits in ones.items() if sum(bits.values()) > sizes.get(name, inf)}
    found = {name: Shortage(name, sizes[name], bits, None, name in narrow) for name, bits in (short | narrow).items()}
    known = (replace(one, least=_least(task, terms, name, short | narrow)) for name, one in found.items())
    # That one element is too wide is only guessed from widths; where no size helps, it was not the cause.
    return tuple(one for one in known if one.least is not None or not one.one_element)


def _least(task: Task, terms: PricingTerms, memory: str, short: Mapping[str, Mapping[str, int]]) -> int | None:
    # All others ample, else a second memory that is too small would make every size of this one fail.
    ample = {name: FAR_ENOUGH * sum(bits.values()) for name, bits in short.items()}
    return smallest(
        sum(short[memory].values()), ample[memory], lambda size: _prices(task, terms, ample | {memory: size})
    )


def smallest(low: int, high: int, fits: Callable[[int], bool]) -> int | None:
    """The smallest size in [low, high] that fits, given that larger ones fit too; None if `high` does not."""
    # Most often the operands' own bits are enough, and one price settles it.
    if fits(low):
        return low
    return low + bisect_left(range(low, high + 1), True, key=fits) if fits(high) else None


def _prices(task: Task, terms: PricingTerms, sizes: Mapping[str, int]) -> bool:
    document = with_sizes(terms.accelerator.document, sizes)
    changed = PricingTerms(
        AcceleratorFile(terms.accelerator.path, document), terms.in_memory, terms.options, terms.search
    )
    return isinstance(price_task(task, changed), LayerPrice)


def with_sizes(document: Value, sizes: Mapping[str, int]) -> Value:
    """An accelerator's document with other sizes (bit) for the named memories."""
    memories = document.get("memories") if is_mapping(document) else None
    if not is_mapping(document) or not is_mapping(memories):
        return document
    changed = {
        name: {**memory, "size": sizes[str(name)]} if is_mapping(memory) and str(name) in sizes else memory
        for name, memory in memories.items()
    }
    return {**document, "memories": changed}


def _for_all(least: Sequence[int | None]) -> int | None:
    return None if None in least else max(size for size in least if size)


def _names(found: Sequence[Shortage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.memory for one in found))


def _said(short: Shortage, for_all: int | None) -> str:
    parts = " + ".join(f"{operand} {bits:,}" for operand, bits in short.needed.items() if bits)
    enough = "a larger one is not enough" if short.least is None else f"{short.least:,} bit would do for it"
    everything = "" if for_all is None else f", {for_all:,} for all"
    if short.one_element:
        return (
            f"one element of {element_sizes(short.needed)} does not fit {short.memory}, which has {short.size:,} bit; "
            f"{enough}{everything} ({NO_ORDERING})"
        )
    return (
        f"does not fit {short.memory}, the highest memory for {', '.join(short.needed)}: {parts} = {short.bits:,} bit, "
        f"{short.bits - short.size:,} more than its {short.size:,}; {enough}{everything} ({NO_ORDERING})"
    )
