"""All that is wrong with a set of files, in the order in which a reader wants it."""

from onnx2zz.checks.context import Context
from onnx2zz.checks.finding import Finding
from onnx2zz.checks.prediction import with_verdict
from onnx2zz.checks.registry import checks, rules


def causes(context: Context) -> tuple[Finding, ...]:
    """What the rules say of the files, each cause once, without asking ZigZag."""
    found: list[Finding] = []
    for rule, codes in rules().items():
        # A rule asks of one file what another says: without that, silence is better than a guess.
        if all(context.has(kind) for kind in rule.needs):
            for one in rule.find(context):
                assert one.code in codes, f"a rule finds {one.code}, whose check does not list it"
                found.append(one)
    # One walk may come to the same fault twice (a port of two operands): the reader needs it once, at its first place.
    return tuple(dict.fromkeys(found))


def diagnose(context: Context) -> tuple[Finding, ...]:
    """Everything that is wrong with the files; on a full triple, an error if and only if ZigZag raises."""
    found = causes(context)
    for check in checks().values():
        if check.asks_zigzag:
            # After the rules, and told what they found: ZigZag's objections fill in what no rule has named.
            found = (*found, *check.asks_zigzag(context, found))
    return with_verdict(context, found)
