"""The table of checks in docs/check.md, and what `onnx2zz check --explain` prints of one."""

from onnx2zz.checks.check import Check
from onnx2zz.checks.registry import in_reading_order


def markdown() -> str:
    """A row for each code."""
    rows = (f"| {check.code} | {check.severity} | {check.meaning} |\n" for check in in_reading_order())
    return "| code | severity | means |\n|---|---|---|\n" + "".join(rows)


def explanation(check: Check) -> str:
    """Severity, what is wrong, the files that it takes to be found, what ZigZag does, what cures it."""
    files = " or ".join(" and ".join(needed) or "any file" for needed in check.needs)
    decisions = (f"    --decide {check.code}={choice}: {cost}" for choice, cost in check.choices.items())
    lines = (
        f"{check.code} ({check.severity}): {check.meaning}",
        f"    looks at: {files}",
        f"    ZigZag: {check.zigzag}",
        f"    cure:   {check.way_out}",
        *decisions,
    )
    return "\n".join(lines)
