"""docs/messages.md: a heading for each exception of ZigZag's that a fault in the files ends in, for a search to find.

What stands below a heading is what `check` knows: the codes whose cause may be behind it, and what cures each.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from onnx2zz.checks.check import Check
from onnx2zz.checks.registry import in_reading_order


@dataclass(frozen=True)
class Message:
    """What ZigZag prints, `words` by which the checks know it (checks/check.py Predicts), what it says in short, and an
    `example` of what leads to it."""

    shown: str
    words: str
    means: str
    example: str


MESSAGES = (
    Message(
        "NoValidLoopOrderingFoundException: No valid loop ordering was found for layer ...",
        "NoValidLoopOrderingFoundException",
        "ZigZag found no order of the loops in which every operand has a memory that holds it. It is nearly "
        "always a memory that is too small, missing, or at the wrong place in the file.",
        example="a register of 8 bit that has to hold a partial sum of 16 bit: `size: 8`, `operands: [O]`",
    ),
    Message(
        "AssertionError: There are still layers with top mem levels not figured out.",
        "There are still layers",
        "With exploit_data_locality ZigZag looks for a memory in which the output of one layer can wait for "
        "the next, and there is none.",
        example="I1 and O have no memory in common: `operands: [I1]` here, `operands: [O]` there, and nothing above",
    ),
    Message(
        "ValueError: Failed to validate provided accelerator. See errors above.",
        "validate provided accelerator",
        "The accelerator file does not have the form that this version of ZigZag takes.",
        example="`memory_size: 8192`, where `size: 8192` is meant",
    ),
    Message(
        "ValueError: Failed to validate user provided mapping.",
        "validate user provided mapping",
        "The mapping file does not have the form that ZigZag takes.",
        example='`spatial_mapping: {D1: K 8}`, where `D1: ["K, 8"]` is meant',
    ),
    Message(
        "ValueError: Failed to validate user provided workload.",
        "validate user provided workload",
        "The workload file does not have the form that ZigZag takes.",
        example="an entry without `equation`, or with `loop_size` for `loop_sizes`",
    ),
    Message(
        "ValueError: Memory bandwidth not defined",
        "Memory bandwidth not defined",
        "A port that an operand needs has no width, or there is no port.",
        example="O is written by `fh`, and the only port of the memory is of `type: read`",
    ),
    Message(
        "TypeError: unsupported operand type(s) for /: 'NoneType' and 'int'",
        "'NoneType' and",
        "An operand of the innermost memory lacks a direction, so that ZigZag reckons with a port that is not there.",
        example='`allocation: ["I1, tl"]`: nothing fills the memory from above (`fh` is missing)',
    ),
    Message(
        "KeyError: 'I1' (or 'I2', 'O')",
        "KeyError: I",
        "ZigZag asks for an operand that no memory holds, or takes another operand for the activation.",
        example="`operands: [I2, O]` in all memories, and a layer that reads I1",
    ),
    Message(
        "KeyError: 'D1' (or another dimension)",
        "KeyError: D",
        "The mapping unrolls over a dimension that the array does not have.",
        example='`spatial_mapping: {D3: ["K, 4"]}` on an array with `dimensions: [D1, D2]`',
    ),
    Message(
        "KeyError: a field, a loop or an index",
        "KeyError",
        "Something is named in one place of the files and not there in another.",
        example="`loop_dims: [K, C]`, and an equation that names `b`",
    ),
    Message(
        "ValueError: Illegal OADimension",
        "Illegal OADimension",
        "A dimension of the array has a name that ZigZag does not take: they are D1, D2 and so on.",
        example="`dimensions: [rows, columns]`, where `[D1, D2]` is meant",
    ),
    Message(
        "AssertionError: Illegal reference to non-existent layer with id ...",
        "Illegal reference",
        "operand_source names a layer that does not stand before this one.",
        example="`operand_source: {I: 7}` in the layer with `id: 3`",
    ),
    Message(
        "ValueError: 'r_port_1' is not in list",
        "is not in list",
        "In a file of before 3.8.2 a port is used that the counts of ports do not give.",
        example="`r_port: 1`, and an allocation that names `r_port_2`",
    ),
    Message(
        "ValueError: max() arg is an empty sequence",
        "max() arg is an empty",
        "Nothing is left to choose the largest of: a list of sizes or of operands is empty.",
        example="`sizes: []`",
    ),
    Message(
        "ValueError: factorial() not defined for negative values",
        "factorial()",
        "temporal_ordering names more of a loop than there is.",
        example="`temporal_ordering: [[K, 64]]` for a loop of 32",
    ),
    Message(
        "ValueError: tuple.index(x): x not in tuple",
        "tuple.index(x)",
        "temporal_ordering names a loop that is not among those left in time.",
        example="`temporal_ordering: [[FX, 3]]` for a layer without FX",
    ),
    Message(
        "IndexError: list index out of range",
        "list index out of range",
        "temporal_ordering leaves ZigZag without a loop where it expects one.",
        example="`temporal_ordering: []`",
    ),
    Message(
        "RuntimeError: dictionary changed size during iteration",
        "dictionary changed size",
        "temporal_ordering names a loop that the spatial mapping has used up.",
        example="`temporal_ordering: [[K, 8]]`, and all of K is unrolled in space",
    ),
)
STAGES = {
    "heads": Message(
        "RuntimeError: generator raised StopIteration",
        "",
        "With exploit_data_locality ZigZag wants one layer without a source and one that nobody reads.",
        example="a network with two inputs",
    ),
}
"""Exceptions that checks know by where they are raised."""


def markdown() -> str:
    """The sections of the page: exceptions that `check` explains."""
    return "\n".join(line for message in (*MESSAGES, *STAGES.values()) for line in _section(message))


def codes_markdown() -> str:
    """The sections of our own messages: a heading for each code of `check`."""
    return "\n".join(line for check in in_reading_order() for line in _code_section(check))


def _code_section(check: Check) -> Iterator[str]:
    yield f"## {check.severity} [{check.code}]\n"
    yield f"What is wrong: {check.meaning}.\n"
    yield f"What ZigZag does: {check.zigzag}.\n"
    yield f"The cure: {check.way_out}.\n"


def _section(message: Message) -> Iterator[str]:
    yield f"## {message.shown}\n"
    yield f"{message.means} For example: {message.example}.\n"
    yield "| what may be wrong | code | what cures it |\n| --- | --- | --- |"
    for check in in_reading_order():
        if _explains(check, message):
            cure = check.way_out.replace("|", "\\|")
            yield f"| {check.meaning} | {check.code} | {cure} |"
    yield ""


def _explains(check: Check, message: Message) -> bool:
    known = {one.words for one in check.exceptions} | {one.stage for one in check.exceptions if STAGES.get(one.stage)}
    stage = next((stage for stage, one in STAGES.items() if one is message), None)
    return (stage or message.words) in known
