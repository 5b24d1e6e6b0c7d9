"""The zoo: what is found is compared with what was kept, and what moved is shown."""

import io
import json
import os
import pickle
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from onnx2zz.cli.main import run
from onnx2zz.errors import InputError, Problem
from onnx2zz.formats.shipped_files import Found, find_accelerator
from onnx2zz.report.zoo import print_runs
from onnx2zz.zoo import run as zoo_run
from onnx2zz.zoo.difference import differences
from onnx2zz.zoo.golden import SHIPPED, golden_text, read_golden
from onnx2zz.zoo.mapping import kept_mapping
from onnx2zz.zoo.models import QUICKLY_EVALUATED, ZooModel, ZooSteps, chosen_models, quick_steps, zoo_models
from onnx2zz.zoo.record import LayerRecord, Record
from tests.docs_commands import console_commands
from tests.present import present

LENET5 = Record(
    "net",
    {"compile": {"onnx2zz": "1"}, "seneca": {"zigzag-dse": "3"}},
    {"conv": "lowered", "relu": "fused"},
    (
        LayerRecord("L0_conv", "Conv", 600, {"seneca": (10.0, 7.0)}),
        LayerRecord("L1_pool", "Pooling", 0, {"seneca": (None, None)}),
        LayerRecord("L2_pool", "Pooling", 0, {"seneca": (0.5, 3.0)}),
    ),
)


def with_first_layer(prices: Mapping[str, tuple[float | None, float | None]]) -> Record:
    return replace(LENET5, layers=(replace(LENET5.layers[0], prices=prices), *LENET5.layers[1:]))


def moved(found: Record, golden: Record = LENET5) -> list[tuple[str, str, Any, Any]]:
    return [(one.place, one.what, one.was, one.now) for one in differences(golden, found)]


def test_a_total_that_lacks_layers_is_marked() -> None:
    """Of three layers one has no price on SENECA."""
    text = io.StringIO()
    whole = replace(LENET5, layers=(LENET5.layers[0], LENET5.layers[2]))
    runs = [
        zoo_run.ModelRun(ZooModel(one, Path("net.onnx"), "onnx2zz"), found)
        for one, found in (("a", LENET5), ("b", whole))
    ]
    print_runs(runs, ["seneca"], Console(file=text, width=120))
    priced = [line.split(maxsplit=5) for line in text.getvalue().splitlines() if " pJ " in line]
    assert priced[0][:2] == ["a", "seneca"] and priced[0][-1].strip() == "incomplete: 1 of 3 layers not priced"
    assert len(priced[1]) == 5


def test_every_model_at_hand_is_in_the_zoo() -> None:
    names = [model.name for model in zoo_models()]
    assert len(names) == len(set(names)) == 6 + 3 + 9
    ours = {"lenet5", "tiny_yolov2", "yolov3_tiny", "yolov8n", "vit_small", "bert_layer"}
    assert ours | {"resnet18", "mobilenetv2", "alexnet"} | {n for n in names if n.startswith("light_")} == set(names)
    assert set(names) >= QUICKLY_EVALUATED


def test_a_quick_run_verifies_every_model_and_evaluates_a_few() -> None:
    steps = {model.name: quick_steps(model) for model in zoo_models()}
    assert all(step.points > 0 for step in steps.values())
    assert {name for name, step in steps.items() if step.evaluate} == QUICKLY_EVALUATED


def test_golden_numbers_name_their_mapping_and_no_other_is_taken() -> None:
    """Ours of that name, else ZigZag's: never one that `evaluate` might choose for each layer."""
    golden = present(read_golden(SHIPPED, "lenet5"))
    for name, mapping in (("seneca", "seneca"), ("tpu_like", "zigzag:tpu_like")):
        assert kept_mapping(find_accelerator(name)).name == mapping == golden.made_with[name]["mapping"]


def test_a_process_that_dies_is_a_red_model(tmp_path: Path) -> None:
    setting = zoo_run.ZooTarget((Found("a", tmp_path),), tmp_path)
    models = {ZooModel(name, Deadly(tmp_path / name), "onnx"): ZooSteps() for name in ("one", "two")}
    runs = zoo_run.run_models(models, setting, 2, lambda done, total, name: None)
    assert [run.faults for run in runs] == [(zoo_run.DIED,)] * 2 and not any(run.green for run in runs)


class Deadly(type(Path())):
    """A path that ends the process that it is sent to."""

    def __reduce__(self):
        return os._exit, (1,)


def test_every_model_has_a_golden_file_and_nothing_else_has() -> None:
    assert sorted(path.stem for path in SHIPPED.iterdir()) == sorted(model.name for model in zoo_models())


def test_a_golden_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(golden_text(LENET5))
    assert read_golden(tmp_path, "net") == LENET5
    assert json.loads(golden_text(LENET5))["macs"] == 600


def test_problems_cross_processes_whole() -> None:
    error = InputError((Problem("net.onnx", "is no model", "give one"), Problem("b", "c")))
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_what_is_the_same_did_not_move() -> None:
    assert moved(LENET5) == []
    assert moved(with_first_layer(prices={"seneca": (10.0 * (1 + 1e-12), 7.0)})) == []


def test_a_price_that_moved_is_shown_with_its_total() -> None:
    found = with_first_layer(prices={"seneca": (12.5, 7.0)})
    assert moved(found) == [
        ("whole network", "energy on seneca", 10.5, 13.0),
        ("conv", "energy on seneca", 10.0, 12.5),
    ]
    assert [one.by for one in differences(LENET5, found)] == pytest.approx([13 / 10.5 - 1, 0.25])


def test_a_layer_that_lost_its_price_moved() -> None:
    found = with_first_layer(prices={"seneca": (None, None)})
    assert ("conv", "latency on seneca", 7.0, None) in moved(found)
    assert differences(LENET5, found)[-1].by is None


def test_a_layer_more_does_not_rename_the_others() -> None:
    """Names begin with the layer's id."""
    more = (LayerRecord("L0_pad", "Add", 0, {"seneca": (0.0, 0.0)}),)
    shifted = tuple(replace(layer, name=f"L{n}_{layer.name[3:]}") for n, layer in enumerate(LENET5.layers, start=1))
    assert moved(replace(LENET5, layers=(*more, *shifted))) == [
        ("whole network", "layers", 3, 4),
        ("pad", "layer", None, "there"),
    ]


def test_a_status_that_changed_moved() -> None:
    found = replace(LENET5, nodes={"conv": "lowered", "relu": "host"})
    assert moved(found) == [("relu", "status", "fused", "host")]


def test_an_accelerator_without_golden_numbers_is_a_difference_and_one_left_out_is_none() -> None:
    on_another = with_first_layer(prices={"tpu": (1.0, 1.0)})
    layers = tuple(replace(layer, prices={"tpu": (1.0, 1.0)}) for layer in on_another.layers)
    found = replace(LENET5, made_with={"compile": {}, "tpu": {}}, layers=layers)
    assert moved(found) == [("whole network", "golden on tpu", None, "--update-golden writes one")]


def test_what_moved_is_a_table_and_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["zoo", "run", "--model", "lenet5", "--golden", str(tmp_path)]
    assert run([*asked, "--arch", "seneca"]) == 1
    assert "red: no golden" in capsys.readouterr().out
    assert run([*asked, "--arch", "seneca", "--update-golden"]) == 0
    golden = present(read_golden(tmp_path, "lenet5"))
    assert golden == replace_prices_of(present(read_golden(SHIPPED, "lenet5")), "seneca")
    first = golden.layers[0]
    dearer = replace(first, prices={"seneca": (present(first.prices["seneca"][0]) * 2, first.prices["seneca"][1])})
    (tmp_path / "lenet5.json").write_text(golden_text(replace(golden, layers=(dearer, *golden.layers[1:]))))
    capsys.readouterr()
    assert run([*asked, "--arch", "seneca"]) == 1
    out = capsys.readouterr().out
    (row,) = [line.split() for line in out.splitlines() if line.startswith("lenet5") and " conv1 " in line]
    assert row[2:5] == ["energy", "on", "seneca"] and row[-1] == "-50.000%"
    assert out.splitlines()[-1] == "0 of 1 models green"


def replace_prices_of(record: Record, accelerator: str) -> Record:
    """The record with the prices on one accelerator only."""
    layers = tuple(replace(layer, prices={accelerator: layer.prices[accelerator]}) for layer in record.layers)
    made_with = {step: versions for step, versions in record.made_with.items() if step in ("compile", accelerator)}
    return replace(record, made_with=made_with, layers=layers)


def test_other_accelerators_golden_numbers_are_kept(tmp_path: Path) -> None:
    """Only where the layers are the same: others have no old price."""
    asked = ["zoo", "run", "--model", "lenet5", "--golden", str(tmp_path), "--update-golden", "--arch"]
    assert run([*asked, "seneca"]) == 0
    assert run([*asked, "tpu_like"]) == 0
    assert present(read_golden(tmp_path, "lenet5")).accelerators == ("tpu_like", "seneca")


def test_names_that_are_none_are_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zoo", "run", "--model", "lenet", "--model", "resnet19"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert "did you mean lenet5?" in lines[0] and "did you mean resnet18?" in lines[1]


def test_a_broken_golden_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lenet5.json").write_text("{}")
    assert run(["zoo", "run", "--model", "lenet5", "--golden", str(tmp_path)]) == 1
    assert "lenet5.json: no golden file" in capsys.readouterr().err


def test_a_model_at_fault_is_red_and_the_others_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (lenet5,) = chosen_models(["lenet5"])
    broken = replace(lenet5, name="broken", path=tmp_path / "broken.onnx")
    broken.path.write_bytes(b"no model")
    monkeypatch.setattr("onnx2zz.zoo.models.zoo_models", lambda: (broken, lenet5))
    assert run(["zoo", "run", "--quick"]) == 1
    out = capsys.readouterr().out
    assert "red: at fault" in out and out.splitlines()[-1] == "1 of 2 models green"


def test_the_commands_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The quick run among them is what every push is measured by."""
    monkeypatch.chdir(tmp_path)
    for command in console_commands("zoo"):
        assert run(shlex.split(command)[1:]) == 0, command
    assert "\n18 of 18 models green\n" in capsys.readouterr().out


@pytest.mark.long
def test_the_whole_zoo_is_green(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zoo", "run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "18 of 18 models green"
