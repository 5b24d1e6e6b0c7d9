"""What check has to say: one finding a cause."""

from dataclasses import dataclass, replace
from typing import Literal

from onnx2zz.yaml_source import Path_, YamlSource

Severity = Literal["error", "warning", "note"]

CODES = (
    "old-schema", "memory-order", "missing-field", "unknown-field", "port-undeclared", "port-direction", "port-width",
    "no-common-level", "no-memory", "capacity", "served-dimension", "mapping-dim", "mapping-overfull",
    "low-utilization", "name-clash", "operand-order", "input-based-relation", "missing-padding", "size-mismatch",
    "bad-source", "unread-output", "not-in-model", "equation", "operator-type", "yaml", "many-heads",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One cause: where, what (`message`), what ZigZag does (`zigzag`, its exact exception) and the cure (`fix`).

    `error` where ZigZag raises, `warning` where its numbers are not what the files mean, `note` otherwise.
    """

    code: str
    severity: Severity
    file: str
    line: int
    column: int
    message: str
    zigzag: str
    fix: str
    layer: str | None = None

    def with_severity(self, severity: Severity) -> "Finding":
        return replace(self, severity=severity)


def finding(
    code: str,
    severity: Severity,
    source: YamlSource,
    place: Path_,
    message: str,
    *,
    zigzag: str,
    fix: str,
    layer: str | None = None,
) -> Finding:
    """A finding at the place that `place`, a path of keys and indices, has in `source`."""
    assert code in CODES, code
    mark = source.at(*place)
    return Finding(code, severity, source.path, mark.line, mark.column, message, zigzag, fix, layer)
