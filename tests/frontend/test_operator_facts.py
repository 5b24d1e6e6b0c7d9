"""What the frontend knows of operators, against the table of lowerings and onnx's schemas."""

import onnx
import pytest

from onnx2zz.frontend.operators.facts import OperatorFacts
from onnx2zz.frontend.operators.table import FACTS, MAC_OPERATORS, facts_of
from onnx2zz.ops.registry import operators


def test_every_operator_with_facts_has_a_lowering() -> None:
    assert not FACTS.keys() - operators().keys()


def test_every_operator_that_onnx_does_not_know_has_a_shape_rule() -> None:
    lowered = {name for name, operator in operators().items() if operator.kind and name.startswith("com.microsoft.")}
    assert lowered and not {name for name in lowered if facts_of(name).shapes is None}


def test_attributes_with_ranges_of_their_own_are_attributes_of_their_operator() -> None:
    known = {(schema.name, name) for schema in onnx.defs.get_all_schemas_with_history() for name in schema.attributes}
    own = {(name.rpartition(".")[2], attribute) for name, facts in FACTS.items() for attribute in facts.ranges}
    assert own and own <= known


def test_an_operator_has_a_count_or_is_said_to_multiply_and_not_both() -> None:
    assert facts_of("Conv").carries_macs and facts_of("Einsum").carries_macs and not facts_of("Relu").carries_macs
    assert "Relu" not in MAC_OPERATORS
    with pytest.raises(AssertionError, match="Mine"):
        OperatorFacts("Mine", macs=lambda node, graph: 1, multiplies=True)
