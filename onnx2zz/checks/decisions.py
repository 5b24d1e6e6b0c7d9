"""What only the user can decide, the choices there are, and what each of them costs."""

from collections.abc import Mapping

Decisions = Mapping[str, str]

CHOICES: dict[str, dict[str, str]] = {
    "missing-field": {
        "default": "areas and MAC energy 0 (they are then not counted), latency 1, no further ports; a memory without "
        "ports gets those that it declares, its operands dealt to them in turn",
    },
    "capacity": {
        "extend": "the operand's home moves to a larger memory that is there already: every byte of it then passes "
        "that memory's ports, at its energy",
        "add-dram": "a DRAM above everything, with the figures of ZigZag's own accelerators: 10 Gbit, 64 bit/cycle, "
        "700 pJ a read and 750 pJ a write",
        "enlarge": "the memory grows to the next power of two that holds the layer; its energy per access, latency "
        "and area stay as they are written, which is too little for a larger memory",
    },
    "no-common-level": {
        "extend": "the largest memory holds I1 and O as well: no new part, but inputs and outputs share its ports",
        "add-dram": "a DRAM above everything (as for capacity): outputs leave the chip and come back as inputs",
    },
    "no-memory": {
        "extend": "the largest memory holds the operand as well",
        "add-dram": "a DRAM above everything holds it (as for capacity)",
    },
}


def decision_problem(code: str, choice: str) -> str | None:
    """Why `code=choice` is no decision, or None."""
    if code not in CHOICES:
        return f"nothing is to be decided about {code}; decisions: {', '.join(CHOICES)}"
    if choice not in CHOICES[code]:
        return f"{code} has no choice {choice}; choices: {', '.join(CHOICES[code])}"
    return None
