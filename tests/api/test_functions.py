"""The commands as functions: they say what the commands say, and their results show themselves."""

import ast
import json
import sys
from collections.abc import Iterator
from html import unescape
from operator import methodcaller
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from onnx import TensorProto, helper

import onnx2zz
from onnx2zz.api.evaluation import EvaluationWithReport
from onnx2zz.api.sweep import Sweep
from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.files.tabular import Tabular
from onnx2zz.formats.shipped_files import find_accelerator, find_mapping, find_model
from onnx2zz.pricing.result import as_json
from onnx2zz.report.figures import NAMES, FigureName
from onnx2zz.zigzag import cacti_files
from onnx2zz.zigzag.cacti import costs
from tests.cacti_stand_in import stand_in
from tests.json_values import Document

SPEC: Document = {
    "models": ["lenet5"],
    "accelerators": ["seneca", "tpu_like"],
    "options": {"lpf_limit": [2], "opt": ["latency", "energy"]},
    "pareto": ["latency_cycles", "energy_pj"],
}


@pytest.fixture(scope="module")
def found() -> EvaluationWithReport:
    return onnx2zz.evaluate("lenet5", "seneca", lpf_limit=2, cache=False)


@pytest.fixture(scope="module")
def swept() -> Sweep:
    return onnx2zz.sweep(SPEC)


def test_dir_shows_what_is_public_and_nothing_else() -> None:
    assert sorted(dir(onnx2zz)) == sorted([*onnx2zz.__all__, "__version__"])


def test_names_of_what_ships_are_what_functions_take() -> None:
    finders = {onnx2zz.models: find_model, onnx2zz.accelerators: find_accelerator, onnx2zz.systems: find_accelerator}
    for listed, find in {**finders, onnx2zz.mappings: find_mapping}.items():
        names = listed()
        assert names and len(set(names)) == len(names)
        assert {find(name).note for name in names} == {""}


def test_names_are_those_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "accelerators"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert [name.removeprefix("zigzag:") for name in onnx2zz.accelerators()] == listed


class TestEvaluation:
    def test_the_report_is_the_one_that_the_command_writes(self, found: EvaluationWithReport, tmp_path: Path) -> None:
        onnx2zz.evaluate("lenet5", "seneca", lpf_limit=2, cache=False, html=tmp_path / "option.html")
        assert found.to_html(tmp_path / "method.html") == (tmp_path / "method.html").read_text(encoding="utf-8")
        assert (tmp_path / "option.html").read_bytes() == (tmp_path / "method.html").read_bytes()

    def test_of_a_system_the_report_has_the_schedule(self, tmp_path: Path) -> None:
        html = tmp_path / "option.html"
        on_system = onnx2zz.evaluate("lenet5", "seneca_4x4", lpf_limit=2, html=html)
        assert on_system.to_html() == html.read_text(encoding="utf-8")

    def test_its_json_has_nothing_of_the_report(self, found: EvaluationWithReport) -> None:
        assert not {"workload", "schedule"} & json.loads(as_json(found)).keys()

    def test_the_row_of_totals_has_zigzags_totals(self, found: EvaluationWithReport) -> None:
        plain, whole = found.to_dataframe(), found.to_dataframe(total=True)
        assert list(plain) == list(whole) and len(whole) == len(plain) + 1 == len(found.layers) + 1
        last = found.records(total=True)[-1]
        assert last["name"] == "Total"
        assert (last["energy_pj"], last["latency_cycles"], last["macs"]) == (
            *(found.total.energy_pj, found.total.latency_cycles),
            found.total.macs,
        )
        assert (last["error"], last["spatial_mapping"]) == (None, None)

    def test_static_energy_and_nanoseconds_have_totals_too(self, found: EvaluationWithReport) -> None:
        last, of = found.records(total=True)[-1], found.total.physical
        assert of is not None and of.static_energy_pj
        assert (last["static_energy_pj"], last["latency_ns"]) == (of.static_energy_pj, of.latency_ns)

    def test_totals_stand_below_the_tables(self, found: EvaluationWithReport) -> None:
        assert repr(found).splitlines()[-1].split()[:3] == ["Total", "416,520", f"{found.total.latency_cycles:,.0f}"]
        assert '<td style="text-align:left">Total</td>' in str(methodcaller("_repr_html_")(found))

    @pytest.mark.parametrize("name", NAMES)
    def test_a_figure_is_matplotlibs_and_a_notebook_shows_it(
        self, found: EvaluationWithReport, name: FigureName
    ) -> None:
        from matplotlib.figure import Figure

        drawn = found.plot(name)
        assert isinstance(drawn, Figure) and drawn.axes[0].get_title() == "lenet5 on seneca"
        assert drawn.image("png")[:4] == b"\x89PNG"

    def test_a_figure_is_written_by_its_suffix(self, found: EvaluationWithReport, tmp_path: Path) -> None:
        found.plot("roofline", tmp_path / "roof.pdf")
        assert (tmp_path / "roof.pdf").read_bytes()[:5] == b"%PDF-"
        with pytest.raises(InputError, match=r"roof.gif: no kind of figure; one of .svg, .png, .pdf"):
            found.plot("roofline", tmp_path / "roof.gif")

    def test_a_figure_that_there_is_not(self, found: EvaluationWithReport) -> None:
        unknown: Document = {"name": "rooflin"}
        with pytest.raises(InputError, match="did you mean roofline"):
            found.plot(**unknown)


class Notebook(ModuleType):
    """What IPython is to a kernel, as far as we ask it."""

    def __init__(self, running: bool) -> None:
        super().__init__("IPython")
        self.shown: list[dict[str, str]] = []
        self.running = running

    def get_ipython(self) -> object:
        return object() if self.running else None

    def publish_display_data(self, data: dict[str, str]) -> None:
        self.shown.append(data)


class TestShowing:
    def test_in_a_notebook_the_whole_report_is_inside_a_frame(
        self, found: EvaluationWithReport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notebook = Notebook(running=True)
        monkeypatch.setitem(sys.modules, "IPython", notebook)
        monkeypatch.setitem(sys.modules, "IPython.display", notebook)
        found.show(height=432)
        (shown,) = notebook.shown
        assert "height:432px" in shown["text/html"]
        assert unescape(shown["text/html"].split('srcdoc="')[1].split('"')[0]) == found.to_html()
        assert shown["text/plain"] == repr(found)

    @pytest.mark.parametrize("imported", [True, False])
    def test_elsewhere_it_says_what_to_do(
        self, found: EvaluationWithReport, imported: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(sys.modules, "IPython", raising=False)
        if imported:
            monkeypatch.setitem(sys.modules, "IPython", Notebook(running=False))
        with pytest.raises(InputError, match=r'no notebook to show it in; write it: .to_html\("report.html"\)'):
            found.show()


class TestSweep:
    def test_its_rows_are_those_that_the_command_writes(
        self, swept: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("spec.yaml").write_text(yaml.safe_dump(SPEC))
        assert run(["sweep", "spec.yaml", "-o", "command", "--jobs", "1"]) == 0
        swept.write("python")
        for table in ("runs", "layers", "pareto"):
            assert Path(f"python/{table}.csv").read_text() == Path(f"command/{table}.csv").read_text()

    def test_its_table_has_a_row_for_each_run(self, swept: Sweep) -> None:
        assert swept.complete and len(swept.to_dataframe()) == len(swept.planned) == 4
        assert repr(swept).splitlines()[1].split() == ["model", "accelerator", "opt", *swept.spec.pareto]

    def test_its_report_and_its_figure(self, swept: Sweep, tmp_path: Path) -> None:
        assert "<html" in swept.to_html(tmp_path / "sweep.html")
        assert swept.plot(tmp_path / "front.svg").axes[0].get_title() == "lenet5"
        assert (tmp_path / "front.svg").read_text().count("<svg") == 1

    def test_started_again_in_its_folder_it_goes_on(self, tmp_path: Path) -> None:
        first = onnx2zz.sweep(SPEC, output=tmp_path, cache=False)
        again = onnx2zz.sweep(SPEC, output=tmp_path, cache=False)
        assert first.priced > 0 == again.priced and again.runs == first.runs
        assert (tmp_path / "runs.csv").is_file()

    def test_what_is_wrong_with_a_dictionary_is_said_as_of_a_file(self) -> None:
        with pytest.raises(InputError, match=r"the sweep:\d+: .*no accelerator of that name") as raised:
            onnx2zz.sweep({"models": ["lenet5"], "accelerators": ["senecca"], "pareto": ["speed"]})
        assert len(raised.value.problems) == 2
        with pytest.raises(InputError, match="the sweep: holds what no sweep file can"):
            onnx2zz.sweep({"models": [object()]})


class TestExplaining:
    def test_a_node_is_explained_as_by_the_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["explain", "lenet5", "conv2"]) == 0
        found = onnx2zz.explain("lenet5", "conv2")
        assert repr(found) == capsys.readouterr().out.rstrip("\n")
        assert (found.op, found.status, [layer["operator_type"] for layer in found.layers]) == (
            *("Conv", "lowered"),
            ["Conv"],
        )

    def test_a_node_that_there_is_not(self) -> None:
        with pytest.raises(InputError, match="did you mean conv2"):
            onnx2zz.explain("lenet5", "conv_2")


class TestRepairing:
    def broken(self, folder: Path) -> Path:
        """SENECA with the highest memory first, where ZigZag wants the lowest."""
        document = yaml.safe_load(find_accelerator("seneca").path.read_text(encoding="utf-8"))
        document["memories"] = dict(reversed(document["memories"].items()))
        file = folder / "seneca.yaml"
        file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return file

    def test_what_is_repaired_is_written_and_what_is_left_is_said(self, tmp_path: Path) -> None:
        file = self.broken(tmp_path)
        before = onnx2zz.check(file)
        after = onnx2zz.check(file, fix=tmp_path / "fixed")
        assert "memory-order" in {one.code for one in before.findings} and not before.repaired
        assert after.cured == ("memory-order",) and after.ok
        (repaired,) = after.repaired
        assert repaired.file == tmp_path / "fixed/seneca.yaml" and repaired.diff.startswith("--- seneca.yaml")
        assert onnx2zz.check(repaired.file).ok

    def test_a_decision_needs_a_repair_and_must_be_one(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="name a folder for the repaired files: fix=DIR"):
            onnx2zz.check("seneca", decide={"port-width": "x"})
        with pytest.raises(InputError, match="nothing is to be decided about no-such-code"):
            onnx2zz.check("seneca", fix=tmp_path, decide={"no-such-code": "x"})


class TestConverting:
    HEADS = "Layer name,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides,"
    TOPOLOGY = f"{HEADS}\nc1,9,12,3,2,4,5,1,\n"

    def test_a_topology_becomes_a_workload(self, tmp_path: Path) -> None:
        source = tmp_path / "net.csv"
        source.write_text(self.TOPOLOGY)
        (found,) = onnx2zz.convert(source, output=tmp_path / "net.yaml")
        (layer,) = yaml.safe_load((tmp_path / "net.yaml").read_text())
        sizes = dict(zip(layer["loop_dims"], layer["loop_sizes"], strict=True))
        assert found.kind == "workload" and (sizes["K"], sizes["C"], sizes["FY"], sizes["FX"]) == (5, 4, 3, 2)

    def test_a_form_that_there_is_not(self) -> None:
        unknown: Document = {"to": "scalesim"}
        with pytest.raises(InputError, match="did you mean scale-sim"):
            onnx2zz.convert("workload.yaml", **unknown)
        with pytest.raises(InputError, match="takes one workload"):
            onnx2zz.convert("a.yaml", "b.yaml", to="scale-sim")


class TestMemory:
    @pytest.fixture
    def program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """A stand-in takes the place of the installed CACTI."""
        folder = stand_in(tmp_path / "cacti_master", tmp_path / "trace")
        monkeypatch.setattr(cacti_files, "cacti_folder", lambda: folder)
        costs.cache_clear()
        yield
        costs.cache_clear()

    @pytest.mark.usefixtures("program")
    def test_it_shows_lines_for_the_accelerators_file(self) -> None:
        found = onnx2zz.memory("16KB", 64, technology_nm=32)
        read = yaml.safe_load(repr(found))
        assert read["size"] == found.size_bits == 16 * 1024 * 8 and "32 nm" in found.source
        assert read["r_cost"] == pytest.approx(found.r_cost_pj, rel=1e-5)

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        with pytest.raises(InputError) as raised:
            onnx2zz.memory("huge", 0, technology_nm=5)
        assert len(raised.value.problems) == 3


class TestProofs:
    def test_each_layer_has_a_row(self) -> None:
        found = onnx2zz.verify("lenet5", points=20)
        assert [layer.id for layer in found.proofs.layers] == list(range(7))
        assert {layer.verdict for layer in found.proofs.layers} == {"proven"}
        assert sum({layer.node: layer.points for layer in found.proofs.layers}.values()) == found.points
        assert repr(found.proofs).splitlines()[0] == "7 of 7 layers proven"

    def test_what_is_not_run_says_why(self) -> None:
        """A transposition moves data only, and no layer of it has points."""
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3, 5])
        nodes = [
            helper.make_node("Transpose", ["x"], ["t"], name="turned", perm=[2, 0, 1]),
            helper.make_node("Softmax", ["t"], ["s"], name="soft"),
            helper.make_node("Transpose", ["s"], ["y"], name="back", perm=[1, 2, 0]),
        ]
        graph = helper.make_graph(nodes, "g", [x], [helper.make_empty_tensor_value_info("y")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        found = onnx2zz.verify(model, movement="cost")
        of = {layer.node: layer for layer in found.proofs.layers}
        assert (of["turned"].kind, of["turned"].verdict, of["turned"].points) == ("movement", "proven", 0)
        run_nodes = {layer.node for layer in found.proofs.layers if layer.points}
        assert len(run_nodes) == found.nodes_checked and "turned" not in run_nodes


def test_a_validation_is_a_table_of_figures() -> None:
    found = onnx2zz.validate("scale_sim")
    assert found.ok and len(found.to_dataframe()) == sum(len(one.held) for one in found.outcomes)
    assert isinstance(found, Tabular) and "figures in their band" in repr(found)


def test_no_public_module_of_the_api_imports_a_terminal() -> None:
    """Only report and cli talk to one."""
    folder = Path(onnx2zz.__file__).parent / "api"
    for file in folder.glob("*.py"):
        calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"], file
