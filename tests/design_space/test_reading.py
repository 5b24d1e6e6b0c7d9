"""Sweep files: what they mean, and everything that is wrong with one said at once, with lines."""

from pathlib import Path

import pytest

from onnx2zz.design_space.reading import alternatives, read_spec
from onnx2zz.design_space.spec import Axes, Options
from onnx2zz.errors import InputError
from onnx2zz.zigzag.objective import NAMES


def spec(tmp_path: Path, text: str):
    (tmp_path / "sweep.yaml").write_text(text)
    return read_spec(tmp_path / "sweep.yaml")


def problems(tmp_path: Path, text: str):
    with pytest.raises(InputError) as error:
        spec(tmp_path, text)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in error.value.problems]


SMALL = "models: [lenet5]\naccelerators: [seneca]\n"


def test_the_smallest_file(tmp_path: Path) -> None:
    found = spec(tmp_path, SMALL)
    assert [model.found.name for model in found.models] == ["lenet5"]
    assert [(one.name, one.settings) for one in found.accelerators] == [("seneca", ())]
    assert found.axes.combinations() == (Options("latency", 6, "own", "int8", False),)
    assert found.pareto == ("energy_pj", "latency_cycles", "area")


def test_options_are_combined(tmp_path: Path) -> None:
    text = "options: {opt: [energy, EDP], lpf_limit: 4, precision: [native, {W: 4, I: 2}], locality: [false, true]}"
    found = spec(tmp_path, SMALL + text).axes
    assert len(found.combinations()) == 2 * 2 * 2
    assert {(one.precision, one.lpf_limit) for one in found.combinations()} == {("native", 4), ("W=4,I=2", 4)}
    widths = found.precisions["W=4,I=2"]
    assert (widths.W, widths.I, widths.O, found.precisions["native"].native) == (
        4,
        2,
        Axes().precisions["int8"].O,
        True,
    )


def test_a_model_with_open_dims(tmp_path: Path) -> None:
    text = "models:\n  - {model: lenet5, shape: {x: [2, 3]}, dim: {n: 4}, value: {v: 0.5}}\naccelerators: [seneca]\n"
    (model,) = spec(tmp_path, text).models
    assert (model.bindings.shapes, model.bindings.dims, model.bindings.values) == ({"x": (2, 3)}, {"n": 4}, {"v": 0.5})


def test_a_model_with_a_batch_and_an_operator_of_its_own(tmp_path: Path) -> None:
    text = "models:\n  - {model: lenet5, batch: 4, op_like: {my.lab.Gate: ai.onnx.Relu}}\naccelerators: [seneca]\n"
    (model,) = spec(tmp_path, text).models
    assert (model.bindings.batch, model.bindings.op_like) == (4, {"my.lab.Gate": "Relu"})


def test_what_is_wrong_with_a_model_is_said_with_the_rest(tmp_path: Path) -> None:
    """Keys of a model that cannot be read, keys that the model refuses, and a column that there is not."""
    found = problems(
        tmp_path,
        """\
models:
  - {model: lenet5, name: a, batch: many, op_like: {my.lab.Gate: 3}, shape: {x: 1}}
  - {model: lenet5, name: b, dim: {n: 4}}
  - {model: lenet5, name: c, batch: 2}
  - {model: lenet5, name: d, op_like: {my.lab.Gate: Relu}}
accelerators: [seneca]
pareto: [energy]
""",
    )
    for said in (
        "batch is 'many', and a size is needed",
        "op_like.my.lab.Gate is 3, and an operator's name is needed",
        "shape.x is 1, and a list of sizes",
        "--dim n: the model has no such name",
        "no input leaves its first axis open",
        "--op-like my.lab.Gate: no node of the model is one",
        "energy is no column to minimise",
    ):
        assert any(said in one for one in found), (said, found)


def test_files_are_looked_for_beside_the_sweep_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine")
    (one,) = spec(tmp_path, "models: [lenet5]\naccelerators: [mine.yaml]\n").accelerators
    assert one.template.path == tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        (8, ["8"]),
        ([8, 0.5], ["8", "0.5"]),
        ({"from": 8, "to": 64, "times": 2}, ["8", "16", "32", "64"]),
        ({"from": 3, "to": 10, "step": 3}, ["3", "6", "9"]),
        ({"from": 0.1, "to": 0.3, "step": 0.1}, ["0.1", "0.2", "0.3"]),
        ({"gf22": {"energy": 1}, "n7": {"energy": 0.4}}, ["gf22", "n7"]),
    ],
)
def test_the_alternatives_of_a_parameter(
    written: int | list[float] | dict[str, float | dict[str, float]], labels: list[str]
) -> None:
    assert list(alternatives(written)) == labels


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ([], "no values"),
        (["many"], "'many' is no number"),
        ([True], "no number"),
        ({"from": 8, "to": 64}, "a range is"),
        ({"from": 8, "to": 64, "step": 1, "times": 2}, "a range is"),
        ({"from": 8, "to": 64, "times": 1}, "a range grows"),
        ({"from": 64, "to": 8, "step": 8}, "a range grows"),
        ({"from": 0, "to": 8, "step": 1e-9}, "more than"),
        ({"n7": {"a b": 1}}, "letters, digits and _"),
        ({"n7": {"energy": "low"}}, "no number"),
    ],
)
def test_what_is_no_parameter(written: list[str | bool] | dict[str, float | dict[str, int | str]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        alternatives(written)


def test_everything_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
models:
  - lenet6
  - {model: resnet18, shapes: {x: [1]}}
accelerators:
  - tpu_lik
  - template: seneca
    parameters:
      npes: {from: 8, to: 4, step: 1}
      energy_pj: [1]
    sett: {}
options:
  opt: [latency, speed]
  lpf_limit: 0
  mapping: senecca
  locality: maybe
pareto: [energy, area]
optoins: 1
""",
    )
    for line, said in (
        (2, "lenet6: no such file"),
        (3, "did you mean shape?"),
        (5, "did you mean tpu_like"),
        (8, "npes: a range grows"),
        (9, "energy_pj cannot be the name"),
        (10, "did you mean set?"),
        (12, f"there are {', '.join(NAMES[:-1])} and {NAMES[-1]}"),
        (13, "a number above 0 is needed"),
        (14, "did you mean seneca"),
        (15, "true or false is needed"),
        (16, "did you mean"),
        (17, "did you mean options?"),
    ):
        assert any(one.startswith(f"sweep.yaml:{line}:") and said in one for one in found), (line, found)


@pytest.mark.parametrize(
    "text", ["", "- lenet5\n", "models: lenet5\n", "models: []\naccelerators: {}\n", "models: [3]\n"]
)
def test_what_is_no_sweep(tmp_path: Path, text: str) -> None:
    assert len(problems(tmp_path, text)) >= 1


def test_no_yaml(tmp_path: Path) -> None:
    assert (
        "sweep.yaml:1" in problems(tmp_path, "models: [\n")[0] or "sweep.yaml:2" in problems(tmp_path, "models: [\n")[0]
    )


def test_two_of_one_name(tmp_path: Path) -> None:
    found = problems(tmp_path, "models: [lenet5, lenet5]\naccelerators: [seneca, tpu_like, seneca]\n")
    assert found == [
        f"sweep.yaml:1: a second model is called lenet5 (the first in {tmp_path}/sweep.yaml:1); give it another `name`",
        "sweep.yaml:2: a second accelerator is called seneca (the first in "
        f"{tmp_path}/sweep.yaml:2); give it another `name`",
    ]


def test_spellings_options_and_settings_are_said_in_one_go(tmp_path: Path) -> None:
    """Each comes from another step: what YAML reads otherwise, the keys, and the fields of the template."""
    text = """\
models: [lenet5]
accelerators:
  - template: seneca
    name: core
    parameters: {units: [8, 0o17]}
    set: {operational_array.sizes.D9: units}
optoins: {}
"""
    found = problems(tmp_path, text)
    assert [one.split(":")[1] for one in found if one.startswith("sweep.yaml")][:2] == ["5", "7"]
    assert any("0o17" in one for one in found) and any("optoins" in one for one in found)
    text = text.replace("0o17", "16")
    assert any("D9" in one for one in problems(tmp_path, text))


def test_no_model_is_called_as_the_sums_are(tmp_path: Path) -> None:
    """Its rows would give way to the sums."""
    text = "models: [lenet5, {model: lenet5, name: all models}]\naccelerators: [seneca]\n"
    assert problems(tmp_path, text) == [
        "sweep.yaml:1: a model is called all models, which is what the sums over the models are called; "
        "give it another `name`"
    ]
