"""Stacks of any size on any system, good or not: judged and played."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.cli.main import run
from onnx2zz.system.fused.room import Room
from onnx2zz.system.fused.search import Fused, FusedSearch
from onnx2zz.system.fused.stack import Stack
from tests.nodes import make_node
from tests.oracle import model_of
from tests.system.checker import faults_in
from tests.system.drawn_models import of_drawn
from tests.system.fused.drawn_stacks import image_chains, ways
from tests.system.small_systems import SYSTEMS, evaluated, system_file
from tests.system.test_schedule_json import steps_over_nothing, the_judges_verdict


def check_drawn(data: st.DataObject, folder: Path, patch: pytest.MonkeyPatch) -> None:
    drawn = data.draw(image_chains())
    system = data.draw(st.sampled_from(sorted(SYSTEMS)))

    def drawn_way(search: FusedSearch) -> Fused | None:
        parts = data.draw(ways(search))
        room = Room(search.layers.system, search.layers.graph, search.layers.offers)
        for stack in (part for part in parts if isinstance(part, Stack)):
            assert room.least(stack) <= room.inside(stack)
        found = search.scheduled(parts)
        assert found is not None, search.unplaced
        return found

    patch.setattr(FusedSearch, "best", drawn_way)
    arch = system_file(folder / "system", system)
    assert evaluated(drawn.model, arch, folder, "--schedule", "fused") == 0
    assert faults_in(folder) == []
    if steps_over_nothing(folder):
        assert the_judges_verdict(folder) in (None, 0)
    assert run(["verify", str(folder / "drawn.onnx"), "--schedule", str(folder)]) == 0


@of_drawn(8)
@given(data=st.data())
def test_drawn_stacks_run_without_a_fault(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        check_drawn(data, tmp_path_factory.mktemp("drawn"), patch)


@pytest.mark.long
@of_drawn(300)
@given(data=st.data())
def test_many_drawn_stacks_run_without_a_fault(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        check_drawn(data, tmp_path_factory.mktemp("drawn"), patch)


def check_found(data: st.DataObject, folder: Path) -> None:
    drawn = data.draw(image_chains())
    system = data.draw(st.sampled_from(sorted(SYSTEMS)))
    bits = data.draw(st.sampled_from((None, 6_000, 12_000, 24_000)))
    arch = system_file(folder / "system", system, bits)
    code = evaluated(drawn.model, arch, folder, "--schedule", "fused")
    if not (folder / "schedule.json").exists():
        assert code == 3
        assert bits is not None
        return
    assert code == 0
    assert faults_in(folder) == []
    assert not steps_over_nothing(folder) or the_judges_verdict(folder) in (None, 0)


@of_drawn(4)
@given(data=st.data())
def test_what_is_found_for_drawn_models_is_without_a_fault(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_found(data, tmp_path_factory.mktemp("drawn"))


@pytest.mark.long
@of_drawn(100)
@given(data=st.data())
def test_what_is_found_for_many_drawn_models_is_without_a_fault(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_found(data, tmp_path_factory.mktemp("drawn"))


def test_a_stack_may_have_a_layer_of_fewer_rows_than_stripes(tmp_path: Path) -> None:
    # Two readers of the first: the last has 9 rows and so as many stripes as there are cores, the other has two rows.
    given = {"x": np.zeros((1, 2, 9, 5), np.float32)}
    weights = {"a": np.ones((3, 2, 1, 1), np.float32), "b": np.ones((2, 3, 1, 1), np.float32)}
    nodes = [
        make_node("Conv", ["x", "a"], ["shared"], "first"),
        make_node("Conv", ["shared", "b"], ["few"], "few_rows", strides=[5, 1]),
        make_node("Conv", ["shared", "b"], ["many"], "many_rows"),
    ]
    model = model_of(nodes, given, weights, ["few", "many"])
    arch = system_file(tmp_path / "system", "a mesh")
    assert evaluated(model, arch, tmp_path, "--schedule", "fused") == 0
    assert faults_in(tmp_path) == []
    assert run(["verify", str(tmp_path / "drawn.onnx"), "--schedule", str(tmp_path)]) == 0
