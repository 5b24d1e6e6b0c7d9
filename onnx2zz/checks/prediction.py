"""The verdict on a full triple: an error if and only if ZigZag raises.

The rules name causes; ZigZag's own code, run on one ordering of each distinct layer, says whether it raises. Where it
does and no rule has an error, the cause that fits the exception becomes one, or a finding is made from the exception;
where it does not, what the rules took for errors becomes warnings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from onnx2zz.checks.check import Check, Predicts
from onnx2zz.checks.context import Context, TripleContext, is_triple
from onnx2zz.checks.finding import Finding, Severity, finding
from onnx2zz.checks.registry import checks
from onnx2zz.errors import InputError
from onnx2zz.formats.accelerator_schema import to_port_based
from onnx2zz.formats.foreign_keys import with_todays_keys

if TYPE_CHECKING:
    from onnx2zz.zigzag.predict import Raised


def with_verdict(context: Context, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings with severities that say what ZigZag will do; unchanged where a triple is not complete."""
    if not is_triple(context) or context.unreadable:
        return findings
    raised = predicted(context)
    if raised is None:  # the older format has no exact equivalent: 3.8.1 refuses the file as well
        return findings
    fatal = tuple(error for error in raised if error.stage != "heads")
    survived = tuple(_made_for(context, error, _suspects_at("heads")[0]) for error in raised if error.stage == "heads")
    # ZigZag runs, so no finding may be an error. What the rules took for one makes numbers doubtful at worst.
    if not fatal:
        return (*(_demoted(one) for one in findings), *survived)
    return (*_blamed(context, findings, fatal), *survived)


def predicted(context: TripleContext) -> "tuple[Raised, ...] | None":
    """What ZigZag raises on the accelerator in the port-based format; None where it cannot be converted."""
    try:
        # As every command takes it: the verdict is about ZigZag on what onnx2zz hands it, and `old-schema` tells the
        # rest.
        accelerator = to_port_based(with_todays_keys("accelerator", context.accelerator.data))
    except InputError:
        return None
    from onnx2zz.zigzag.predict import predict

    return predict(
        accelerator,
        with_todays_keys("mapping", context.mapping.data),
        context.workload.data,
        lpf_limit=context.lpf_limit,
        exploit_data_locality=context.exploit_data_locality,
    )


def _demoted(one: Finding) -> Finding:
    return one.with_severity("warning") if one.severity == "error" else one


def _blamed(context: TripleContext, findings: tuple[Finding, ...], raised: Iterable["Raised"]) -> tuple[Finding, ...]:
    """Each exception gets its cause: a rule's finding with the exact exception, or one made for it."""
    # An exception is put down to what the rules have found already, so that a cause is read once, with its line. If
    # they found nothing that fits, the likeliest check speaks for it; but not beside another error, which it may be no
    # more than a consequence of.
    found = list(findings)
    for error in raised:
        suspects = suspects_of(error)
        # Every suspect that knew these words looked at the files and declined, so the stage is all there is to go by.
        if all(one.from_exception and one.from_exception(context, error) is None for one in suspects):
            suspects = _suspects_at(error.stage)
        codes = {one.code for one in suspects}
        matching = [i for i, one in enumerate(found) if one.code in codes and _may_concern(context, one, error)]
        # An error of a rule is a better explanation than a warning of the same code.
        certain = [i for i in matching if found[i].severity == "error"]
        if certain or matching:
            for i in certain or matching:
                found[i] = replace(found[i], severity=_worse(found[i]), zigzag=str(error))
        elif not any(one.severity == "error" for one in found):
            found.append(_made_for(context, error, suspects[0]))
    return tuple(found)


def suspects_of(error: "Raised") -> tuple[Check, ...]:
    """The checks that can stand behind an exception, the likeliest first: those that know the most of its words, or
    else those that know its stage."""
    text = str(error)
    known = {one.words for _, one in _predictions() if one.words and one.words in text}
    if not known:
        return _suspects_at(error.stage)
    # The longest words know the most of the exception: "KeyError: I" says more than "KeyError".
    words = max(known, key=len)
    return _likeliest_first((check, one) for check, one in _predictions() if one.words == words)


def _suspects_at(stage: str) -> tuple[Check, ...]:
    return _likeliest_first((check, one) for check, one in _predictions() if one.stage == stage)


def _predictions() -> Iterator[tuple[Check, Predicts]]:
    return ((check, one) for check in checks().values() for one in check.exceptions)


def _likeliest_first(suspects: Iterable[tuple[Check, Predicts]]) -> tuple[Check, ...]:
    return tuple(check for check, _ in sorted(suspects, key=lambda pair: not pair[1].likeliest))


def _may_concern(context: Context, one: Finding, error: "Raised") -> bool:
    # A finding about a whole file may concern any layer, and an exception without layers any finding.
    if one.layer is None or not error.layers:
        return True
    return any(layer.name == one.layer for layer in context.layers if layer.id in error.layers)


def _worse(one: Finding) -> Severity:
    """What was only a warning is the cause of an exception now."""
    return "error" if one.severity == "warning" else one.severity


def _made_for(context: TripleContext, error: "Raised", check: Check) -> Finding:
    made = check.from_exception(context, error) if check.from_exception else None
    return made or _quoted(context, error, check.code)


def _quoted(context: TripleContext, error: "Raised", code: str) -> Finding:
    """A finding that says no more than the exception does."""
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
