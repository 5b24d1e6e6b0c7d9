"""docs/messages.md: a heading for each exception of ZigZag's that a fault in the files ends in, for a search to find.

What stands below a heading is what `check` knows: the codes whose cause may be behind it, and what cures each.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from onnx2zz.checks.check import Check
from onnx2zz.checks.registry import in_reading_order


@dataclass(frozen=True)
class Message:
    """What ZigZag prints, `words` by which the checks know it (checks/check.py Predicts), and what it says in short."""

    shown: str
    words: str
    means: str


MESSAGES = (
    Message(
        "NoValidLoopOrderingFoundException: No valid loop ordering was found for layer ...",
        "NoValidLoopOrderingFoundException",
        "ZigZag found no order of the loops in which every operand has a memory that holds it. It is nearly "
        "always a memory that is too small, missing, or at the wrong place in the file.",
    ),
    Message(
        "AssertionError: There are still layers with top mem levels not figured out.",
        "There are still layers",
        "With exploit_data_locality ZigZag looks for a memory in which the output of one layer can wait for "
        "the next, and there is none.",
    ),
    Message(
        "ValueError: Failed to validate provided accelerator. See errors above.",
        "validate provided accelerator",
        "The accelerator file does not have the form that this version of ZigZag takes.",
    ),
    Message(
        "ValueError: Failed to validate user provided mapping.",
        "validate user provided mapping",
        "The mapping file does not have the form that ZigZag takes.",
    ),
    Message(
        "ValueError: Failed to validate user provided workload.",
        "validate user provided workload",
        "The workload file does not have the form that ZigZag takes.",
    ),
    Message(
        "ValueError: Memory bandwidth not defined",
        "Memory bandwidth not defined",
        "A port that an operand needs has no width, or there is no port.",
    ),
    Message(
        "TypeError: unsupported operand type(s) for /: 'NoneType' and 'int'",
        "'NoneType' and",
        "An operand of the innermost memory lacks a direction, so that ZigZag reckons with a port that is not there.",
    ),
    Message(
        "KeyError: 'I1' (or 'I2', 'O')",
        "KeyError: I",
        "ZigZag asks for an operand that no memory holds, or takes another operand for the activation.",
    ),
    Message(
        "KeyError: 'D1' (or another dimension)",
        "KeyError: D",
        "The mapping unrolls over a dimension that the array does not have.",
    ),
    Message(
        "KeyError: a field, a loop or an index",
        "KeyError",
        "Something is named in one place of the files and not there in another.",
    ),
    Message(
        "ValueError: Illegal OADimension",
        "Illegal OADimension",
        "A dimension of the array has a name that ZigZag does not take: they are D1, D2 and so on.",
    ),
    Message(
        "AssertionError: Illegal reference to non-existent layer with id ...",
        "Illegal reference",
        "operand_source names a layer that does not stand before this one.",
    ),
    Message(
        "ValueError: 'r_port_1' is not in list",
        "is not in list",
        "In a file of before 3.8.2 a port is used that the counts of ports do not give.",
    ),
    Message(
        "ValueError: max() arg is an empty sequence",
        "max() arg is an empty",
        "Nothing is left to choose the largest of: a list of sizes or of operands is empty.",
    ),
    Message(
        "ValueError: factorial() not defined for negative values",
        "factorial()",
        "temporal_ordering names more of a loop than there is.",
    ),
    Message(
        "ValueError: tuple.index(x): x not in tuple",
        "tuple.index(x)",
        "temporal_ordering names a loop that is not among those left in time.",
    ),
    Message(
        "IndexError: list index out of range",
        "list index out of range",
        "temporal_ordering leaves ZigZag without a loop where it expects one.",
    ),
    Message(
        "RuntimeError: dictionary changed size during iteration",
        "dictionary changed size",
        "temporal_ordering names a loop that the spatial mapping has used up.",
    ),
)
STAGES = {
    "heads": Message(
        "RuntimeError: generator raised StopIteration",
        "",
        "With exploit_data_locality ZigZag wants one layer without a source and one that nobody reads.",
    ),
}
"""Exceptions that checks know by where they are raised."""


def markdown() -> str:
    """The sections of the page."""
    return "\n".join(line for message in (*MESSAGES, *STAGES.values()) for line in _section(message))


def _section(message: Message) -> Iterator[str]:
    yield f"## {message.shown}\n"
    yield f"{message.means}\n"
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
