"""ai.onnx.ml as scikit-learn's exporters write it: the functions that stand for its operators give what onnxruntime's
own kernels give, and their layers are what `verify` proves.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from onnx2zz.api.verify import verify
from onnx2zz.cli.main import run
from onnx2zz.frontend.classical_models import classical_function
from tests.model_files import save_model
from tests.nodes import Attribute, make_node
from tests.oracle import onnxruntime_run

DOMAIN = "ai.onnx.ml"


def model(
    op: str,
    shape: tuple[int, int],
    attributes: Mapping[str, Attribute],
    outputs: Mapping[str, int],
    element: int = int(TensorProto.FLOAT),
) -> onnx.ModelProto:
    """One node, its outputs of the given types."""
    node = make_node(op, ["x"], [*outputs], domain=DOMAIN, name=op, **attributes)
    x = helper.make_tensor_value_info("x", element, shape)
    results = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()]
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    return helper.make_model(helper.make_graph([node], "g", [x], results), opset_imports=imports, ir_version=9)


def figures(count: int, seed: int = 0) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).uniform(-2, 2, count).round(3)]


def machine(width: int, classes: int, **more: Attribute) -> tuple[str, dict[str, Attribute]]:
    """A classifier by a linear kernel, its classes with 2, 1, 3 and 1 support vectors."""
    sizes = [2, 1, 3, 1][:classes]
    pairs = classes * (classes - 1) // 2
    attributes: dict[str, Attribute] = {
        "kernel_type": "LINEAR",
        "kernel_params": [0.0, 0.0, 3.0],
        "vectors_per_class": sizes,
        "support_vectors": figures(sum(sizes) * width),
        "coefficients": figures(sum(sizes) * (classes - 1), 1),
        "rho": figures(pairs, 2),
        "classlabels_ints": [*range(5, 5 + classes)],
    }
    return "SVMClassifier", {**attributes, **more}


def cases(width: int, count: int) -> dict[str, tuple[str, dict[str, Attribute]]]:
    """One of each kind, for that many features and targets (classes, support vectors)."""
    linear: dict[str, Attribute] = {"coefficients": figures(count * width), "intercepts": figures(count, 1)}
    vectors: dict[str, Attribute] = {
        "kernel_type": "LINEAR",
        "kernel_params": [0.0, 0.0, 3.0],
        "n_supports": count,
        "support_vectors": figures(count * width),
        "coefficients": figures(count, 1),
        "rho": [0.75],
    }
    alone: dict[str, Attribute] = {"n_supports": 0, "support_vectors": None, "coefficients": figures(width)}
    return {
        "scaler": ("Scaler", {"offset": figures(width), "scale": figures(width, 1)}),
        "one scale for all": ("Scaler", {"offset": [0.5], "scale": [2.25]}),
        "L1": ("Normalizer", {"norm": "L1"}),
        "L2": ("Normalizer", {"norm": "L2"}),
        "MAX": ("Normalizer", {"norm": "MAX"}),
        "regressor": ("LinearRegressor", {**linear, "targets": count}),
        "without intercepts": ("LinearRegressor", {"coefficients": figures(width)}),
        "linear kernel": ("SVMRegressor", vectors),
        "no support vectors": ("SVMRegressor", {**vectors, **alone}),
        "classes": ("LinearClassifier", {**linear, "classlabels_ints": [*range(7, 7 + count)]}),
        "softmax": (
            "LinearClassifier",
            {**linear, "classlabels_ints": [*range(3, 3 + count)], "post_transform": "SOFTMAX"},
        ),
        "words": (
            "LinearClassifier",
            {**linear, "classlabels_strings": [f"w{n}" for n in range(count)], "post_transform": "LOGISTIC"},
        ),
        "pairs of classes": machine(width, count),
        "pairs, logistic": machine(width, count, post_transform="LOGISTIC"),
        "pairs, softmax": machine(width, max(3, count), post_transform="SOFTMAX"),
        "probabilities of two": machine(width, 2, prob_a=figures(1, 3), prob_b=figures(1, 4)),
        "words by pairs": machine(
            width, count, classlabels_ints=None, classlabels_strings=[f"w{n}" for n in range(count)]
        ),
        "a machine without vectors": machine(
            width,
            max(3, count),
            vectors_per_class=None,
            support_vectors=None,
            coefficients=figures(max(3, count) * width),
            rho=[0.5],
        ),
    }


def outputs_of(op: str, attributes: Mapping[str, Attribute]) -> dict[str, int]:
    if not op.endswith("Classifier"):
        return {"out": int(TensorProto.FLOAT)}
    words = attributes.get("classlabels_strings") is not None
    return {"out_label": int(TensorProto.STRING if words else TensorProto.INT64), "out_scores": int(TensorProto.FLOAT)}


@settings(max_examples=8, deadline=None)
@given(rows=st.integers(1, 5), width=st.integers(1, 6), count=st.integers(2, 4), integers=st.booleans())
@pytest.mark.parametrize("case", cases(1, 2))
def test_a_function_gives_what_the_kernel_gives(case: str, rows: int, width: int, count: int, integers: bool) -> None:
    op, attributes = cases(width, count)[case]
    integers = integers and not op.endswith("Regressor")  # onnxruntime has those for floats alone
    element = int(TensorProto.INT64 if integers else TensorProto.FLOAT)
    own = model(op, (rows, width), attributes, outputs_of(op, attributes), element)
    function = classical_function(own.graph.node[0], (rows, width), element)
    assert function is not None
    renamed = {"X": "x"} | dict(zip(function.output, own.graph.node[0].output, strict=True))
    written = onnx.ModelProto()
    written.CopyFrom(own)
    del written.graph.node[:]
    written.graph.node.extend(function.node)
    for node in written.graph.node:
        for names in (node.input, node.output):
            names[:] = [renamed.get(name, name) for name in names]
    written.opset_import[0].version = 18
    x = np.random.default_rng(rows).uniform(1, 9, (rows, width))
    given_x = {"x": x.astype(np.int64 if integers else np.float32)}
    expected, found = onnxruntime_run(own, given_x), onnxruntime_run(written, given_x)
    for name, value in expected.items():
        if value.dtype.kind == "f":
            close = (
                0.0025 if "prob_a" in attributes else 1e-5
            )  # onnxruntime finds these by iteration, to 0.005 / classes
            np.testing.assert_allclose(found[name].reshape(value.shape), value, rtol=1e-4, atol=close)
        else:
            assert found[name].tolist() == value.tolist()


MACS = {
    "regressor": 3 * 5 * 4,
    "without intercepts": 3 * 5,
    "linear kernel": 3 * 4 * (5 + 1),
    "no support vectors": 3 * 5,
    "classes": 3 * 5 * 4,
    "softmax": 3 * 5 * 4,
    "words": 3 * 5 * 4,
    "pairs of classes": 3 * 7 * (5 + 3),  # 7 support vectors of 5 features, each weighted for the 3 other classes
    "pairs, logistic": 3 * 7 * (5 + 3),
    "pairs, softmax": 3 * 7 * (5 + 3),
    "words by pairs": 3 * 7 * (5 + 3),
    "probabilities of two": 3 * 3 * (5 + 1),
    "a machine without vectors": 3 * 5 * 4,
}


@pytest.mark.parametrize("case", cases(1, 2))
def test_layers_are_proven_and_their_products_counted(case: str, tmp_path: Path) -> None:
    op, attributes = cases(5, 4)[case]
    path = tmp_path / "model.onnx"
    save_model(model(op, (3, 5), attributes, outputs_of(op, attributes)), path)
    found = verify(str(path))
    assert not found.mismatches
    assert found.nodes_matched
    assert run(["compile", str(path), "-o", str(tmp_path / "out")]) == 0
    coverage = json.loads((tmp_path / "out" / "coverage.json").read_text())
    assert coverage["totals"]["macs"] == MACS.get(case, 0)


RADIAL: dict[str, Attribute] = {
    "kernel_type": "RBF",
    "n_supports": 1,
    "support_vectors": figures(5),
    "coefficients": [2.0],
    "rho": [0.5],
}
LOGISTIC: dict[str, Attribute] = {"coefficients": figures(5), "post_transform": "LOGISTIC"}


PROBABLE = machine(5, 3, prob_a=figures(3, 3), prob_b=figures(3, 4))


@pytest.mark.parametrize(("op", "attributes"), [("SVMRegressor", RADIAL), ("LinearRegressor", LOGISTIC), PROBABLE])
def test_what_is_no_product_is_never_left_to_the_host_in_silence(
    op: str, attributes: dict[str, Attribute], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.onnx"
    save_model(model(op, (3, 5), attributes, outputs_of(op, attributes)), path)
    assert run(["compile", str(path), "-o", str(tmp_path / "out")]) == 1
    assert op in capsys.readouterr().err
