"""JSON is JSON whatever the numbers and names are: read by a parser that knows no NaN."""

import json
from dataclasses import replace
from math import inf, nan

import pytest

from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.files.strict_json import json_items, json_pieces, json_text
from onnx2zz.pricing.result import Evaluation, LayerResult, Total, as_json
from onnx2zz.proof.result import Verification
from onnx2zz.proof.result import as_json as verification_as_json
from onnx2zz.report.page import filled


def refuse(word: str) -> None:
    pytest.fail(f"{word} is no JSON (RFC 8259, section 6)")


def strictly_read(text: str):
    return json.loads(text.encode("utf-8"), parse_constant=refuse)


EVALUATION = Evaluation(
    model="net", accelerator="core", zigzag="3.9.1", onnx2zz="0", opt="energy",
    total=Total(nan, inf, 12, incomplete=False),
    layers=(
        LayerResult(0, "a", "Conv", 5.5, 7.0),
        LayerResult(1, "b", "Gemm", nan, -inf, spatial_mapping={"D1": {"K": inf}}),
    ),
    distinct_layers=2, evaluated=2, edges_added=0,
)  # fmt: skip


def test_a_number_that_is_none_is_null_and_named() -> None:
    found = strictly_read(as_json(EVALUATION))
    assert found["total"]["energy_pj"] is None and found["layers"][1]["latency_cycles"] is None
    assert found["layers"][0]["energy_pj"] == 5.5
    assert found["not_finite"] == {
        "total.energy_pj": "NaN",
        "total.latency_cycles": "Infinity",
        "layers.1.energy_pj": "NaN",
        "layers.1.latency_cycles": "-Infinity",
        "layers.1.spatial_mapping.D1.K": "Infinity",
    }


def test_a_document_of_numbers_is_as_it_was() -> None:
    finite = replace(EVALUATION, total=Total(2.5, 3.0, 12, incomplete=True), layers=EVALUATION.layers[:1])
    document = strictly_read(as_json(finite))
    assert "not_finite" not in document
    assert as_json(finite) == json.dumps(document, indent=2) + "\n"


def test_documents_together_are_what_each_is() -> None:
    finite = [{"name": "höher", "ts": 0.1 + 0.2, "args": {"bits": 3, "none": None}}, {"name": "b", "ts": 1e22}]
    assert strictly_read(f"[{json_items(finite)}]") == finite
    assert json_items(finite) == ", ".join(map(json_text, finite))
    unlike = [*finite, {"name": "c", "ts": nan}]
    assert strictly_read(f"[{json_items(unlike)}]")[2] == {"name": "c", "ts": None, "not_finite": {"ts": "NaN"}}


def test_a_document_in_pieces_is_what_it_is_whole() -> None:
    items = [{"näme": "a", "at": [0.1 + 0.2, 3]}, {"at": [nan, {"x": inf}]}, {}]
    for listed in (items, items[:1], []):
        whole = {"first": -inf, "items": listed, "none": None, "last": {"y": [1e22]}}
        in_pieces = {**whole, "items": iter(listed)}
        assert "".join(json_pieces(in_pieces)) == json_text(whole)
    assert "".join(json_pieces({"items": iter(items[:1])})) == json_text({"items": items[:1]})


def test_a_verification_and_a_page_hold_no_nan() -> None:
    found = Verification(
        model="net", nodes_exact=1, nodes_checked=1, nodes_matched=0, layers_checked=1, points=4, approximate_share=0.0,
        mismatches=(Mismatch("n", 0, "y[0]", 1.5, nan, "?"),),
    )  # fmt: skip
    document = strictly_read(verification_as_json(found))
    assert document["mismatches"][0]["got"] is None and document["not_finite"] == {"mismatches.0.got": "NaN"}
    page = filled("t", "evaluation", (), {"runs": [{"energy": inf}]})
    data = strictly_read(page.split('id="data">')[1].split("</script")[0])
    assert data == {"runs": [{"energy": None}], "not_finite": {"runs.0.energy": "Infinity"}}


def test_half_a_surrogate_pair_in_a_name_is_text_that_can_be_written() -> None:
    text = json_text({"naïve": "a\ud800b\x00\x1b"}, ensure_ascii=False)
    assert strictly_read(text) == {"naïve": "a\ud800b\x00\x1b"}
    assert "naïve" in text
