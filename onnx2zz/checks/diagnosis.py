"""All that is wrong with a set of files, in the order in which a reader wants it."""

from onnx2zz.checks.context import Context
from onnx2zz.checks.finding import Finding
from onnx2zz.checks.prediction import with_verdict
from onnx2zz.checks.registry import checks, rules


def causes(context: Context) -> tuple[Finding, ...]:
    """What the rules say of the files, each cause once, without asking ZigZag."""
    found: list[Finding] = []
    for rule, codes in rules().items():
        if all(context.has(kind) for kind in rule.needs):
            for one in rule.find(context):
                assert one.code in codes, f"a rule finds {one.code}, whose check does not list it"
                found.append(one)
    return tuple(dict.fromkeys(found))


def diagnose(context: Context) -> tuple[Finding, ...]:
    """Everything that is wrong with the files; on a full triple, an error if and only if ZigZag raises."""
    found = causes(context)
    for check in checks().values():
        if check.asks_zigzag:
            found = (*found, *check.asks_zigzag(context, found))
    return with_verdict(context, found)
