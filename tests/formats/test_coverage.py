"""coverage.json comes back as it was written; of a file of another form what fits is taken."""

import json
from pathlib import Path

from onnx2zz.compiler import compile_model
from onnx2zz.files.document import Data
from onnx2zz.formats.coverage import CoveredNode, read_coverage
from onnx2zz.formats.shipped_files import find_model


def test_what_a_compile_writes_is_read_back(tmp_path: Path) -> None:
    compiled = compile_model(find_model("lenet5").path)
    compiled.write(tmp_path)
    written = json.loads((tmp_path / "coverage.json").read_text(encoding="utf-8"))
    assert read_coverage(written) == written == compiled.coverage
    assert [*read_coverage(written)["nodes"][0]] == [*written["nodes"][0]], "the page shows the fields in this order"


def test_what_is_missing_or_of_another_form_is_empty() -> None:
    document: Data = {"arch": 3, "nodes": ["x", {"op": "Relu", "macs": None}], "layers": {"id": 0}}
    node: CoveredNode = {
        "node": "", "op": "Relu", "outputs": [], "status": "", "layers": [], "why": "", "macs": None,
    }  # fmt: skip
    found = read_coverage(document)
    assert (found["model"], found["arch"], found["layers"]) == ("", None, [])
    assert found["nodes"] == [node]
    assert found["totals"] == {"nodes": 1, "layers": 0, "macs": 0, "incomplete": False}
