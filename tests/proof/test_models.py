"""Whole models are proven: at least 99 of 100 nodes that claim to compute what they compute, all of those right."""

import pytest

from scripts.correctness.verify_models import verified
from tests.models.real_models import BESIDE, OURS, SHIPPED, options_of

MODELS = SHIPPED | OURS | BESIDE
SECONDS = {
    "lenet5",
    "light_squeezenet",
    "pip_shipped/silero_vad_16k_sequence",
    "quantized/mobilenet_v2_qop",
    "torchvision/mobilenet_v3_small",
    "transformers/llama_2l_gqa_seq64",
}
"""What takes seconds; the others are for `make test-long`."""


def assert_proven(name: str) -> None:
    done = verified(MODELS[name], options_of(name))
    assert done.result["nodes_exact"] > 0
    assert not done.falls_short, done


@pytest.mark.parametrize("name", [name for name in MODELS if name in SECONDS])
def test_a_small_model(name: str) -> None:
    assert_proven(name)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in MODELS if name not in SECONDS])
def test_a_larger_model(name: str) -> None:
    assert_proven(name)
