"""Operators of ai.onnx.ml that are arithmetic (scalers, norms, linear models, linear kernels), by standard operators.

Their figures are attributes; in the function that such a node stands for they are constants. What is no arithmetic
(which label has the highest score) is an operator of its own there, and so left to the host.
Source: ONNX's ai.onnx.ml operator pages; ONNX Runtime's kernels (providers/cpu/ml) where the pages leave it open.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from onnx2zz.frontend.function_body import FunctionBody

DOMAIN = "ai.onnx.ml"
OPSET = 18
"""Of the standard operators here, whatever the model's own is."""
TRANSFORMS: Mapping[str, str | None] = {"NONE": None, "SOFTMAX": "Softmax", "LOGISTIC": "Sigmoid"}
"""post_transform -> the operator that it is. SOFTMAX_ZERO and PROBIT are none."""


@dataclass
class _Body(FunctionBody):
    """`width` is the number of features."""

    attributes: Mapping[str, onnx.AttributeProto] = field(default_factory=dict[str, onnx.AttributeProto])
    width: int = 0

    def numbers(self, name: str) -> np.ndarray:
        return np.array(self.attributes[name].floats if name in self.attributes else (), np.float32)

    def integer(self, name: str, default: int) -> int:
        return self.attributes[name].i if name in self.attributes else default

    def text(self, name: str, default: str) -> str:
        return self.attributes[name].s.decode() if name in self.attributes else default

    def split(self, x: str, outputs: Sequence[str], sizes: Sequence[int]) -> None:
        """Parts of the columns of x."""
        lengths = self.constant("sizes", np.array(sizes, np.int64))
        self.parts("Split", [x, lengths], outputs, axis=1)


Define = Callable[[_Body, str], bool]
"""Writes the nodes that make Y (and Z) of an input; False where these operators cannot say it."""


def classical_function(proto: onnx.NodeProto, shape: Sequence[int] | None, element: int) -> onnx.FunctionProto | None:
    """The function that a node stands for, its input of that shape (N, features) and element type; None where it
    stands for none: other kernels, transforms without an operator, inputs of other ranks."""
    define = DEFINITIONS.get(proto.op_type)
    if define is None or shape is None or len(shape) != 2 or len(proto.input) != 1:
        return None
    body = _Body(attributes={attribute.name: attribute for attribute in proto.attribute}, width=shape[1])
    x = "X" if element == TensorProto.FLOAT else body.add("Cast", ["X"], "X_float", to=TensorProto.FLOAT)
    if not define(body, x):
        return None
    outputs = ["Y", "Z"][: len(proto.output)]
    imports = [helper.make_opsetid("", OPSET)]
    return helper.make_function(DOMAIN, proto.op_type, ["X"], outputs, body.nodes, imports)


def _scaler(body: _Body, x: str) -> bool:
    """(X - offset) * scale, each for all features or one for each."""
    offset, scale = body.numbers("offset"), body.numbers("scale")
    if not {offset.size, scale.size} <= {1, body.width}:
        return False
    centred = body.add("Sub", [x, body.constant("offset", offset)], "centred")
    body.add("Mul", [centred, body.constant("scale", scale)], "Y")
    return True


def _normalizer(body: _Body, x: str) -> bool:
    """Each row over its norm."""
    reduction = {"L1": "ReduceL1", "L2": "ReduceL2", "MAX": "ReduceMax"}.get(body.text("norm", "MAX"))
    if reduction is None:
        return False
    axes = body.constant("axes", np.array([1], np.int64))
    body.add("Div", [x, body.add(reduction, [x, axes], "norm", keepdims=1)], "Y")
    return True


def _linear_regressor(body: _Body, x: str) -> bool:
    scores = _scores(body, x, body.integer("targets", 1))
    return scores is not None and _untransformed(body, scores)


def _linear_classifier(body: _Body, x: str) -> bool:
    """Scores of every class, and the label of the highest."""
    labels = _labels(body)
    scores = None if labels is None else _scores(body, x, labels.size)
    if labels is None or scores is None or not _transformed(body, scores, "Z"):
        return False
    return _chosen(body, scores, labels)


def _scores(body: _Body, x: str, count: int) -> str | None:
    """X times the coefficients (count, features), plus intercepts."""
    coefficients, intercepts = body.numbers("coefficients"), body.numbers("intercepts")
    if coefficients.size != count * body.width or intercepts.size not in (0, count):
        return None
    weights = np.ascontiguousarray(coefficients.reshape(count, body.width).T)
    product = body.add("MatMul", [x, body.constant("coefficients", weights)], "product")
    if not intercepts.size:
        return product
    return body.add("Add", [product, body.constant("intercepts", intercepts)], "scores")


def _svm_regressor(body: _Body, x: str) -> bool:
    """A linear kernel: the products with all support vectors, weighted; without support vectors a linear model."""
    supports, coefficients, rho = body.integer("n_supports", 0), body.numbers("coefficients"), body.numbers("rho")
    vectors = body.numbers("support_vectors")
    if body.text("kernel_type", "LINEAR") != "LINEAR" or body.integer("one_class", 0) or rho.size != 1:
        return False
    if vectors.size != supports * body.width or coefficients.size != (supports or body.width):
        return False
    if supports:
        stored = np.ascontiguousarray(vectors.reshape(supports, body.width).T)
        x = body.add("MatMul", [x, body.constant("support_vectors", stored)], "kernel")
    weighted = body.add("MatMul", [x, body.constant("coefficients", coefficients.reshape(-1, 1))], "weighted")
    return _untransformed(body, body.add("Add", [weighted, body.constant("rho", rho)], "shifted"))


def _svm_classifier(body: _Body, x: str) -> bool:
    """A linear kernel: a score for each pair of classes, and a vote of each pair; without support vectors a linear
    model. Probabilities of more than two classes are found by iteration, and so by none of these operators."""
    labels, sizes = _labels(body), _integers(body, "vectors_per_class")
    if labels is None or body.text("kernel_type", "LINEAR") != "LINEAR":
        return False
    if not sizes:
        return _linear_svm(body, x, labels)
    scores = _pair_scores(body, x, labels.size, sizes)
    if scores is None or not _pair_results(body, scores, labels.size):
        return False
    first, second = (np.array(side, np.int64) for side in zip(*_pairs(labels.size), strict=True))
    wins = body.add("Greater", [scores, body.constant("zero", np.zeros(1, np.float32))], "wins")
    votes = body.add("Where", [wins, body.constant("first", first), body.constant("second", second)], "votes")
    depth = body.constant("depth", np.array([labels.size], np.int64))
    counted = body.add("OneHot", [votes, depth, body.constant("off_on", np.array([0, 1], np.int64))], "each", axis=-1)
    total = body.add("ReduceSum", [counted, body.constant("pairs", np.array([1], np.int64))], "total", keepdims=0)
    return _chosen(body, total, labels)


def _linear_svm(body: _Body, x: str, labels: np.ndarray) -> bool:
    coefficients, rho = body.numbers("coefficients"), body.numbers("rho")
    if coefficients.size != labels.size * body.width or not rho.size or labels.size == 2:
        return False  # of two labels onnxruntime takes the second wherever any score is above 0
    weights = np.ascontiguousarray(coefficients.reshape(labels.size, body.width).T)
    product = body.add("MatMul", [x, body.constant("coefficients", weights)], "product")
    scores = body.add("Add", [product, body.constant("rho", rho[:1])], "scores")
    return _transformed(body, scores, "Z") and _chosen(body, scores, labels)


def _pairs(classes: int) -> list[tuple[int, int]]:
    return [(first, second) for first in range(classes) for second in range(first + 1, classes)]


def _pair_scores(body: _Body, x: str, classes: int, sizes: Sequence[int]) -> str | None:
    """(N, pairs): what the support vectors of both classes of a pair say, each weighted for the other class."""
    count, pairs = sum(sizes), _pairs(classes)
    vectors, coefficients, rho = (body.numbers(name) for name in ("support_vectors", "coefficients", "rho"))
    fits = len(sizes) == classes > 1 and min(sizes) > 0 and rho.size == len(pairs)
    if not fits or vectors.size != count * body.width or coefficients.size != (classes - 1) * count:
        return None
    stored = np.ascontiguousarray(vectors.reshape(count, body.width).T)
    kernel = body.add("MatMul", [x, body.constant("support_vectors", stored)], "kernel")
    names = [f"kernel_{number}" for number in range(classes)]
    body.split(kernel, names, sizes)
    starts = np.cumsum([0, *sizes])
    weights = coefficients.reshape(classes - 1, count)
    for number, name in enumerate(names):  # of each class: its part in its pair with each other class
        own = np.ascontiguousarray(weights[:, starts[number] : starts[number + 1]].T)
        body.add("MatMul", [name, body.constant(f"weights_{number}", own)], f"part_{number}")
    parts = body.add("Concat", [f"part_{number}" for number in range(classes)], "parts", axis=1)
    sides = [
        body.add("Gather", [parts, body.constant(f"places_{side}", np.array(places, np.int64))], side, axis=1)
        for side, places in (
            ("one", [first * (classes - 1) + second - 1 for first, second in pairs]),
            ("other", [second * (classes - 1) + first for first, second in pairs]),
        )
    ]
    both = body.add("Add", sides, "both")
    return body.add("Add", [both, body.constant("rho", rho)], "scores")


def _pair_results(body: _Body, scores: str, classes: int) -> bool:
    """Z: the scores of all pairs; of two classes a column for each."""
    a, b = body.numbers("prob_a"), body.numbers("prob_b")
    transform = body.text("post_transform", "NONE")
    if classes > 2:
        return not a.size and _transformed(body, scores, "Z")
    if transform not in ("NONE", "LOGISTIC") or {a.size, b.size} not in ({0}, {1}):
        return False
    if not a.size:
        columns = body.add("Concat", [body.add("Neg", [scores], "negated"), scores], "columns", axis=1)
        return _transformed(body, columns, "Z")
    scaled = body.add("Mul", [scores, body.constant("prob_a", -a)], "scaled")
    first = body.add("Sigmoid", [body.add("Sub", [scaled, body.constant("prob_b", b)], "shifted")], "first_class")
    second = body.add("Sub", [body.constant("one_minus", np.ones(1, np.float32)), first], "second_class")
    body.add("Concat", [first, second], "Z", axis=1)
    return transform == "NONE"


def _labels(body: _Body) -> np.ndarray | None:
    integers = body.attributes.get("classlabels_ints")
    words = body.attributes.get("classlabels_strings")
    if integers is not None:
        return np.array(integers.ints, np.int64)
    return np.array([word.decode() for word in words.strings], dtype=object) if words is not None else None


def _integers(body: _Body, name: str) -> list[int]:
    return [*body.attributes[name].ints] if name in body.attributes else []


def _chosen(body: _Body, scores: str, labels: np.ndarray) -> bool:
    """Y: the label of the highest score, the first of equal ones."""
    highest = body.add("ArgMax", [scores], "highest", axis=1, keepdims=0)
    return bool(body.add("Gather", [body.constant("labels", labels), highest], "Y"))


def _untransformed(body: _Body, values: str) -> bool:
    """A regressor's transform is not settled: ONNX Runtime leaves LOGISTIC out where there is one target."""
    return body.text("post_transform", "NONE") == "NONE" and bool(body.add("Identity", [values], "Y"))


def _transformed(body: _Body, scores: str, out: str) -> bool:
    name = body.text("post_transform", "NONE")
    if name not in TRANSFORMS:
        return False
    attributes: dict[str, Any] = {"axis": 1} if name == "SOFTMAX" else {}
    body.add(TRANSFORMS[name] or "Identity", [scores], out, **attributes)
    return True


DEFINITIONS: Mapping[str, Define] = {
    "LinearClassifier": _linear_classifier,
    "LinearRegressor": _linear_regressor,
    "Normalizer": _normalizer,
    "SVMClassifier": _svm_classifier,
    "SVMRegressor": _svm_regressor,
    "Scaler": _scaler,
}


def defined_names() -> Iterator[str]:
    """The operators, domain included."""
    return (f"{DOMAIN}.{name}" for name in DEFINITIONS)
