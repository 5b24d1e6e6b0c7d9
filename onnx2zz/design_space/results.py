"""What a sweep found, in one sqlite file: a row a run, a row a layer. A run is there whole, or not at all."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from onnx2zz.design_space.columns import COLUMNS as RUN_COLUMNS
from onnx2zz.design_space.columns import NAMES as RUN_NAMES
from onnx2zz.errors import InputError, Problem
from onnx2zz.pricing.columns import COLUMNS
from onnx2zz.pricing.result import Evaluation

FILE = "sweep.sqlite"
PATIENCE_S = 30

Row = Mapping[str, Any]

SWEPT = tuple(column for column in COLUMNS if column.swept_since is not None)
LAYER_NAMES = ("run", *(column.name for column in SWEPT))
SCHEMA_VERSION = max(*(column.since for column in RUN_COLUMNS), *(column.swept_since or 0 for column in SWEPT))
"""Of the file, and not of onnx2zz: that of its youngest column. 0 is what onnx2zz 0.1.0 wrote: the columns of 1."""


def layer_rows(run: str, evaluation: Evaluation) -> list[Row]:
    """A row for each layer; its spatial mapping is JSON."""
    return [{"run": run, **{column.name: column.value(layer) for column in SWEPT}} for layer in evaluation.layers]


TABLES = (("runs", RUN_NAMES, ("run",)), ("layers", LAYER_NAMES, ("run", "id")))
"""Each table with its columns and its key."""


def _bring_up_to_date(connection: sqlite3.Connection, table: str, columns: Sequence[str], key: Sequence[str]) -> None:
    """Raises DatabaseError for a table that no onnx2zz wrote: with another key, or with columns that we never had."""
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)}, PRIMARY KEY ({', '.join(key)})) WITHOUT ROWID"
    )
    there = connection.execute(f"PRAGMA table_info({table})").fetchall()
    keys = [row["name"] for row in sorted(there, key=lambda row: row["pk"]) if row["pk"]]
    names = [row["name"] for row in there]
    if keys != list(key) or not set(names) <= set(columns):
        raise sqlite3.DatabaseError(f"its table {table} is another program's, or of another version of onnx2zz")
    for column in columns:
        if column not in names:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


class Results:
    """The file of one sweep. Raises InputError where it cannot be used. Use as a context manager."""

    def __init__(self, folder: Path):
        self.path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=PATIENCE_S, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._bring_up_to_date()
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                Problem(str(self.path), f"cannot be used ({error})", "choose another folder: -o")
            ) from error

    def _bring_up_to_date(self) -> None:
        """Makes the tables, or gives those of an older onnx2zz the columns that they lack; old rows are empty there.

        In one transaction: whoever opens the file meanwhile waits, and a file that is refused stays as it was.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        with self._connection:
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"a newer onnx2zz wrote it: its schema is {version}, ours {SCHEMA_VERSION}")
            for table, columns, key in TABLES:
                _bring_up_to_date(self._connection, table, columns, key)
            if version < SCHEMA_VERSION:
                self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def finished(self) -> frozenset[str]:
        """The runs that are there."""
        return frozenset(row["run"] for row in self._connection.execute("SELECT run FROM runs"))

    def keep(self, runs: Iterable[Row], layers: Iterable[Row]) -> None:
        """Add runs with their layers, all or none. Raises InputError where there is no room for them."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:  # commits, or rolls back
                self._insert("runs", RUN_NAMES, runs)
                self._insert("layers", LAYER_NAMES, layers)
        except sqlite3.Error as error:
            way_out = "make room, and start the sweep again: it goes on from here"
            raise InputError(Problem(str(self.path), f"cannot be written ({error})", way_out)) from error

    def _insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        values = ([row.get(column) for column in columns] for row in rows)
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})", values)

    def runs(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of these runs, in this order; those that are not there are left out."""
        found = f"SELECT {', '.join(RUN_NAMES)} FROM runs"
        rows = {row["run"]: dict(row) for row in self._connection.execute(found)}
        return [rows[key] for key in keys if key in rows]

    def layers(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of the layers of these runs, in this order."""
        found = f"SELECT {', '.join(LAYER_NAMES)} FROM layers WHERE run = ? ORDER BY id"
        return [dict(row) for key in keys for row in self._connection.execute(found, (key,))]

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
