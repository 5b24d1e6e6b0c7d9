"""All that is wrong with a graph once it is compiled: values by `verify`, edges and volumes by numbered elements."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.errors import InputError
from onnx2zz.proof.verify import VerifyOptions, verify
from tests.composed.bodies import Wrap, draw_wraps, wrapped
from tests.composed.drawing import drawn
from tests.composed.edges import wrong_edges
from tests.composed.finding import Finding
from tests.composed.flat import Flat, flat_model, visible
from tests.composed.hosts import HOST_OPERATORS
from tests.composed.labels import moves
from tests.composed.moved import wrongly_moved
from tests.composed.producers import Producers
from tests.composed.provable import provable
from tests.composed.volumes import wrong_volumes
from tests.oracle import onnxruntime_run

POINTS = 100
BODIES = 1
READ_AS_STORED = frozenset({"DequantizeLinear"})
"""What may stand as a view although it changes values: readers take the tensor as it is stored."""
SEVERAL_LAYERS = frozenset({"Concat", "ConvTranspose", "Split"})
"""Operators of one layer a part, which may have one element each."""


def graph_of(seed: int) -> tuple[Flat, tuple[Wrap, ...]]:
    """The graph of a seed, and the parts of it that stand in bodies."""
    flat = drawn(seed)
    return flat, draw_wraps(np.random.default_rng([seed, BODIES]), flat)


def found(seed: int) -> list[Finding]:
    """All that is wrong with the graph of a seed."""
    return judged(*graph_of(seed))


def judged(flat: Flat, wraps: Sequence[Wrap] = ()) -> list[Finding]:
    """Everything found; an exception of any kind is a finding too."""
    try:
        compiled = compile_model(wrapped(flat, wraps))
    except InputError as error:
        return [Finding(f"refused: {_nameless(str(error))}", str(error))]
    except Exception as error:
        return [_crash("compile", error)]
    found: list[Finding] = []
    for part in (_values, _structure):
        try:
            found += part(flat, compiled)
        except Exception as error:
            found.append(_crash(part.__name__.strip("_"), error))
    return list(dict.fromkeys(found))


def _crash(during: str, error: Exception) -> Finding:
    return Finding(f"crash in {during}: {type(error).__name__} {_nameless(str(error))}", repr(error))


def _nameless(text: str) -> str:
    return re.sub(r"\d+", "N", " ".join(text.split()))[:120]


def _values(flat: Flat, compiled: Compiled) -> Iterator[Finding]:
    """What `verify` objects to, and what it does not prove."""
    result = verify(compiled, VerifyOptions(points=POINTS))
    by_name = {node.name: node for node in flat.nodes}
    op = {name: node.op_type for name, node in by_name.items()}
    for m in result.mismatches:
        where = _nameless(re.sub(r"t\d+(_\d+)?", "t", m.where.split("[")[0]))
        yield Finding(f"verify: {op.get(m.node)} {where} ({_nameless(m.cause)})", str(m))
    for skipped in result.not_checkable:
        node = by_name.get(skipped.node)  # None: of a body
        if "distinct" in skipped.why and node is not None and not provable(node, flat):
            continue
        yield Finding(f"not proven: {skipped.op} {_nameless(skipped.why)}", str(skipped))
    if not result.mismatches and result.nodes_matched != result.nodes_exact - len(result.not_checkable):
        yield Finding("not proven", f"{result.nodes_matched} of {result.nodes_exact} nodes")


def _structure(flat: Flat, compiled: Compiled) -> Iterator[Finding]:
    producers, values = Producers(flat, compiled), _run(flat)
    yield from _wrong_fates(flat, producers, values)
    yield from wrongly_moved(producers, compiled.entries, values)
    yield from wrong_edges(producers)
    yield from wrong_volumes(producers, compiled.entries)


def _wrong_fates(flat: Flat, producers: Producers, values: Mapping[str, np.ndarray]) -> Iterator[Finding]:
    """A view that changes values, a host that is work, something that hangs on the run and was folded."""
    for node in flat.nodes:
        fate = producers.fates[node.name]
        if fate.status == "view" and not moves(node, flat) and node.op_type not in READ_AS_STORED:
            before, after = values[node.input[0]], values[node.output[0]]
            if before.size != after.size or not np.array_equal(before.ravel(), after.ravel()):
                yield Finding(f"fate: {node.op_type} is no view", node.name)
        if fate.status == "folded" and any(map(producers.of, node.input)):
            yield Finding(f"fate: {node.op_type} hangs on the run", f"{node.name}: {fate.why}")
        if fate.status == "host" and node.op_type not in HOST_OPERATORS and not _left_out(node, flat, fate.why):
            yield Finding(f"fate: {node.op_type} is work", f"{node.name}: {fate.why}")


def _left_out(node: onnx.NodeProto, flat: Flat, why: str) -> bool:
    """Whether a node that is no host may be left to it: it makes one element, or what data sizes."""
    kinds = [flat.kinds[name] for name in (*node.output, *node.input) if name]
    if why == "one element" and node.op_type not in SEVERAL_LAYERS:
        return all(kind.known and np.prod(kind.fixed) == 1 for kind in kinds[: len(node.output)])
    if why == "one element":
        return True
    return not all(kind.known for kind in kinds)


def _run(flat: Flat) -> dict[str, np.ndarray]:
    whole = flat_model(replace(flat, outputs=visible(flat)))
    return {**flat.inputs, **flat.constants, **onnxruntime_run(whole, flat.inputs)}
