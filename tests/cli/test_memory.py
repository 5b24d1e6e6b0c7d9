"""`onnx2zz memory`: costs of a memory by CACTI, with their source."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.zigzag import cacti_files
from onnx2zz.zigzag.cacti import costs
from tests.cacti_stand_in import costs_of, stand_in


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in takes the place of the installed CACTI."""
    folder = stand_in(tmp_path / "cacti_master", tmp_path / "trace")
    monkeypatch.setattr(cacti_files, "cacti_folder", lambda: folder)
    costs.cache_clear()
    yield folder
    costs.cache_clear()


@pytest.mark.parametrize(("size", "bits"), [("24K", 24 * 8192), ("24KB", 24 * 8192), ("12288", 12288)])
def test_costs_stand_as_in_an_accelerators_file(size: str, bits: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["memory", "--size", size, "--width", "96"]) == 0
    said = capsys.readouterr().out
    read, write, area = costs_of(bits, 96)
    found = yaml.safe_load(said)
    assert found["size"] == bits
    assert (found["r_cost"], found["w_cost"], found["area"]) == (
        pytest.approx(read, rel=1e-5),
        pytest.approx(write, rel=1e-5),
        pytest.approx(area, rel=1e-5),
    )
    assert said.startswith(f"# CACTI 7 as zigzag-dse brings it, SRAM, {bits:,} bit, 96 bit an access, 22 nm;")


def test_the_node_reaches_cacti(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for another node, the program is started again; the file of its question says which."""
    assert run(["memory", "--size", "24K", "--width", "96", "--json"]) == 0
    assert run(["memory", "--size", "24K", "--width", "96", "--tech", "45", "--json"]) == 0
    assert (tmp_path / "trace").read_text().count("started") == 2
    decoder = json.JSONDecoder()
    text = capsys.readouterr().out.strip()
    first, end = decoder.raw_decode(text)
    second, _ = decoder.raw_decode(text[end:].strip())
    assert (first["technology_nm"], second["technology_nm"]) == (22, 45)
    assert first["size_bits"] == second["size_bits"] == 24 * 8192


def test_below_cactis_nodes_its_figures_are_scaled(capsys: pytest.CaptureFixture[str]) -> None:
    """From 22 nm, which lies between two nodes of the law at 0.9 V, to 7 nm at 0.7 V."""
    assert run(["memory", "--size", "24K", "--width", "96", "--tech", "7", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    read, write, area = costs_of(24 * 8192, 96)
    at_32, at_20 = 0.8367 * 0.81 - 0.4341 * 0.9 + 0.1701, 0.373 * 0.81 - 0.1582 * 0.9 + 0.04104
    at_7 = 0.1776 * 0.49 - 0.09097 * 0.7 + 0.02447
    share = math.log(22 / 20) / math.log(32 / 20)
    factor = at_7 / (at_20 ** (1 - share) * at_32**share)
    assert (found["r_cost_pj"], found["w_cost_pj"]) == (pytest.approx(read * factor), pytest.approx(write * factor))
    assert found["area_mm2"] == pytest.approx(area * 0.059 / (0.21 ** (1 - share) * 0.46**share))
    assert "scaled from 22 nm at 0.9 V to 7 nm at 0.7 V by Stillmaker and Baas" in found["source"]
    assert run(["memory", "--size", "24K", "--width", "96", "--tech", "7", "--voltage", "0.9", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["r_cost_pj"] > found["r_cost_pj"]


def test_what_cacti_has_no_figures_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["memory", "--size", "many", "--width", "96", "--tech", "5", "--voltage", "0.1"]) == 1
    said = capsys.readouterr().err
    assert "--size: 'many' is no size" in said and "--tech: there are no figures for 5 nm; there are for 7" in said
    assert "--voltage: 0.1 V is outside" in said
    assert run(["memory", "--size", "24K", "--width", "96", "--tech", "new"]) == 1
    assert "--tech: 'new' is no node" in capsys.readouterr().err


def test_a_memory_that_cacti_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["memory", "--size", "256", "--width", "8"]) == 1
    assert "a memory of 256 bit: CACTI gives no costs" in capsys.readouterr().err
