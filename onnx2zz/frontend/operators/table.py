"""Every operator of which the frontend knows more than onnx says; an operator that is not here has no such facts."""

from onnx2zz.frontend.operators import (
    attention,
    convolutions,
    elementwise,
    movement,
    normalisation,
    products,
    recurrent,
    windows,
)
from onnx2zz.frontend.operators.facts import OperatorFacts

FAMILIES = (attention, convolutions, elementwise, movement, normalisation, products, recurrent, windows)
FACTS: dict[str, OperatorFacts] = {facts.name: facts for family in FAMILIES for facts in family.FACTS}
assert len(FACTS) == sum(len(family.FACTS) for family in FAMILIES), "an operator is listed twice"
MAC_OPERATORS = frozenset(name for name, facts in FACTS.items() if facts.carries_macs)
"""The operators that carry multiply-accumulates."""
NO_FACTS = OperatorFacts("")


def facts_of(op: str) -> OperatorFacts:
    """What is known of an operator, domain included."""
    return FACTS.get(op, NO_FACTS)
