"""The table of what exporters of today write: made of the measured lines, the newest of each network."""

from scripts.benchmarks.exported import ExportedLine, tables
from scripts.doc_table import DOCS
from scripts.measurements import MEASURED, Measurements
from scripts.networks.exported import NETWORKS


def line(model: str, macs: int, counted: int, *, incomplete: bool = False) -> ExportedLine:
    return {
        "model": model, "nodes": 1_234, "layers": 56, "distinct": 7, "macs": macs, "torch_macs": counted,
        "incomplete": incomplete, "ratio": 2.96,
    }  # fmt: skip


def test_what_differs_from_torchs_count_is_in_plain_view() -> None:
    text = tables([line("a", 5, 6), line("b", 7_000, 7_001, incomplete=True), line("a", 6, 6)])["exported"]
    assert text.splitlines()[2:] == [
        "| a | 1,234 | 56 | 7 | 6 | the same | 3.0x |",
        "| b | 1,234 | 56 | 7 | 7,000 | 7,001 (incomplete) | 3.0x |",
    ]


def test_the_page_has_the_measured_lines() -> None:
    kept: Measurements[ExportedLine] = Measurements(MEASURED / "exported.jsonl")
    assert {one["model"] for one in kept.lines()} <= NETWORKS.keys()
    assert tables(kept.lines())["exported"] in (DOCS / "howto" / "pytorch.md").read_text(encoding="utf-8")
