"""The verdict on a full triple: an error if and only if ZigZag raises.

The rules name causes; ZigZag's own code, run on one ordering of each distinct layer, says whether it raises. Where it
does and no rule has an error, the cause that fits the exception becomes one, or a finding is made from the exception;
where it does not, what the rules took for errors becomes warnings.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from onnx2zz.checks.context import Context, MappingContext, TripleContext, WorkloadContext, is_triple
from onnx2zz.checks.edges import heads
from onnx2zz.checks.finding import Finding, Severity, finding
from onnx2zz.errors import InputError
from onnx2zz.formats.accelerator_schema import to_port_based
from onnx2zz.formats.mapping_entry import MappingEntry

if TYPE_CHECKING:
    from onnx2zz.zigzag.predict import Raised

ORDER = ("temporal-ordering",)
# Causes of an exception, the likeliest first; the first code is used when no rule has found any of them.
CAUSES = {
    "NoValidLoopOrderingFoundException": (
        "capacity", "memory-order", "no-memory", "operand-order", "temporal-ordering", "mapping-overfull",
    ),
    "factorial()": ORDER,
    "tuple.index(x)": ORDER,
    "list index out of range": ORDER,
    "dictionary changed size": ORDER,
    "There are still layers": ("no-common-level", "capacity", "memory-order", "no-memory", "operand-order"),
    "Memory bandwidth not defined": ("port-direction", "port-width"),
    "'NoneType' and": ("port-direction",),
    "Illegal reference": ("bad-source",),
    "max() arg is an empty": ("size-mismatch",),
    "validate user provided mapping": ("mapping-dim", "missing-field", "unknown-field", "yaml", "value"),
    "validate user provided workload": (
        "equation", "operator-type", "missing-field", "unknown-field", "yaml", "value",
    ),
    "validate provided accelerator": (
        "missing-field", "port-direction", "served-dimension", "unknown-field", "yaml", "value", "size-mismatch",
    ),
    "is not in list": ("port-undeclared",),
    "KeyError: I": ("input-based-relation", "operand-order", "no-memory"),
    "KeyError: D": ("mapping-dim",),
    "Illegal OADimension": ("mapping-dim",),
    "KeyError": ("equation", "missing-field", "mapping-dim", "size-mismatch", "temporal-ordering"),
}  # fmt: skip
CAUSES_BY_STAGE = {
    "workload": ("equation",),
    "accelerator": ("missing-field",),
    "locality": ("no-common-level", "input-based-relation"),
    "layer": ("capacity", "mapping-dim"),
}


def with_verdict(context: Context, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings with severities that say what ZigZag will do; unchanged where a triple is not complete."""
    if not is_triple(context) or context.unreadable:
        return findings
    raised = predicted(context)
    if raised is None:  # the older format has no exact equivalent: 3.8.1 refuses the file as well
        return findings
    fatal = tuple(error for error in raised if error.stage != "heads")
    survived = tuple(_many_heads(context) for error in raised if error.stage == "heads")
    if not fatal:
        return (*(_demoted(one) for one in findings), *survived)
    return (*_blamed(context, findings, fatal), *survived)


def predicted(context: TripleContext) -> "tuple[Raised, ...] | None":
    """What ZigZag raises on the accelerator in the port-based format; None where it cannot be converted."""
    try:
        accelerator = to_port_based(context.accelerator.data)
    except InputError:
        return None
    from onnx2zz.zigzag.predict import predict

    return predict(
        accelerator,
        context.mapping.data,
        context.workload.data,
        lpf_limit=context.lpf_limit,
        exploit_data_locality=context.exploit_data_locality,
    )


def _demoted(one: Finding) -> Finding:
    return one.with_severity("warning") if one.severity == "error" else one


def _blamed(context: TripleContext, findings: tuple[Finding, ...], raised: Iterable["Raised"]) -> tuple[Finding, ...]:
    """Each exception gets its cause: a rule's finding with the exact exception, or one made for it."""
    found = list(findings)
    for error in raised:
        codes = causes(error)
        if codes == ORDER and _ordered_entry(context, error) is None:
            codes = CAUSES_BY_STAGE[error.stage]
        matching = [i for i, one in enumerate(found) if one.code in codes and _may_concern(context, one, error)]
        certain = [i for i in matching if found[i].severity == "error"]
        if certain or matching:
            for i in certain or matching:
                found[i] = replace(found[i], severity=_worse(found[i]), zigzag=str(error))
        elif not any(one.severity == "error" for one in found):
            found.append(_made_for(context, error, codes[0]))
    return tuple(found)


def causes(error: "Raised") -> tuple[str, ...]:
    """Codes that can stand behind an exception, the likeliest first."""
    text = str(error)
    return next((codes for key, codes in CAUSES.items() if key in text), CAUSES_BY_STAGE[error.stage])


def _may_concern(context: Context, one: Finding, error: "Raised") -> bool:
    if one.layer is None or not error.layers:
        return True
    return any(layer.name == one.layer for layer in context.layers if layer.id in error.layers)


def _worse(one: Finding) -> Severity:
    """What was only a warning is the cause of an exception now."""
    return "error" if one.severity == "warning" else one.severity


def _ordered_entry(context: Context, error: "Raised") -> MappingEntry | None:
    """The mapping entry with a temporal_ordering that a layer takes which the exception hits."""
    entries = (context.mapping_of(layer) for layer in context.layers if layer.id in error.layers)
    return next((entry for entry in entries if entry and entry.temporal_ordering), None)


def _order_does_not_fit(context: MappingContext, error: "Raised", entry: MappingEntry) -> Finding:
    layer = next(layer for layer in context.layers if layer.id in error.layers)
    return finding(
        "temporal-ordering",
        "error",
        context.mapping,
        (entry.number, "temporal_ordering"),
        f"the temporal_ordering of {entry.name} cannot be placed among the loops of layer {layer.name} (id {layer.id}) "
        "that run in time: it names too many, or leaves out one that the array does not unroll whole",
        zigzag=str(error),
        fix='name every loop with what is left of it in time, or no sizes ("*"), or leave the order out',
        layer=layer.name,
    )


def _made_for(context: TripleContext, error: "Raised", code: str) -> Finding:
    if code == "temporal-ordering" and (entry := _ordered_entry(context, error)):
        return _order_does_not_fit(context, error, entry)
    source = context.workload if error.layers or error.stage == "workload" else context.accelerator
    layers = [layer for layer in context.layers if layer.id in error.layers]
    names = ", ".join(f"{layer.name} (id {layer.id})" for layer in layers[:5])
    number = layers[0].number if layers else None
    return finding(
        code,
        "error",
        source,
        () if number is None else (number,),
        f"ZigZag raises {error.kind}" + (f" on {names}" if names else "") + f": {error.message}",
        zigzag=str(error),
        fix="change what the message names; the layer, its mapping and the memories have to agree",
        layer=layers[0].name if layers else None,
    )


def _many_heads(context: WorkloadContext) -> Finding:
    first, last = heads(context.layers)
    return finding(
        "many-heads",
        "note",
        context.workload,
        (),
        f"the graph has {len(first)} layers without a source and {len(last)} that nobody reads; ZigZag's search for "
        "data that can stay low expects one of each",
        zigzag="RuntimeError: generator raised StopIteration (exploit_data_locality_stages.py:157, 178)",
        fix="nothing to do: onnx2zz evaluate --exploit-data-locality runs such graphs",
    )
