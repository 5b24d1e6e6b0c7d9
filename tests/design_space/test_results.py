"""The sweep's own file: what older and newer versions of onnx2zz wrote, and other programs."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from onnx2zz.design_space import columns
from onnx2zz.design_space.results import FILE, LAYER_NAMES, RUN_NAMES, SCHEMA_VERSION, SWEPT, Results
from onnx2zz.errors import InputError

OF_VERSION_1 = (
    "run model accelerator template parameters mapping opt lpf_limit precision locality energy_pj latency_cycles area "
    "macs layers not_priced latency_ns corrected_energy_pj static_energy_pj zigzag onnx2zz",
    "run id name operator_type energy_pj latency_cycles macs spatial_utilization spatial_mapping roofline_cycles "
    "bound_by below_roofline error",
)
RUN = {"run": "r1", "model": "net", "energy_pj": 3.5, "latency_ns": 7.0}
LAYER = {"run": "r1", "id": 4, "name": "L4", "bound_by": "units"}


def written(folder: Path, runs: list[str], layers: list[str], version: int = 0, key: str = "run, id") -> Path:
    """A file as it was written before, with one run of one layer."""
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute(f"CREATE TABLE runs ({', '.join(runs)}, PRIMARY KEY (run)) WITHOUT ROWID")
        connection.execute(f"CREATE TABLE layers ({', '.join(layers)}, PRIMARY KEY ({key})) WITHOUT ROWID")
        for table, names, row in (("runs", runs, RUN), ("layers", layers, LAYER)):
            values = [row.get(name) for name in names]
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", values)
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    return folder / FILE


def version_of(file: Path) -> int:
    connection = sqlite3.connect(file)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return version


def test_other_columns_are_another_version_of_the_schema() -> None:
    """A column that is added says since which version it is there; those of version 1 stay what they were."""
    runs = " ".join(column.name for column in columns.COLUMNS if column.since == 1)
    layers = " ".join(column.name for column in SWEPT if column.swept_since == 1)
    assert (runs, f"run {layers}") == OF_VERSION_1
    assert {*range(1, SCHEMA_VERSION + 1)} == {c.since for c in columns.COLUMNS} | {c.swept_since for c in SWEPT}


def test_a_new_file_has_the_version(tmp_path: Path) -> None:
    with Results(tmp_path) as results:
        results.keep([RUN], [LAYER])
    assert version_of(tmp_path / FILE) == SCHEMA_VERSION
    with Results(tmp_path) as again:
        assert again.runs(["r1"]) == [dict.fromkeys(RUN_NAMES) | RUN]


def test_the_file_of_a_version_without_a_schema_version_is_taken_as_it_is(tmp_path: Path) -> None:
    file = written(tmp_path, list(RUN_NAMES), list(LAYER_NAMES))
    with Results(tmp_path) as results:
        assert results.runs(["r1"]) == [dict.fromkeys(RUN_NAMES) | RUN]
        assert results.layers(["r1"]) == [dict.fromkeys(LAYER_NAMES) | LAYER]
    assert version_of(file) == SCHEMA_VERSION


def test_an_older_file_gains_the_columns_that_it_lacks(tmp_path: Path) -> None:
    runs = [name for name in RUN_NAMES if name not in ("static_energy_pj", "area")]
    layers = [name for name in LAYER_NAMES if name not in ("below_roofline", "roofline_cycles")]
    written(tmp_path, runs, layers)
    with Results(tmp_path) as results:
        assert results.finished() == {"r1"}
        results.keep([RUN | {"run": "r2", "area": 8.0}], [LAYER | {"run": "r2", "below_roofline": True}])
        old, new = results.runs(["r1", "r2"])
        assert list(old) == list(new) == list(RUN_NAMES)
        assert (old["area"], new["area"], old["energy_pj"]) == (None, 8.0, 3.5)
        assert [row["below_roofline"] for row in results.layers(["r1", "r2"])] == [None, 1]


def test_a_newer_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = written(tmp_path, [*RUN_NAMES, "carbon"], list(LAYER_NAMES), version=SCHEMA_VERSION + 1)
    before = file.read_bytes()
    with pytest.raises(InputError, match="a newer onnx2zz wrote it"):
        Results(tmp_path)
    assert file.read_bytes() == before


@pytest.mark.parametrize(("more", "key"), [(["price"], "run, id"), ([], "id, run")])
def test_another_program_s_table_is_refused_and_left_as_it_is(more: Sequence[str], key: str, tmp_path: Path) -> None:
    file = written(tmp_path, list(RUN_NAMES), [*LAYER_NAMES, *more], key=key)
    before = file.read_bytes()
    with pytest.raises(InputError, match="its table layers is another program's"):
        Results(tmp_path)
    assert file.read_bytes() == before


OF_SYSTEMS = ("schedule", "frames", "on_cores")


def test_each_column_of_a_run_is_where_it_was() -> None:
    assert ("accelerator", "mapping", "opt", "lpf_limit", "precision", "locality", *OF_SYSTEMS) == columns.OPTIONS
    assert set(columns.SHARED) == {*columns.OPTIONS, "template", "parameters", "area"}
    assert columns.MINIMISED[:3] == ("energy_pj", "latency_cycles", "area")  # a front's unless told otherwise
    assert set(columns.SUMMED) == {*columns.MINIMISED, "macs", "bound_cycles"} - {"area", "cores"}
    assert columns.LARGEST == ("cores",)
    assert all(columns.LABELS.values())
