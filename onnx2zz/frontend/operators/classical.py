"""Classical machine learning (ai.onnx.ml): what carries multiply-accumulates where it does not stand for products.

Source: ONNX's ai.onnx.ml operator pages.
"""

from onnx2zz.frontend.operators.facts import OperatorFacts

FACTS = tuple(
    OperatorFacts(f"ai.onnx.ml.{name}", multiplies=True)
    for name in ("LinearClassifier", "LinearRegressor", "SVMClassifier", "SVMRegressor")
)
