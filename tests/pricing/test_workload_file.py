"""A workload.yaml and the coverage.json beside it."""

import json
from pathlib import Path

import networkx as nx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.errors import InputError
from onnx2zz.files.document import Data
from onnx2zz.formats.coverage import read_coverage
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.graph import execution_order, further_edges
from onnx2zz.pricing.workload_file import read_workload
from tests.small_workloads import as_read, strip


def written(folder: Path, document: object, coverage: str | None = None) -> Path:
    (folder / "workload.yaml").write_text(yaml.safe_dump(document))
    if coverage is not None:
        (folder / "coverage.json").write_text(coverage)
    return folder / "workload.yaml"


def test_a_hand_written_workload_is_its_own_model(tmp_path: Path) -> None:
    found = read_workload(written(tmp_path, strip()))
    assert (found.model, found.arch) == (str(tmp_path / "workload.yaml"), None)
    assert list(found.layers) == strip()


def test_a_compiled_workload_tells_its_model_and_accelerator(tmp_path: Path) -> None:
    coverage = json.dumps({"model": "net.onnx", "arch": "seneca", "layers": []})
    found = read_workload(written(tmp_path, strip(), coverage))
    assert (found.model, found.arch) == ("net.onnx", "seneca")


@pytest.mark.parametrize(
    ("document", "coverage", "said"),
    [
        ({"layers": []}, None, "no workload: a list of layers is needed"),
        (strip(), "{", "coverage.json: not JSON"),
    ],
)
def test_broken_files(tmp_path: Path, document: object, coverage: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_workload(written(tmp_path, document, coverage))


def test_edges_of_another_workloads_coverage_are_left_alone() -> None:
    described: Data = {"id": 3, "name": "L3_conv", "sources": {"I": [0, 2], "W": ["const"]}}
    assert further_edges(strip(), read_coverage({"layers": [described]})) == ((0, 3),)
    renamed: Data = {**described, "name": "L3_other"}
    assert further_edges(strip(), read_coverage({"layers": [renamed]})) == ()
    assert further_edges(strip(), None) == ()


def test_every_layer_comes_after_its_producers() -> None:
    layers = strip()
    order = execution_order([layers[index] for index in (0, 1, 2, 3, 4)])
    assert order.index(4) > max(order.index(1), order.index(3))


@given(st.data())
def test_the_order_is_networkxs(data: st.DataObject) -> None:
    layers: list[WorkloadEntry] = []
    graph: nx.DiGraph[int] = nx.DiGraph()
    for place, id in enumerate(data.draw(st.lists(st.integers(0, 99), min_size=1, max_size=12, unique=True))):
        earlier = st.sampled_from([layer["id"] for layer in layers] or [id])
        sources = data.draw(st.dictionaries(st.sampled_from("IW"), earlier if place else st.just(id)))
        layers.append(as_read({"id": id, "operand_source": sources}))
        graph.add_node(id)
        graph.add_edges_from((source, id) for source in sources.values() if source != id)
    assert execution_order(layers) == list(nx.topological_sort(graph))
