"""Keys and JSON values in one sqlite file that several processes may write: what earlier runs found.

Nothing in here may end a run. A file that cannot be opened or written is done without, one that is damaged or not ours
is renamed, a row whose digest does not fit is as good as none; each is said once, by `tell`.
"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

APPLICATION_ID = 0x6F32_7A7A
"""Says in the file's header whose it is: `o2zz`."""
FILE = "prices-1.sqlite"
"""The number is the table's format; the values have theirs in their keys."""
COMPILES = "compiles-1.sqlite"
"""What compiles gave: of a large network as much as all its prices, so that it has a file of its own."""
PATIENCE_S = 30
NOT_OURS = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


def folder_or_default(folder: Path | None) -> Path:
    """The folder asked for, else the user's (XDG Base Directory Specification)."""
    return folder or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "onnx2zz"


class _ForeignFileError(Exception):
    """The file is not one of ours, or damaged."""


class Store:
    """What is under a key, across runs. Use as a context manager, or `close` it."""

    def __init__(self, folder: Path, tell: Callable[[str], None], file: str = FILE):
        self.path, self._tell = folder / file, tell
        self._connection: sqlite3.Connection | None = None
        with self._doing_without():
            self._connection = self._opened()

    def get(self, key: str) -> object:
        """The value under `key`, or None."""
        with self._doing_without():
            if self._connection is not None:
                row = self._connection.execute("SELECT value, digest FROM entries WHERE key = ?", (key,)).fetchone()
                # The digest holds the key as well: a value that a fault of the disk put under another key would be a
                # wrong price.
                return json.loads(row[0]) if row and row[1] == _digest(key, row[0]) else None
        return None

    def put(self, key: str, value: object) -> None:
        """Keep `value` (what JSON can hold; floats come back bit for bit) under `key`."""
        text = json.dumps(value)
        with self._doing_without():
            if self._connection is not None:
                row = (key, text, _digest(key, text))
                self._connection.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", row)

    def count(self) -> int:
        """How many values there are."""
        with self._doing_without():
            if self._connection is not None:
                return self._connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        return 0

    def clear(self) -> None:
        """Forget everything."""
        with self._doing_without():
            if self._connection is not None:
                self._connection.execute("DELETE FROM entries")
                self._connection.execute("VACUUM")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _doing_without(self) -> Generator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            # Once is enough: a disk that is full would be complained of for every layer.
            self._connection = None
            self._tell(f"the cache {self.path} is not used ({error})")

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(self.path)
        except _ForeignFileError as reason:
            aside = _set_aside(self.path)
            self._tell(f"the cache {self.path} {reason}: it is now {aside.name}, and a new one is begun")
            return _connect(self.path)


def _connect(path: Path) -> sqlite3.Connection:
    """Raises _ForeignFileError if there is a file that is not to be trusted."""
    connection = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
    try:
        begun = _is_begun(connection)
        _in_wal_mode(connection)
        # In WAL mode that may lose the last prices when the power goes, and damages nothing; FULL waits for the disk
        # each time.
        connection.execute("PRAGMA synchronous = NORMAL")
        # A file that has its table is not written again: what is only read from needs no log, and none to be emptied.
        if not begun:
            _create(connection)
        return connection
    # Also on Ctrl-C: a connection that is left open keeps its lock until the process ends.
    except BaseException as error:
        connection.close()
        if getattr(error, "sqlite_errorname", None) in NOT_OURS:
            raise _ForeignFileError(f"is damaged or no database ({error})") from error
        raise


def _is_begun(connection: sqlite3.Connection) -> bool:
    """Whether the file has its table. Raises _ForeignFileError where it is another program's, or damaged."""
    # An empty file is nobody's: another process may have made it a moment ago and not yet written its header.
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise _ForeignFileError("is another program's")
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _ForeignFileError(f"is damaged ({' '.join(verdict.split())})")
    return bool(tables)


def _create(connection: sqlite3.Connection) -> None:
    # The header and the table in one transaction: a process that is killed between the two would leave a file that
    # looks like another program's.
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    columns = "key TEXT PRIMARY KEY, value TEXT NOT NULL, digest TEXT NOT NULL"
    connection.execute(f"CREATE TABLE IF NOT EXISTS entries ({columns}) WITHOUT ROWID")
    connection.execute("COMMIT")


def _in_wal_mode(connection: sqlite3.Connection) -> None:
    """Sqlite does not wait for others when it changes the mode, whatever the timeout."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", None) != "SQLITE_BUSY" or time.monotonic() > until:
                raise
            time.sleep(0.05)


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.set-aside-{time.time_ns()}")
    # What stays in the log belongs to the old file, and would be played into the new one.
    for suffix in ("", "-wal", "-shm"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.replace(aside.with_name(aside.name + suffix))
    return aside


def _digest(key: str, value: str) -> str:
    return sha256(f"{key}\n{value}".encode()).hexdigest()
