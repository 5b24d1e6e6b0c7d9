"""What is installed, against importlib.metadata."""

import sys
from importlib.metadata import PackageNotFoundError, distributions, entry_points
from importlib.metadata import version as by_metadata
from pathlib import Path

import pytest

from onnx2zz.installed import any_plugs_into, version


@pytest.mark.parametrize("name", ["onnx2zz", "zigzag-dse", "onnx", "numpy", "PyYAML", "rich"])
def test_versions(name: str) -> None:
    assert version(name) == by_metadata(name)


def test_the_first_place_that_has_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in ("first", "second"):
        folder = tmp_path / number / f"invented_thing-{len(number)}.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Name: invented-thing\nVersion: {len(number)}.0\n")
        monkeypatch.setattr(sys, "path", [str(tmp_path / number), *sys.path])
    assert version("invented-thing") == by_metadata("invented-thing") == "6.0"


def test_what_is_not_there() -> None:
    with pytest.raises(PackageNotFoundError):
        version("no-such-thing")


def test_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert any_plugs_into("console_scripts")
    assert not any_plugs_into("no.such.group")
    folder = tmp_path / "invented_thing-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: invented-thing\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[no.such.group]\none = two\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert any_plugs_into("no.such.group")
    assert [one.name for one in entry_points(group="no.such.group")] == ["one"]


def test_every_group_that_somebody_has_is_found() -> None:
    groups = {one.group for found in distributions() for one in found.entry_points}
    assert groups
    assert all(any_plugs_into(group) for group in groups), sys.path
