"""`verify --schedule`: a schedule that was written is carried out, and every way to break it is found."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import onnx2zz
from onnx2zz.cli.main import run
from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.formats.shipped_files import find_model
from onnx2zz.proof.verify import VerifyOptions
from onnx2zz.system.elements import Elements
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.replay.fault import Fault
from onnx2zz.system.replay.needs import Box, Need, Needs
from onnx2zz.system.replay.numbers import play_numbers
from onnx2zz.system.replay.positions import position_faults
from onnx2zz.system.replay.written import schedule_of
from tests.json_values import Document
from tests.proof.networks import residual
from tests.system.checker import faults
from tests.system.drawn_models import Drawn, chains, of_drawn
from tests.system.schedule_mutants import TRIED, WRONG, mutants
from tests.system.small_systems import SYSTEMS, evaluated, system_file

OF_TIME = ("starts", "at once", "leaves before", "takes no time")
"""Words of the other checker's faults that a tile or a transfer at another time can have; sums and energies apart."""


@dataclass(frozen=True)
class Written:
    """A folder that `evaluate` wrote, and the model that it is of."""

    folder: Path
    model: str
    compiled: Compiled
    schedule: Document
    needs: Needs

    def played(self, schedule: Document) -> Sequence[Fault]:
        return position_faults(schedule_of(schedule, "schedule.json"), self.needs)


def written(model: str | onnx.ModelProto, system: str, folder: Path) -> Written:
    assert evaluated(model, system_file(folder / "system", system), folder) == 0
    file = find_model(model).path if isinstance(model, str) else folder / "drawn.onnx"
    compiled = compile_model(file)
    schedule = json.loads((folder / "schedule.json").read_text())
    assert len(schedule["tiles"]) > len(compiled.entries), "nothing is shared out"
    return Written(folder, str(file), compiled, schedule, Needs(graph_of_model(compiled)))


@pytest.fixture(scope="module")
def lenet5(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return written("lenet5", "a mesh", tmp_path_factory.mktemp("lenet5"))


@pytest.fixture(scope="module")
def branches(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Groups, strides, a residual sum, a Concat and a Reshape."""
    return written(residual(), "a row of cores", tmp_path_factory.mktemp("branches"))


@pytest.fixture(params=["lenet5", "branches"])
def right(request: pytest.FixtureRequest) -> Written:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Written)
    return found


def test_a_schedule_that_was_written_is_carried_out(right: Written, tmp_path: Path) -> None:
    out = tmp_path / "played.json"
    assert run(["verify", right.model, "--schedule", str(right.folder), "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert told["faults"] == told["not_run"] == []
    assert told["layers_run"] == told["layers"] == len(right.compiled.entries)
    assert told["tiles"] == len(right.schedule["tiles"])


OF_COURSE = "memory does not tell what it holds over time"


def check_mutants(right: Written, number: int, seed: int) -> None:
    assert right.played(right.schedule) == ()
    missed = [mutant for _, mutant in mutants(right.schedule, WRONG, number, seed) if not right.played(mutant)]
    # Two tiles that send to the same cores what each has whole, and whose readers begin after both, may be swapped:
    # that is another schedule, and a right one, but for the course of the memories, which is still that of the first.
    assert [one for mutant in missed for one in objections_to(mutant, right) if OF_COURSE not in one] == []
    assert len(missed) <= number / 10


def objections_to(mutant: Document, right: Written) -> list[str]:
    """What the checker of these tests says, which shares no code with the package."""
    workload = yaml.safe_load((right.folder / "workload.yaml").read_text())
    coverage = json.loads((right.folder / "coverage.json").read_text())
    return faults(mutant, workload, coverage)


def check_times(right: Written, number: int, seed: int) -> None:
    """What another checker objects to is found."""
    harmful = 0
    for kind, mutant in mutants(right.schedule, TRIED, number, seed):
        wrong = [fault for fault in objections_to(mutant, right) if any(word in fault for word in OF_TIME)]
        harmful += bool(wrong)
        assert not wrong or right.played(mutant), (kind, wrong)
    assert harmful


def test_every_mutant_is_caught(right: Written) -> None:
    check_mutants(right, 12, seed=1)


def test_tiles_and_transfers_at_other_times_are_caught_where_another_checker_objects(right: Written) -> None:
    check_times(right, 5, seed=2)


@pytest.mark.long
def test_a_thousand_mutants_are_caught(right: Written) -> None:
    check_mutants(right, 100, seed=3)
    check_times(right, 60, seed=4)


@pytest.fixture(scope="module")
def yolov3_tiny(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Thirteen convolutions, a Concat, a Resize and two results: 70 Mbit of weights come while others work."""
    return written("yolov3_tiny", "a mesh", tmp_path_factory.mktemp("yolov3_tiny"))


@pytest.mark.long
def test_mutants_of_a_second_network_are_caught(yolov3_tiny: Written) -> None:
    check_mutants(yolov3_tiny, 20, seed=5)


class LessNeeded(Needs):
    """Believes that no tile needs the last position of one axis of what it reads."""

    def of(self, layer: int, box: Box) -> tuple[Need, ...]:
        return tuple(replace(need, boxes=tuple(map(_less, need.boxes))) for need in super().of(layer, box))


def _less(elements: Elements) -> Elements:
    """A set without the last position of its last axis that has several."""
    longest = max(n for n, axis in enumerate(elements) if axis.bit_count() > 1)
    axis = elements[longest]
    return (*elements[:longest], axis ^ (1 << (axis.bit_length() - 1)), *elements[longest + 1 :])


def test_numbers_show_a_need_that_was_not_found(right: Written) -> None:
    schedule = schedule_of(right.schedule, "schedule.json")
    for needs, wrong in ((right.needs, False), (LessNeeded(right.needs.graph), True)):
        found = play_numbers(schedule, needs, right.compiled, VerifyOptions(), lambda done, total, name: None)
        layers = {fault.where.split("(")[1] for fault in found.faults}
        assert layers == ({f"layer {layer})" for layer in range(len(right.compiled.entries))} if wrong else set())


def test_a_fault_is_a_sentence_with_tile_time_and_what_is_missing(
    lenet5: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("workload.yaml", "coverage.json"):
        (tmp_path / name).write_text((lenet5.folder / name).read_text())
    schedule: Document = json.loads(json.dumps(lenet5.schedule))
    gone = next(one for one in schedule["transfers"] if one.get("of") is not None and one["bits"])
    schedule["transfers"].remove(gone)
    (tmp_path / "schedule.json").write_text(json.dumps(schedule))
    assert run(["verify", "lenet5", "--schedule", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"it starts on core {gone['to'][0]} at " in said
    assert "elements (b 0, " in said
    assert "of its I, the output of layer 0" in said


def test_files_at_fault_are_said_all_at_once(
    lenet5: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule: Document = json.loads(json.dumps(lenet5.schedule))
    schedule["tiles"][2]["start"] = "soon"
    schedule["transfers"][1]["to"] = 4
    (tmp_path / "schedule.json").write_text(json.dumps(schedule))
    (tmp_path / "workload.yaml").write_text((lenet5.folder / "workload.yaml").read_text())
    assert run(["verify", "lenet5", "--schedule", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "tiles.2.start is 'soon', and a number is needed" in said
    assert "transfers.1.to is no list" in said
    assert "coverage.json: No such file" in said


def test_another_model_is_refused(branches: Written, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "lenet5", "--schedule", str(branches.folder)]) == 1
    assert "workload.yaml: layer 0 is another than lenet5 has" in capsys.readouterr().err


def check_drawn(data: st.DataObject, folder: Path) -> None:
    drawn: Drawn = data.draw(chains())
    system = data.draw(st.sampled_from(sorted(SYSTEMS)))
    bits = data.draw(st.sampled_from((None, 24_000)))
    if evaluated(drawn.model, system_file(folder / "system", system, bits), folder) == 0:
        code = run(
            ["verify", str(folder / "drawn.onnx"), "--schedule", str(folder), "--json", str(folder / "out.json")]
        )
        assert json.loads((folder / "out.json").read_text())["faults"] == []
        assert code in (0, 3)  # not all can be computed


@of_drawn(4)
@given(data=st.data())
def test_schedules_of_drawn_models_are_carried_out(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_drawn(data, tmp_path_factory.mktemp("drawn"))


@pytest.mark.long
@of_drawn(100)
@given(data=st.data())
def test_schedules_of_many_drawn_models_are_carried_out(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_drawn(data, tmp_path_factory.mktemp("drawn"))


def test_a_schedule_is_of_the_compiled_workload(lenet5: Written, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(lenet5.folder)
    assert run(["verify", "lenet5", "--schedule", folder, "--workload", f"{folder}/workload.yaml"]) == 2
    assert "leave one out" in capsys.readouterr().err


def test_from_python_it_is_a_table_of_faults(lenet5: Written) -> None:
    played = onnx2zz.verify_schedule("lenet5", lenet5.folder)
    assert played.ok
    assert "no fault" in played.table().caption
    assert played.to_dataframe().empty
