"""Files that are whole or not there, in folders that others may write to as well."""

import os
import stat
from pathlib import Path

import pytest

from onnx2zz.errors import InputError
from onnx2zz.files.written_file import write_together, write_whole, write_whole_bytes

posix = pytest.mark.skipif(os.name != "posix", reason="names and links of POSIX systems")
HEX = "0123456789abcdef" * 4


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The names from which files took their places, in order."""
    taken: list[Path] = []
    replace = Path.replace

    def noted(path: Path, target: Path) -> Path:
        taken.append(path)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", noted)
    return taken


def test_a_temporary_name_lies_beside_the_file_and_is_another_each_time(tmp_path: Path, temporary: list[Path]) -> None:
    for content in (b"one", b"two"):
        write_whole_bytes(tmp_path / "result.json", content)
    write_together(tmp_path / "workload.yaml", "w", {tmp_path / "coverage.json": "c", tmp_path / "mapping.yaml": None})
    assert {path.parent for path in temporary} == {tmp_path}
    assert len({path.name for path in temporary}) == len(temporary) == 4
    assert all(len(path.name) <= 32 and str(os.getpid()) != path.name.split(".")[-1] for path in temporary)
    assert names(tmp_path) == ["coverage.json", "result.json", "workload.yaml"]


@posix
@pytest.mark.parametrize("length", [249, 255])
def test_a_name_as_long_as_a_file_system_takes_is_no_problem(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("n" * (length - 5) + ".json")
    write_whole(path, "one")
    write_together(path, "two", {path.with_name("o" * length): "three"})
    assert (path.read_text(), len(path.name)) == ("two", length)
    assert len(names(tmp_path)) == 2


def test_a_name_that_is_too_long_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / ("n" * 256), "one")
    assert names(tmp_path) == []


def token(size: int) -> str:
    return HEX[: 2 * size]


@posix
@pytest.mark.parametrize("planted", ["link", "dangling", "file", "folder"])
def test_what_is_planted_under_the_temporary_name_is_neither_followed_nor_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    """As if the name had been guessed: it is taken once the first byte is to be written."""
    monkeypatch.setattr("onnx2zz.files.written_file.secrets.token_hex", token)
    precious = tmp_path / "precious"
    if planted != "dangling":
        precious.write_text("mine")
    folder = tmp_path / "shared"
    folder.mkdir()
    beside = folder / f".onnx2zz-{HEX[:16]}"
    if planted == "file":
        beside.write_text("theirs")
    elif planted == "folder":
        beside.mkdir()
    else:
        beside.symlink_to(precious)
    with pytest.raises(InputError, match=r"cannot be written \(File exists\)"):
        write_whole(folder / "result.json", "ours")
    assert names(folder) == [beside.name]
    assert planted != "file" or beside.read_text() == "theirs"
    assert precious.exists() == (planted != "dangling")
    assert not precious.exists() or precious.read_text() == "mine"


@posix
@pytest.mark.parametrize("leads_to", ["a file", "nothing", "a pipe", "a folder"])
def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(tmp_path: Path, leads_to: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    if leads_to == "a file":
        elsewhere.write_text("mine")
    elif leads_to == "a pipe":
        os.mkfifo(elsewhere)  # following it would wait for a reader for ever
    elif leads_to == "a folder":
        elsewhere.mkdir()
    path = tmp_path / "result.json"
    path.symlink_to(elsewhere)
    write_whole(path, "ours")
    assert (path.is_symlink(), path.read_text()) == (False, "ours")
    assert leads_to != "a file" or elsewhere.read_text() == "mine"
    assert elsewhere.exists() == (leads_to != "nothing")


@posix
def test_a_pipe_and_a_device_are_written_to(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "through")
    assert os.read(reading, 100) == b"through"
    os.close(reading)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    for device in ("/dev/stdout", "/dev/fd/1"):
        if Path(device).exists():
            write_whole(Path(device), "said")
            assert capfdbinary.readouterr().out == b"said"


def test_two_containers_with_the_same_process_number_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second writes the same file between the first's writing and its rename."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    path, replace = tmp_path / "result.json", Path.replace
    seen: list[str] = []

    def replace_after_another(beside: Path, target: Path) -> Path:
        if not seen:
            seen.append(beside.read_text())
            write_whole(path, "theirs")
            seen.append(path.read_text())
        return replace(beside, target)

    monkeypatch.setattr(Path, "replace", replace_after_another)
    write_whole(path, "ours")
    assert seen == ["ours", "theirs"]
    assert path.read_text() == "ours" and names(tmp_path) == ["result.json"]


@posix
def test_a_file_has_the_mode_that_the_user_asks_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "result.json", "ours")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "result.json").stat().st_mode) == 0o640
