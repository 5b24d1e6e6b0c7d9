"""Mixtures of experts are proven at the sizes that were taken, whatever the drawn tokens would choose."""

import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.proof.verify import verify
from tests.frontend.mixtures import MIXTURES


@pytest.mark.parametrize("name", MIXTURES)
def test_every_layer_of_a_mixture_computes_what_its_node_does(name: str) -> None:
    found = verify(compile_model(MIXTURES[name][0]()))
    assert not found.mismatches and not found.not_checkable
    assert found.nodes_checked == found.nodes_matched == found.nodes_exact > 15
