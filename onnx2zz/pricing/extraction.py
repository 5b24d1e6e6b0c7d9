"""What CACTI says of the memories that ask for it, taken from earlier runs where all files that it comes from are the
same."""

from collections.abc import Sequence
from pathlib import Path

from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.files.document import Value, is_array, is_object
from onnx2zz.files.plain_data import read_as
from onnx2zz.formats.accelerator import Memory, read_hierarchy
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.zigzag.cacti_costs import CELLS, WAY_OUT, Asked, MemoryCosts, asking

Answer = tuple[float, float, float]
"""pJ of a read, pJ of a write, mm2."""


def extracted_costs(path: Path, document: Value, price_cache: PriceCache) -> tuple[MemoryCosts, ...]:
    """The costs of each memory of an accelerator's file that asks for them; () where none does.

    Raises InputError with every memory of which CACTI says nothing, or with what is wrong with the file otherwise.
    """
    names = asking(document)
    # Most files ask nothing; digesting CACTI's program would then be the dearest part of reading them.
    if not names:
        return ()
    raise_if_any(_without_answer(path, document, names))
    from onnx2zz.zigzag.cacti_files import cacti_digest

    digest = cacti_digest()
    memories = {memory.name: memory for memory in read_hierarchy(document).memories}
    questions = {name: question(memories[name]) for name in names}
    answers = {name: price_cache.value("cacti", (asked, digest)) for name, asked in questions.items()}
    known = {name: read_as(MemoryCosts, [name, *answer]) for name, answer in answers.items() if is_array(answer)}
    # Before a program is started: a file that ZigZag refuses should be told so at once. Where all is known, it was
    # accepted.
    if len(known) < len(names):
        _check(path, document)
    problems: list[Problem] = []
    for name, asked in questions.items():
        if name not in known:
            # One memory at a time, so that one that CACTI has no answer for does not hide the next.
            with noted_in(problems):
                answer = _answer(f"{path}: memory {name}", asked, digest)
                price_cache.keep("cacti", (asked, digest), answer)
                known[name] = MemoryCosts(name, *answer)
    raise_if_any(problems)
    return tuple(known[name] for name in names)


def memory_costs(asked: Asked) -> MemoryCosts:
    """What CACTI says of one memory. Raises InputError where it says nothing."""
    from onnx2zz.zigzag.cacti_files import cacti_digest

    return MemoryCosts(asked.kind, *_answer(f"a memory of {asked.bits:,} bit", asked, cacti_digest()))


def _without_answer(path: Path, document: Value, names: Sequence[str]) -> tuple[Problem, ...]:
    array = document.get("operational_array") if is_object(document) else None
    if CELLS not in names or not is_object(array) or array.get("is_imc") is not True:
        return ()
    what = "ZigZag cannot read what CACTI says of the cells of an array that computes in memory"
    return (Problem(f"{path}: memory {CELLS}", what, WAY_OUT),)


def question(memory: Memory) -> Asked | None:
    """What ZigZag asks CACTI about a memory (hardware/architecture/memory_instance.py:58-76); None for a memory that
    cannot be read."""
    # The first read port, else the first of both kinds, in ZigZag's order: it asks with that one's width.
    widths = [port.widest for kind in ("read", "read_write") for port in memory.ports if port.kind == kind]
    if memory.size is None or not widths or widths[0] is None:
        return None
    return Asked(str(memory.raw.get("mem_type", "sram")), memory.size, widths[0])


def _check(path: Path, document: Value) -> None:
    from onnx2zz.zigzag.accelerator import check_accelerator

    check_accelerator(path, document)


def _answer(where: str, asked: Asked | None, digest: str) -> Answer:
    from onnx2zz.zigzag.cacti import NoCostsError, costs

    if asked is None:
        raise InputError(Problem(where, "CACTI is asked for the costs of a memory that nothing reads", WAY_OUT))
    try:
        return costs(asked, digest)
    except NoCostsError as error:
        raise InputError(Problem(where, f"CACTI gives no costs ({error})", WAY_OUT)) from error
