"""New rows of a cache are written into its buffer, whose other rows stay: no fault, and proven with what is in them."""

import numpy as np
import onnx

from onnx2zz.compiler import compile_model
from onnx2zz.proof.in_place import buffers
from onnx2zz.proof.verify import verify
from tests.nodes import make_node
from tests.oracle import distinct, model_of

BATCH, HEADS, WIDTH, BUFFER, PAST = 2, 3, 4, 9, 5


def one_step(shares: int, caches: int = BUFFER) -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    inputs = {name: distinct(rng, BATCH, 1, HEADS * WIDTH) for name in "qkv"}
    inputs |= {f"past_{name}": distinct(rng, BATCH, HEADS, caches, WIDTH) for name in "kv"}
    names = ["q", "k", "v", "", "", "past_k", "past_v", *(["past"] if shares else [])]
    node = make_node(
        "DecoderMaskedMultiHeadAttention", names, ["y", "present_k", "present_v"], domain="com.microsoft",
        num_heads=HEADS, past_present_share_buffer=shares,
    )  # fmt: skip
    constants = {"past": np.asarray([PAST], np.int32)} if shares else {}
    return model_of([node], inputs, constants, ["y", "present_k", "present_v"])


def test_what_stays_in_a_buffer_is_read_from_it() -> None:
    found = verify(compile_model(one_step(shares=1)))
    assert found.ok and found.nodes_checked == 1 and not found.mismatches


def test_a_cache_that_grows_is_no_buffer() -> None:
    shared, grown = (compile_model(one_step(shares)).graph for shares in (1, 0))
    assert buffers(shared.nodes[-1], shared) == {"present_k": "past_k", "present_v": "past_v"}
    assert buffers(grown.nodes[-1], grown) == {}
