"""Files of arrays, caches and weights: no code in them runs, none of them is followed out of its folder."""

import pickle
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from onnx import helper

from onnx2zz.pricing.cache_on_disk import FILE
from tests.hostile.hostile_files import FINE, INPUT_AT_FAULT, model, save, verdict
from tests.small_workloads import gemm


class Touch:
    """Unpickled, it leaves a file."""

    def __reduce__(self):
        return Path.touch, (Path("out/pwned"),)


def pickled(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, x=np.array([Touch()], dtype=object))


def archive(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, content)


NPZ: dict[str, Callable[[Path], object]] = {
    "pickles": pickled,
    "a pickle": lambda path: path.write_bytes(pickle.dumps(Touch())),
    "nothing": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"hello"),
    "half a file": lambda path: (np.savez(path, x=np.ones(9)), path.write_bytes(path.read_bytes()[:50])),
    "an array that claims a terabyte": lambda path: path.write_bytes(_claims(2**40)),
    "a bomb": lambda path: np.savez_compressed(path, x=np.zeros(1 << 24)),
    "an archive of bytes": lambda path: archive(path, "x.npy", b"not an array"),
    "another input": lambda path: np.savez(path, z=np.ones(3)),
    "another shape": lambda path: np.savez(path, x=np.ones((3, 5), np.float32)),
}


def _claims(elements: int) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({elements},)}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize("write", NPZ.values(), ids=NPZ.keys())
def test_a_bad_file_of_inputs_is_refused(
    write: Callable[[Path], object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "x.npz")
    (tmp_path / "out").mkdir()
    name = save(model([helper.make_node("Relu", ["x"], ["y"])]), tmp_path)
    assert verdict(["verify", name, "--inputs", "x.npz"], tmp_path) == INPUT_AT_FAULT
    assert "error: x.npz" in capsys.readouterr().err
    assert not (tmp_path / "out" / "pwned").exists()


def evaluated(folder: Path) -> int:
    (folder / "net.yaml").write_text(yaml.safe_dump([gemm(0, None, "fc", k=6, c=5)]))
    return verdict(["evaluate", "net.yaml", "--arch", "tpu_like", "--cache", "out", "-o", "out"], folder)


@pytest.mark.parametrize("content", [b"", b"no database", pickle.dumps(Touch()), b"SQLite format 3\0" + b"\xff" * 500])
def test_a_damaged_cache_costs_its_contents_only(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / FILE).write_bytes(content)
    assert evaluated(tmp_path) == FINE
    assert not (tmp_path / "out" / "pwned").exists()


def test_a_price_that_somebody_changed_is_not_taken(tmp_path: Path) -> None:
    assert evaluated(tmp_path) == FINE
    right = (tmp_path / "out" / "result.json").read_text()
    with sqlite3.connect(tmp_path / "out" / FILE) as cache:
        cache.execute("UPDATE entries SET value = replace(value, '1', '7')")
    assert evaluated(tmp_path) == FINE
    assert (tmp_path / "out" / "result.json").read_text() == right


@pytest.mark.parametrize("place", ["/etc/hostname", "../secret", "link"])
def test_weights_elsewhere_are_not_read(place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They count as missing: the folder of the model is all that it may reach."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret").write_bytes(b"\0" * 4096)
    (inner / "link").symlink_to(tmp_path / "secret")
    weight = onnx.TensorProto(name="w", data_type=1, dims=[5, 7], data_location=onnx.TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=place)
    proto = model([helper.make_node("MatMul", ["x", "w"], ["y"])], x=(3, 5))
    proto.graph.initializer.append(weight)
    assert verdict(["verify", save(proto, inner)], inner) == FINE
