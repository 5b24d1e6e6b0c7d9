"""Python takes what the command line takes."""

import inspect
import json
from pathlib import Path

import click
import pytest
import yaml

import onnx2zz
from onnx2zz.api.compile import ModelOptions
from onnx2zz.cli.evaluate import evaluate_command
from onnx2zz.errors import InputError
from tests.json_values import Document

FAST: Document = {"lpf_limit": 2, "cache": False}
OTHERWISE_CALLED = {
    "arch": "accelerator",
    "locality": "exploit_data_locality",
    "paranoid": "search",  # "both"
    "cache_folder": "cache",
    "no_cache": "cache",  # False
    "no_cacti": "cacti",  # False
    "json_file": "json",
    "csv_file": "csv",
    "html_file": "html",
    "plot_folder": "plot",
    "onnx_file": "onnx",
    "trace_file": "trace",
}
OF_THE_COMMAND = {"memory_limit", "full", "quiet", "verbose"}
"""The first holds for a process, and a script is one before it calls us; the others are of what is printed: Python's
results have every layer."""


def of_the_command() -> set[str]:
    parameters = {str(one.name) for one in evaluate_command.params if isinstance(one, click.Option | click.Argument)}
    return {OTHERWISE_CALLED.get(name, name) for name in parameters - OF_THE_COMMAND}


def of_python() -> set[str]:
    parameters = inspect.signature(onnx2zz.evaluate).parameters.values()
    named = {one.name for one in parameters if one.kind is not inspect.Parameter.VAR_KEYWORD}
    return named | set(ModelOptions.__annotations__)


def test_evaluate_takes_the_options_of_the_command_and_no_others() -> None:
    assert of_python() == of_the_command()


def test_every_keyword_of_evaluate_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/api.md").read_text()
    assert {name for name in of_python() if f"`{name}`" not in page} == set()


def test_zigzags_switches_give_the_numbers_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from onnx2zz.cli.main import run

    monkeypatch.chdir(tmp_path)
    arguments = ["evaluate", "lenet5", "--arch", "tpu_like", "--lpf-limit", "2", "--no-cache", "--jobs", "1"]
    assert run([*arguments, "--temporal", "even", "--paranoid", "--save-mapping", "c.yaml", "--json", "c.json"]) == 0
    files: Document = {"save_mapping": "p.yaml", "json": "p.json", "csv": "p.csv", "html": "p.html"}
    found = onnx2zz.evaluate("lenet5", "tpu_like", temporal="even", search="both", **files, **FAST)
    by_command, by_python = (json.loads(Path(name).read_text()) for name in ("c.json", "p.json"))
    assert by_python == by_command and by_python["total"]["energy_pj"] == found.total.energy_pj
    assert yaml.safe_load(Path("p.yaml").read_text()) == yaml.safe_load(Path("c.yaml").read_text())
    assert len(Path("p.csv").read_text().splitlines()) == len(found.layers) + 1
    assert "<html" in Path("p.html").read_text()


def test_options_that_do_not_go_together_are_refused_in_the_words_of_the_command() -> None:
    with pytest.raises(InputError, match="leave it out with --scheduler"):
        onnx2zz.evaluate("lenet5", "seneca", scheduler="tcp://nobody:1", layer_timeout=3.0, **FAST)
    with pytest.raises(InputError, match="--engine salsa optimises latency or energy"):
        onnx2zz.evaluate("lenet5", "seneca", engine="salsa", opt="EDP", **FAST)


def test_a_layer_that_takes_too_long_is_given_up() -> None:
    with pytest.warns(onnx2zz.IncompleteResult):
        found = onnx2zz.evaluate("lenet5", "seneca", layer_timeout=1e-3, **FAST)
    assert all("--layer-timeout" in layer.error for layer in found.layers if layer.error)
    assert found.unpriced
