"""SIGKILL at random moments of evaluate and sweep, then another start: nothing is lost (reliability/kills.py)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_ten_kills_lose_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.reliability.kills", "--kills", "10"], capture_output=True, text=True, cwd=ROOT
    )
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(case["command"], case["jobs"], case["kills"]) for case in cases] == [
        *(("evaluate", 1, 4), ("sweep", 1, 4), ("evaluate", 2, 1), ("sweep", 2, 1))
    ]
    assert all(case["differences"] == 0 for case in cases)
