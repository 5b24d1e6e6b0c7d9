"""A ZigZag that we have not tested is said, with what it means."""

from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.zigzag import tested
from tests.small_workloads import gemm


def test_the_installed_version_is_one_that_we_test() -> None:
    assert tested.doubt() is None


def test_another_version_is_said_once_and_priced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tested, "TESTED", ("3.9.0",))
    (tmp_path / "net.yaml").write_text(yaml.safe_dump([gemm(0, None, "fc", k=6, c=5), gemm(1, 0, "fc2", k=9, c=6)]))
    command = ["evaluate", str(tmp_path / "net.yaml"), "--arch", "tpu_like", "--lpf-limit", "2", "--no-cache"]
    assert run([*command, "-o", str(tmp_path / "out")]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(warnings) == 1
    assert "was tested with 3.9.0" in warnings[0] and "--paranoid" in warnings[0]
