"""--layer-timeout and --memory-limit: what takes too much is given up, and said."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.cli.memory_limit import memory_limit_option
from tests.hostile.hostile_files import FINE, INPUT_AT_FAULT, NOT_PRICED, verdict
from tests.small_workloads import gemm

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of the operating system")
ENDLESS = gemm(1, 0, "L1_endless", b=2**5, k=2**12 * 3, c=2**9 * 35)
"""Far more than a million orderings, which ZigZag's own search prices one by one."""


def test_a_layer_that_takes_too_long_is_reported_and_the_rest_is_priced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [gemm(0, None, "L0_short", k=6, c=5), ENDLESS, gemm(2, 1, "L2_short", k=7, c=3)]
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(layers))
    command = ["evaluate", "net.yaml", "--arch", "tpu_like", "--mapping", "tpu_like", "-o", "out"]
    command += ["--search", "exhaustive", "--lpf-limit", "12"]
    assert verdict([*command, "--layer-timeout", "4", "--no-cache", "--json", "-"], tmp_path) == NOT_PRICED
    said = capsys.readouterr()
    result = json.loads(said.out)
    errors = [layer["error"] for layer in result["layers"]]
    assert errors == [None, "L1_endless: took longer than 4 s (--layer-timeout)", None]
    assert result["total"]["incomplete"] and result["total"]["macs"] == 6 * 5 + 7 * 3
    assert "not priced: L1_endless: took longer than 4 s" in said.err


@click.command()
@memory_limit_option
def hungry() -> None:
    bytearray(1 << 28)


def test_the_limit_holds_for_the_command_and_ends_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    assert run(["--memory-limit", "1M"], hungry) == INPUT_AT_FAULT
    assert "not enough memory" in capsys.readouterr().err
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert run([], hungry) == FINE


IN_A_PROCESS_OF_ITS_OWN = """
from tests.hostile.test_limits import hungry
from onnx2zz.cli.main import run

bytearray(31 << 20)  # freed at once: from here on blocks of its size are malloc's own, and not mapped one by one
blocks = [bytearray(30 << 20) for _ in range(12)]
above = [bytearray(200_000) for _ in range(20)]  # keeps what lies below from going back to the system
blocks.clear()
print([run(options, hungry) for options in (["--memory-limit", "1M"], ["--memory-limit", "1M"], [])])
"""


def test_the_limit_holds_in_a_process_that_had_more_and_freed_it() -> None:
    root = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN]
    done = subprocess.run(command, env=root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [INPUT_AT_FAULT, INPUT_AT_FAULT, FINE]


def test_a_limit_has_a_unit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "lenet5", "--memory-limit", "lots"]) == 2
    assert "write 512M or 4G" in capsys.readouterr().err
