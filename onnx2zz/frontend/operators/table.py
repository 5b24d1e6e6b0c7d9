"""Every operator of which the frontend knows more than onnx says; an operator that is not here has no such facts."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

from onnx2zz.frontend import operators
from onnx2zz.frontend.operators.facts import OperatorFacts
from onnx2zz.frontend.operators.own import own_facts


def _listed() -> Iterator[OperatorFacts]:
    """What each file of this folder lists in FACTS, if it is one of a family."""
    for module in pkgutil.iter_modules(operators.__path__, f"{operators.__name__}."):
        if module.name != __name__:
            listed: tuple[OperatorFacts, ...] = getattr(importlib.import_module(module.name), "FACTS", ())
            yield from listed


def _by_name(listed: Iterable[OperatorFacts]) -> dict[str, OperatorFacts]:
    facts: dict[str, OperatorFacts] = {}
    for one in listed:
        assert one.name not in facts, f"{one.name} is listed twice"
        facts[one.name] = one
    return facts


FACTS = _by_name(_listed())
NO_FACTS = OperatorFacts("")


def facts_of(op: str) -> OperatorFacts:
    """What is known of an operator, domain included; of one of another package's, what that package says."""
    known = FACTS.get(op)
    if known is None and "." in op:  # ONNX's own operators have no domain, and no other package has any of them
        return own_facts().get(op, NO_FACTS)
    return known or NO_FACTS


def operator_carries_macs(op: str) -> bool:
    """Whether an operator carries multiply-accumulates."""
    return facts_of(op).carries_macs
