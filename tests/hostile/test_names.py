"""Names are foreign input: on disk, on a terminal and in JSON and CSV they stay distinct and do nothing."""

import csv
import io
import json
from pathlib import Path

import onnx
import pytest
import yaml
from onnx import helper
from rich.console import Console

from onnx2zz.cli.main import run
from onnx2zz.pricing.accounted import HostNode
from onnx2zz.pricing.choice_record import ChoiceRecord
from onnx2zz.pricing.physical import TotalPhysical
from onnx2zz.pricing.result import Evaluation, LayerResult, Total
from onnx2zz.report.choices import print_choices
from onnx2zz.report.physical import print_physical
from onnx2zz.report.table import print_table
from onnx2zz.sidecar.figures import Correction, Sidecar
from tests.hostile.hostile_files import FINE, INPUT_AT_FAULT, model, one_node, save, verdict
from tests.json_values import Document

NAMES = [
    "a/b", "a_b", "a\\b", "../../etc/passwd", "/etc/passwd", "it's \"quoted\"", "two\nlines", "tab\there",
    "\x1b[31mred\x07", "[red]markup[/]", "[/nothing]", "<script>alert(1)</script>", "\u202egnp.exe", "x" * 10_000,
    "CON", "-o", ".", "", "=1+1", "Conv", "naïve 名", "same", "same",
]  # fmt: skip


def named() -> onnx.ModelProto:
    """A chain with a layer under each name; every tensor but the ends has a hostile name, too."""
    tensors = ["x", *(f"{name}#{place}" for place, name in enumerate(NAMES[:-1])), "y"]
    nodes = [
        helper.make_node("MaxPool", [tensors[n]], [tensors[n + 1]], name, kernel_shape=[1, 2])
        for n, name in enumerate(NAMES)
    ]
    return model(nodes, x=(2, 4, 9, 31 + len(NAMES)))


@pytest.fixture
def compiled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert verdict(["compile", save(named(), tmp_path), "-o", "out"], tmp_path) == FINE
    capsys.readouterr()
    return tmp_path


def test_layers_have_distinct_safe_names_and_raw_ones_are_kept(compiled: Path) -> None:
    layers = yaml.safe_load((compiled / "out" / "workload.yaml").read_text())
    names = [layer["name"] for layer in layers]
    assert len(set(names)) == len(NAMES)
    assert all(len(name) <= 64 and set(name) <= set(SAFE) and name[0] == "L" for name in names)
    nodes = json.loads((compiled / "out" / "coverage.json").read_text())["nodes"]
    assert [node["node"] for node in nodes] == NAMES


SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_what_is_said_of_a_node_is_printable(
    compiled: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(compiled)
    assert run(["explain", "net.onnx", "--", name]) == FINE
    said = capsys.readouterr().out
    assert all(line.isprintable() and len(line) <= 1000 for line in said.splitlines())


def test_an_error_about_a_node_is_one_printable_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in filter(None, NAMES):
        proto = one_node("MaxPool")
        proto.graph.node[0].name = name
        assert verdict(["compile", save(proto, tmp_path), "-o", "out"], tmp_path) == INPUT_AT_FAULT
        (line,) = capsys.readouterr().err.removesuffix("\n").split("\n")
        assert line.isprintable() and len(line) < 2000


def foreign_workload() -> list[Document]:
    """Layers that somebody else named; what is equal after mangling as well."""
    widths = {"W": 8, "I": 8, "O": 16, "O_final": 8}
    return [
        {
            "id": number, "name": name, "operator_type": "Gemm", "equation": "O[b][k]+=I[b][c]*W[c][k]",
            "dimension_relations": [], "loop_dims": ["B", "K", "C"], "loop_sizes": [1, 6, 5],
            "operand_precision": widths, "operand_source": {"I": max(0, number - 1), "W": number},
        }
        for number, name in enumerate(NAMES)
    ]  # fmt: skip


def test_a_workload_of_foreign_names_is_priced_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(foreign_workload(), allow_unicode=True), encoding="utf-8")
    command = ["evaluate", "net.yaml", "--arch", "tpu_like", "--no-cache", "--full", "-o", "out"]
    assert verdict([*command, "--csv", "out/layers.csv", "--html", "out/page.html"], tmp_path) == FINE
    said = capsys.readouterr()
    assert all(line.isprintable() for line in (said.out + said.err).splitlines())
    assert "[red]markup[/]" in said.out and "\\x1b[31mred" in said.out
    rows = list(csv.reader(io.StringIO((tmp_path / "out" / "layers.csv").read_text(encoding="utf-8"))))
    assert [row[1].removeprefix("'") for row in rows[1:]] == [name or f"Layer{n}" for n, name in enumerate(NAMES)]
    assert not any(cell.startswith(("=", "+", "@", "-")) for row in rows for cell in row)  # a spreadsheet's formula
    layers = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["layers"]
    assert [layer["name"] for layer in layers] == [row[1].removeprefix("'") for row in rows[1:]]
    page = (tmp_path / "out" / "page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and page.count("<script") == page.count("</script")
    data = page.split('id="data">')[1].split("</script")[0]
    assert [layer["name"] for layer in json.loads(data)["runs"][0]["layers"]] == [layer["name"] for layer in layers]


CHOICE: ChoiceRecord = {
    "origin": "mapping file",
    "honest_energy_pj": None,
    "honest_latency_cycles": 4.0,
    "priced": 1,
    "enumerated": 0,
    "reason": "",
    "runners_up": [],
}


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_no_part_of_a_report_steers_a_terminal(name: str) -> None:
    """Names of layers, models, operators, memories and corrections; a table's `repr` is shown in a terminal as well."""
    layers = tuple(
        LayerResult(
            number, name, name, 5.0, 7.0, 3, 0.5, {"D1": {name: 3.0}}, roofline_cycles=6.0, bound_by=name, choice=CHOICE
        )
        for number in range(2)
    )
    physical = TotalPhysical(2.0, None, None, 3.0, 4.0, (), (name,))
    evaluation = Evaluation(
        name, name, "3.9.1", "0", "energy", Total(10.0, 14.0, 6, False, physical), layers, 2, 2, 0,
        sidecar=Sidecar(f"{name}.yaml", corrections=(Correction(name, name, "I1", factor=0.5),)),
        host=(HostNode(name, name, name),), approximate=(1,), mapping=name,
    )  # fmt: skip
    text = io.StringIO()
    console = Console(file=text, width=300)
    print_table(evaluation, name, console)
    print_choices(evaluation, console)
    print_physical(evaluation, console)
    said = text.getvalue()
    assert said.count("\n") > 10
    assert [line for line in (said + repr(evaluation)).split("\n") if not line.isprintable()] == []
    assert "[red]" not in name or said.count(name) >= 6
