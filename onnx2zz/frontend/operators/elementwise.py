"""Element-wise operators: output shapes where onnx has none, and the numbers that tell something of each.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page.
"""

from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto

from onnx2zz.frontend.graph import Graph, Node, Tensor
from onnx2zz.frontend.operators.draws import MANY, VIEW, WIDEST, Draws, Place, normal, positive, uniform
from onnx2zz.frontend.operators.facts import (
    OperatorFacts,
    Outputs,
    Rule,
    Tensors,
    broadcast,
    microsoft,
    same,
    shape_of,
    shaped,
)
from onnx2zz.frontend.operators.integer_ranges import INTEGER_RANGES


def _dropout(node: Node, inputs: Tensors) -> Outputs:
    """The output and the mask, which onnx's inference leaves open."""
    x = inputs[0]
    return (x, x and Tensor(x.shape, TensorProto.BOOL if node.version >= 10 else x.type))


def _comparison(node: Node, inputs: Tensors) -> Outputs:
    first, second = inputs
    if first is None or second is None or first.shape is None or second.shape is None:
        return (None,)
    return (Tensor(np.broadcast_shapes(first.shape, second.shape), TensorProto.BOOL),)


def _halved(node: Node, inputs: Tensors) -> Outputs:
    """Half of the channels."""
    x = inputs[0]
    return (Tensor((*x.shape[:-1], x.shape[-1] // 2), x.type) if x is not None and x.shape is not None else None,)


def _typed_like(index: int, default: int) -> Rule:
    def rule(node: Node, tensors: Tensors) -> Outputs:
        model = tensors[index] if index < len(tensors) else None
        return (shaped(shape_of(tensors, 0), model.type if model else default),)

    return rule


def _clipped(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Numbers of which known bounds cut a sixth off at either end; else numbers around zero, and bounds that cut some
    of them off."""
    node = place.node
    low, high = (_bound(node, name, index, graph) for index, name in ((1, "min"), (2, "max")))
    if place.index:
        return (2 * place.index - 3) * rng.uniform(0.2, 1.0, shape)
    if low is None or high is None or not -WIDEST < low < high < WIDEST:
        return rng.normal(0.0, 1.0, shape)
    return rng.uniform(low - (high - low) / 4, high + (high - low) / 4, shape)


def _bound(node: Node, name: str, index: int, graph: Graph) -> float | None:
    """A bound of Clip, an attribute in old files."""
    value = graph.value(node.input(index))
    if value is None:
        return float(node.number(name)) if name in node.protos else None
    return float(np.max(value))


def _near_integers(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray | None:
    """For a Cast to integers: some with a fraction to be cut off or rounded away; half are 0, and the others anything,
    for a bool."""
    ends = _ends(place.node.integer("to"))
    if ends is None:
        return None
    whole = rng.integers(*ends, shape, endpoint=True)
    return whole * rng.normal(0.0, 1.0, shape) if ends == (0, 1) else whole + rng.uniform(-0.4, 0.4, shape)


def _ends(element: int) -> tuple[int, int] | None:
    """The least and the greatest value to draw for a Cast to integers; None for another type."""
    if element == TensorProto.BOOL:
        return 0, 1
    name = TensorProto.DataType.Name(element)
    low, high = INTEGER_RANGES.get(name, (0 if name.startswith("U") else -MANY, MANY))
    return (max(low, -MANY), min(high, MANY)) if "INT" in name else None


def _quantisable(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray | None:
    """Real numbers that fill the range of the integers that they are rounded to, where the step is known."""
    if place.index:
        return None
    step = graph.value(place.node.input(1))
    usual = float(np.max(step)) if step is not None and step.size else 1.0
    element = graph.tensors[place.node.outputs[0]].type
    _, most = INTEGER_RANGES.get(TensorProto.DataType.Name(element), (0, BYTE))
    most = min(most + 1, BYTE)
    return rng.uniform(-most, most, shape) * usual


BYTE = 256


def _some_equal(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 8, shape)


def _some_odd(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    values, odd = rng.normal(0.0, 1.0, shape), np.array([np.nan, np.inf, -np.inf])
    return np.where(rng.random(shape) < 0.5, rng.choice(odd, shape), values)


ODD = Draws(reals=_some_odd, few_operands=True)
WITHIN_ONE = Draws(reals=uniform(-1.0, 1.0))
WIDE = Draws(reals=normal(10.0))
FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("Identity", draws=VIEW),
    OperatorFacts("Cast", draws=replace(VIEW, reals=_near_integers)),
    OperatorFacts("Clip", draws=Draws(reals=_clipped, steered=True)),
    OperatorFacts("Equal", draws=Draws(reals=_some_equal, few_operands=True)),
    OperatorFacts("Sign", draws=Draws(few_results=2)),
    OperatorFacts("IsNaN", draws=ODD),
    OperatorFacts("IsInf", draws=ODD),
    OperatorFacts("Acosh", draws=Draws(reals=uniform(1.0, 3.0))),
    *(OperatorFacts(name, draws=WITHIN_ONE) for name in ("Acos", "Asin", "Atanh")),
    *(OperatorFacts(name, draws=WIDE) for name in ("Round", "Floor", "Ceil", "Shrink", "ThresholdedRelu")),
    *(OperatorFacts(name, draws=positive(0)) for name in ("Sqrt", "Log", "Pow", "Reciprocal")),
    *(OperatorFacts(name, draws=positive(1)) for name in ("Div", "Mod")),
    OperatorFacts("QuantizeLinear", draws=Draws(reals=_quantisable)),
    OperatorFacts("DequantizeLinear", draws=Draws(passes_on="first")),
    OperatorFacts("Dropout", _dropout),
    OperatorFacts("Affine", same),
    OperatorFacts("ImageScaler", same),
    OperatorFacts("ScaledTanh", same),
    OperatorFacts("GreaterOrEqual", _comparison),
    OperatorFacts("LessOrEqual", _comparison),
    microsoft("Gelu", same),
    microsoft("FastGelu", same),
    microsoft("BiasGelu", same),
    microsoft("QuickGelu", same),
    microsoft("BiasAdd", same),
    microsoft("BiasSplitGelu", _halved),
    microsoft("QuantizeLinear", _typed_like(2, onnx.TensorProto.UINT8)),
    microsoft("DequantizeLinear", _typed_like(1, onnx.TensorProto.FLOAT)),
    microsoft("QLinearAdd", broadcast(0, 3)),
    microsoft("QLinearMul", broadcast(0, 3)),
    microsoft("QLinearSigmoid", same),
    microsoft("QLinearLeakyRelu", same),
    microsoft("QLinearWhere", broadcast(0, 1, 4)),
)
