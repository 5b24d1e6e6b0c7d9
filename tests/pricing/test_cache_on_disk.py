"""The cache's file: exact values, several writers, and files that are not to be trusted."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.pricing.cache_on_disk import FILE, Store


def silent(sentence: str) -> None:
    pytest.fail(f"nothing was to be said: {sentence}")


def filled(folder: Path, **values: dict[str, float | list[list[int | str]]] | float | str) -> Path:
    with Store(folder, silent) as store:
        for key, value in values.items():
            store.put(key, value)
    return folder / FILE


def test_another_run_finds_what_was_put(tmp_path: Path) -> None:
    filled(tmp_path / "new" / "folder", conv={"energy_pj": 0.1 + 0.2, "loops": [["K", 12]]})
    with Store(tmp_path / "new" / "folder", silent) as store:
        assert store.get("conv") == {"energy_pj": 0.30000000000000004, "loops": [["K", 12]]}
        assert store.get("pool") is None
        assert store.count() == 1
        store.clear()
        assert (store.get("conv"), store.count()) == (None, 0)


@given(number=st.floats(allow_nan=False))
def test_floats_come_back_bit_for_bit(number: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Store(tmp_path_factory.mktemp("floats"), silent) as store:
        store.put("x", number)
        found = store.get("x")
        assert isinstance(found, float) and found.hex() == number.hex()


@pytest.mark.parametrize(
    "content", [b"layer: 1\n" * 200, b"SQLite format 3\0" + b"\x07" * 4000], ids=["a text", "a torn header"]
)
def test_a_file_that_is_no_database_is_set_aside(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(content)
    said: list[str] = []
    with Store(tmp_path, said.append) as store:
        store.put("conv", 7)
        assert store.get("conv") == 7
    (sentence,) = said
    (aside,) = tmp_path.glob("*.set-aside-*")
    assert aside.name in sentence and "damaged or no database" in sentence
    assert aside.read_bytes() == content


def test_another_programs_database_is_set_aside(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("CREATE TABLE entries (key, value, digest)")
    other.close()
    said: list[str] = []
    with Store(tmp_path, said.append) as store:
        assert store.count() == 0
    assert len(said) == 1 and "is another program's" in said[0]


def test_a_torn_file_is_set_aside(tmp_path: Path) -> None:
    path = filled(tmp_path, **{f"layer{i}": "x" * 3000 for i in range(50)})
    content = bytearray(path.read_bytes())
    content[4096 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4096)
    path.write_bytes(content)
    said: list[str] = []
    with Store(tmp_path, said.append) as store:
        assert store.get("layer3") is None
    assert len(said) == 1 and "damaged" in said[0]


def test_a_row_that_was_changed_is_as_good_as_none(tmp_path: Path) -> None:
    path = filled(tmp_path, conv=12.5, pool=3.5)
    other = sqlite3.connect(path)
    other.execute("UPDATE entries SET value = '13.5' WHERE key = 'conv'")
    other.commit()
    other.close()
    with Store(tmp_path, silent) as store:
        assert (store.get("conv"), store.get("pool")) == (None, 3.5)


def test_a_folder_that_cannot_be_is_done_without_and_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said: list[str] = []
    with Store(tmp_path / "file", said.append) as store:
        store.put("conv", 7)
        assert (store.get("conv"), store.count()) == (None, 0)
    assert len(said) == 1 and "is not used" in said[0]


def test_a_cache_that_cannot_be_written_any_more_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    with Store(tmp_path, said.append) as store:
        other = sqlite3.connect(tmp_path / FILE)
        other.execute("DROP TABLE entries")
        other.commit()
        other.close()
        store.put("conv", 7)
        store.put("pool", 3)
    assert len(said) == 1 and "is not used" in said[0]


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from onnx2zz.pricing.cache_on_disk import Store
with Store(Path(sys.argv[1]), sys.exit) as store:
    for i in range(200):
        store.put(f"{sys.argv[2]}{i}", i)
        store.put("both", sys.argv[2])
"""
    writers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    with Store(tmp_path, silent) as store:
        assert store.count() == 401
        assert (store.get("a199"), store.get("b0")) == (199, 0)
        assert store.get("both") in ("a", "b")
