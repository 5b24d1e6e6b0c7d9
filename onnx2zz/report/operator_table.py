"""The table of supported operators, for `onnx2zz ops` and docs/operators.md."""

from dataclasses import dataclass

import onnx

from onnx2zz.ops.registry import Operator, operators


@dataclass(frozen=True)
class Row:
    """One operator: the opset that brought it, what it becomes, and what stands behind that."""

    operator: str
    since: int
    how: str
    proof: str


def rows() -> tuple[Row, ...]:
    """Every operator, ONNX's own first. Those of the compiler itself are left out."""
    since = _first_versions()
    listed = [op for name, op in operators().items() if not name.startswith("onnx2zz.")]
    listed.sort(key=lambda op: ("." in op.name, op.name.lower()))
    return tuple(Row(op.name, since.get(op.name, 1), op.how, _proof(op)) for op in listed)


def _proof(operator: Operator) -> str:
    return "host" if operator.host else operator.kind or "view"


def _first_versions() -> dict[str, int]:
    first: dict[str, int] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        name = f"{schema.domain}.{schema.name}" if schema.domain else schema.name
        first[name] = min(first.get(name, schema.since_version), schema.since_version)
    return first


def markdown() -> str:
    """The table as docs/operators.md has it."""
    head = "| operator | since opset | becomes | proof |\n|---|---|---|---|\n"
    return head + "".join(f"| {r.operator} | {r.since} | {r.how.replace('|', '/')} | {r.proof} |\n" for r in rows())
