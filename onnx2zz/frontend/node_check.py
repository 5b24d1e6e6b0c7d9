"""Whether a node is one that its operator allows, before anybody relies on it: the numbers of its inputs and outputs,
the types of its attributes, and the range of each.

onnx's shape inference reads beyond its arrays where an attribute is absurd, which ends the process; and a lowering
divides by strides, groups and heads. Source: ONNX operator pages, ONNX Runtime's ContribOperators page.
"""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.operators.facts import COUNTS, OFFSETS, SIZES
from onnx2zz.frontend.operators.table import facts_of
from onnx2zz.frontend.output_types import schema_of
from onnx2zz.frontend.state import ONNX_DOMAINS, Scope, Trace, label_of, qualified
from onnx2zz.frontend.written_attributes import Written

Attribute = onnx.AttributeProto
RANGES: dict[str, range] = {
    **dict.fromkeys(("strides", "dilations", "kernel_shape", "group", "offset_group", "num_groups", "p"), SIZES),
    **dict.fromkeys(("num_heads", "kv_num_heads", "q_num_heads", "hidden_size", "qkv_hidden_sizes"), SIZES),
    **dict.fromkeys(
        ("blocksize", "size", "num_outputs", "num_scan_inputs", "K", "N", "bits", "k", "expert_weight_bits"), SIZES
    ),
    **dict.fromkeys(("pads", "output_padding", "output_shape", "block_size", "keepdims", "split"), COUNTS),
    **dict.fromkeys(("batch_dims", "batch_axis", "time_axis"), COUNTS),
    **dict.fromkeys(("axis", "axes", "perm", "start", "end", "scan_input_axes", "scan_output_axes"), OFFSETS),
}
"""What each number of an attribute may be, whatever operator has it; an operator's own facts go before."""
CHOICES = {
    "auto_pad": ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
    "direction": ("forward", "reverse", "bidirectional"),
}
PER_SPATIAL_AXIS = {"strides": 1, "dilations": 1, "kernel_shape": 1, "output_padding": 1, "pads": 2}
EQUATION = re.compile(r"[A-Za-z., ]*(->[A-Za-z. ]*)?")
"""What Einsum's equation is made of; on other characters onnx's inference never ends."""

PASSED: set[Hashable] = set()
"""Nodes that were found in order, by all that the answer depends on: networks repeat theirs. Of a Constant's megabytes
nothing is kept."""
MOST_PASSED = 20_000


@dataclass(frozen=True)
class Signature:
    """What an operator's schema allows, in Python's types."""

    inputs: range
    outputs: range
    kinds: Mapping[str, int]
    required: frozenset[str]


def check_node(state: Trace, proto: onnx.NodeProto, written: Written, scope: Scope) -> None:
    """Raises InputError naming everything that makes a node none of its operator's."""
    op = qualified(proto)
    try:
        "".join((proto.op_type, proto.domain, proto.name, *proto.input, *proto.output))
    except TypeError:  # protobuf gives bytes where a name is no text
        raise InputError(Problem(f"node {label_of(proto)} ({op})", "has a name that is not UTF-8")) from None
    shape = _first_shape(state, proto, scope) if proto.attribute else None
    version = scope.opsets.get("" if proto.domain in ONNX_DOMAINS else proto.domain)
    asked = op, version, len(proto.input), len(proto.output), shape, written
    if written is not None and asked in PASSED:
        return
    said = _said(op, proto, shape, scope)
    if said:
        raise InputError(Problem(f"node {label_of(proto)} ({op})", one) for one in said)
    if written is not None and len(PASSED) < MOST_PASSED:
        PASSED.add(asked)


def _said(op: str, proto: onnx.NodeProto, shape: tuple[int, ...] | None, scope: Scope) -> list[str]:
    signature = _signature(proto, scope)
    said = [*_misfits(proto, signature)] if signature else []
    for attribute in proto.attribute:
        said.extend(_objections(op, attribute, shape))
    return said


def _first_shape(state: Trace, proto: onnx.NodeProto, scope: Scope) -> tuple[int, ...] | None:
    tensor = state.tensors.get(scope.look_up(proto.input[0])) if proto.input else None
    return tensor.shape if tensor else None


def _signature(proto: onnx.NodeProto, scope: Scope) -> Signature | None:
    schema = schema_of(proto, scope.opsets)
    return _known_signature(schema.name, schema.since_version, schema.domain) if schema else None


@lru_cache(maxsize=512)
def _known_signature(op: str, version: int, domain: str) -> Signature:
    schema = onnx.defs.get_schema(op, version, domain)
    return Signature(
        range(schema.min_input, schema.max_input + 1),
        range(schema.min_output, schema.max_output + 1),
        {name: attribute.type.value for name, attribute in schema.attributes.items()},  # type: ignore[attr-defined]
        frozenset(name for name, attribute in schema.attributes.items() if attribute.required),
    )


def _misfits(proto: onnx.NodeProto, signature: Signature) -> Iterator[str]:
    """What the operator's schema objects to; attributes that it does not know are nobody's business."""
    counted = (("inputs", proto.input, signature.inputs), ("outputs", proto.output, signature.outputs))
    for what, given, allowed in counted:
        if len(given) not in allowed:
            yield f"has {len(given)} {what}; its operator takes {_span(allowed)}"
    # Split is checked by hand: its schema does not say that `num_outputs` and the outputs themselves must agree, and
    # shapes are counted from both.
    parts = next((a.i for a in proto.attribute if a.name == "num_outputs" and proto.op_type == "Split"), None)
    if parts not in (None, len(proto.output)):
        yield f"its attribute num_outputs is {parts}, but it has {len(proto.output)} outputs"
    missing = signature.required.difference(attribute.name for attribute in proto.attribute)
    if missing:
        yield f"lacks its attribute {', '.join(sorted(missing))}"
    for attribute in proto.attribute:
        wanted = signature.kinds.get(attribute.name, attribute.type)
        if attribute.type != wanted:
            has, takes = (Attribute.AttributeType.Name(kind) for kind in (attribute.type, wanted))  # type: ignore[arg-type]
            yield f"its attribute {attribute.name} is of type {has}; its operator takes {takes}"


def _span(allowed: range) -> str:
    if len(allowed) == 1:
        return str(allowed[0])
    return f"{allowed[0]} to {allowed[-1]}" if allowed[-1] < 2**31 - 1 else f"{allowed[0]} or more"


def _objections(op: str, attribute: Attribute, shape: tuple[int, ...] | None) -> Iterator[str]:
    """What is wrong with one attribute's value, whose type is right or unknown."""
    if attribute.ref_attr_name:
        yield f"its attribute {attribute.name} refers to {attribute.ref_attr_name}, an attribute of no function"
    name = attribute.name
    allowed = RANGES.get(name)
    if allowed is None or attribute.type not in (Attribute.INT, Attribute.INTS):
        yield from _no_choice(op, attribute)
        return
    allowed = facts_of(op).ranges.get(name, allowed)
    numbers = attribute.ints if attribute.type == Attribute.INTS else (attribute.i,)
    outside = [number for number in numbers if number not in allowed]
    if outside:
        yield f"its attribute {name} holds {outside[0]}; {_wanted(allowed)}"
    elif shape is not None:
        yield from _against_shape(op, name, attribute, shape)


def _no_choice(op: str, attribute: Attribute) -> Iterator[str]:
    choices = ("LEFT", "RIGHT") if op == "BitShift" else CHOICES.get(attribute.name)
    given = attribute.s.decode("utf-8", "replace")
    if choices and given not in choices:
        yield f"its attribute {attribute.name} is {given!r}; it takes {', '.join(choices)}"
    elif attribute.name == "equation":
        result = given.partition("->")[2].replace(" ", "").replace(".", "")
        if not EQUATION.fullmatch(given):
            yield f"its attribute equation is {given!r}; it takes letters, commas, ellipses and an arrow"
        elif len(set(result)) < len(result):
            yield f"its attribute equation is {given!r}; its result names an index twice"


def _wanted(allowed: range) -> str:
    return f"it takes numbers from {allowed[0]} on" if allowed[0] >= 0 else "no tensor is so large"


def _against_shape(op: str, name: str, attribute: Attribute, shape: tuple[int, ...]) -> Iterator[str]:
    # Each of these would pass the range of its attribute alone. onnx's inference uses them as an index, or divides by
    # them, before it compares them with the input's rank, which may end the process in place of an error.
    rank = len(shape)
    if facts_of(op).slides and name in PER_SPATIAL_AXIS and attribute.ints:
        wanted = PER_SPATIAL_AXIS[name] * (rank - 2)
        if len(attribute.ints) != wanted:
            yield f"its attribute {name} has {len(attribute.ints)} numbers; an input of rank {rank} needs {wanted}"
    elif facts_of(op).axis_inside and name == "axis" and not -rank <= attribute.i < max(rank, 1):
        yield f"its attribute axis is {attribute.i}; its input has {rank} axes"
    elif name in ("batch_dims", "batch_axis", "time_axis") and attribute.i >= rank:
        yield f"its attribute {name} is {attribute.i}; its input has {rank} axes"
    elif name == "blocksize" and _leaves_a_rest(op, attribute.i, shape):
        yield f"its attribute blocksize is {attribute.i}, which does not divide its input ({'x'.join(map(str, shape))})"


def _leaves_a_rest(op: str, block: int, shape: tuple[int, ...]) -> bool:
    if op == "DepthToSpace":
        return len(shape) != 4 or shape[1] % block**2 != 0
    return op == "SpaceToDepth" and (len(shape) != 4 or any(size % block for size in shape[2:]))
