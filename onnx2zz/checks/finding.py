"""What check has to say: one finding a cause."""

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.formats.yaml_source import Path_, YamlSource

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


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


@dataclass(frozen=True)
class Repaired:
    """A file that was repaired: where it lies now, and the difference to its old data (empty if there is none)."""

    file: Path
    diff: str


@dataclass(frozen=True, repr=False)
class Diagnosis(Tabular):
    """Everything that is wrong with a set of files. Its table has a row for each finding.

    After a repair the findings are those that are left; `repaired`: what was written, and `cured`: the codes of what is
    no more.
    """

    findings: tuple[Finding, ...]
    repaired: tuple[Repaired, ...] = ()
    cured: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error among the findings."""
        return all(one.severity != "error" for one in self.findings)

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings of each severity there are."""
        found = Counter(one.severity for one in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    @property
    def summary(self) -> str:
        """`1 error, 0 warnings, 2 notes`."""
        return ", ".join(f"{count} {severity}{'s' * (count != 1)}" for severity, count in self.counts.items())

    def table(self) -> TextTable:
        columns = tuple(Column(name) for name in ("severity", "code", "file", "line", "layer", "message", "fix"))
        rows = (tuple(getattr(one, column.name) for column in columns) for one in self.findings)
        return TextTable(self.summary, columns, tuple(rows))

    def records(self) -> list[dict[str, object]]:
        return [asdict(one) for one in self.findings]


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
    mark = source.at(*place)
    return Finding(code, severity, source.path, mark.line, mark.column, message, zigzag, fix, layer)
