"""What a sweep found, in one sqlite file: a row a run, a row a layer. A run is there whole, or not at all."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from onnx2zz.errors import InputError, Problem
from onnx2zz.pricing.result import BEYOND, Evaluation, LayerResult

FILE = "sweep.sqlite"
PATIENCE_S = 30

Row = Mapping[str, Any]

RUN_COLUMNS = (
    "run",
    "model",
    "accelerator",
    "template",
    "parameters",
    "mapping",
    "opt",
    "lpf_limit",
    "precision",
    "locality",
    "energy_pj",
    "latency_cycles",
    "area",
    "macs",
    "layers",
    "not_priced",
    "latency_ns",
    "corrected_energy_pj",
    "static_energy_pj",
    "zigzag",
    "onnx2zz",
)
"""`run` is a digest of everything that the numbers depend on."""
LAYER_COLUMNS = ("run", *(f.name for f in fields(LayerResult) if f.name not in (*BEYOND, "from_cache")))


def numbers(evaluation: Evaluation, area: float) -> Row:
    """The columns of a run that an evaluation fills; a run with layers that have no price, or with MACs left to the
    host, has no totals either, since they would look better than they are."""
    total, physical = evaluation.total, evaluation.total.physical
    whole = {
        "energy_pj": total.energy_pj,
        "latency_cycles": total.latency_cycles,
        "latency_ns": physical and physical.latency_ns,
        "corrected_energy_pj": physical and physical.corrected_energy_pj,
        "static_energy_pj": physical and physical.static_energy_pj,
    }
    return {
        **(dict.fromkeys(whole) if total.incomplete else whole),
        "area": area,
        "macs": total.macs,
        "layers": len(evaluation.layers),
        "not_priced": len(evaluation.unpriced),
        "zigzag": evaluation.zigzag,
        "onnx2zz": evaluation.onnx2zz,
    }


def layer_rows(run: str, evaluation: Evaluation) -> list[Row]:
    """A row for each layer; its spatial mapping is JSON."""
    return [
        {"run": run, **{name: _plain(getattr(layer, name)) for name in LAYER_COLUMNS[1:]}}
        for layer in evaluation.layers
    ]


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, Mapping) else value


class Results:
    """The file of one sweep. Raises InputError where it cannot be used. Use as a context manager."""

    def __init__(self, folder: Path):
        self.path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=PATIENCE_S, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._create("runs", RUN_COLUMNS, "run")
            self._create("layers", LAYER_COLUMNS, "run, id")
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                Problem(str(self.path), f"cannot be used ({error})", "choose another folder: -o")
            ) from error

    def _create(self, table: str, columns: Sequence[str], key: str) -> None:
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)}, PRIMARY KEY ({key})) WITHOUT ROWID"
        )
        there = [row["name"] for row in self._connection.execute(f"PRAGMA table_info({table})")]
        if there != list(columns):
            raise sqlite3.DatabaseError(f"its table {table} is another program's, or of another version of onnx2zz")

    def finished(self) -> frozenset[str]:
        """The runs that are there."""
        return frozenset(row["run"] for row in self._connection.execute("SELECT run FROM runs"))

    def keep(self, runs: Iterable[Row], layers: Iterable[Row]) -> None:
        """Add runs with their layers, all or none. Raises InputError where there is no room for them."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:  # commits, or rolls back
                self._insert("runs", RUN_COLUMNS, runs)
                self._insert("layers", LAYER_COLUMNS, layers)
        except sqlite3.Error as error:
            way_out = "make room, and start the sweep again: it goes on from here"
            raise InputError(Problem(str(self.path), f"cannot be written ({error})", way_out)) from error

    def _insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        values = ([row.get(column) for column in columns] for row in rows)
        self._connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(columns))})", values)

    def runs(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of these runs, in this order; those that are not there are left out."""
        rows = {row["run"]: dict(row) for row in self._connection.execute("SELECT * FROM runs")}
        return [rows[key] for key in keys if key in rows]

    def layers(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of the layers of these runs, in this order."""
        found = "SELECT * FROM layers WHERE run = ? ORDER BY id"
        return [dict(row) for key in keys for row in self._connection.execute(found, (key,))]

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
