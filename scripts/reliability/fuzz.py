"""Coverage-guided fuzzing of every kind of file that is read (needs the extra `fuzz`: atheris).

    python -m scripts.reliability.fuzz model --seconds 600

Each input is given to the command that reads such a file, in this process. It must end with an answer or a sentence:
exit code 0, 1 or 3, within 60 s, with nothing written outside its folder, no connection made, no process started and
nothing unpickled. What does not is kept in findings/ and the fuzzer goes on; figures go to docs/measured/fuzz.jsonl.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from scripts.measurements import MEASURED, ROOT, Measurements
from scripts.reliability.fuzzing.kinds import KINDS

MEASUREMENTS: Measurements[Mapping[str, str | int]] = Measurements(MEASURED / "fuzz.jsonl")
SLACK_S = 600
MOST_ENDS = 10


def fuzzed(kind: str, seconds: int, findings: Path) -> dict[str, str | int]:
    """Fuzz one kind, from the beginning again where an input ended the fuzzer; what was counted.

    `ended`: how often that was. It is a finding each time.
    """
    begun, ended, found = time.monotonic(), 0, Counter(inputs=0, findings=0)
    while (left := round(seconds - (time.monotonic() - begun))) > 0 and ended < MOST_ENDS:
        code, counts = _fuzzed_once(kind, left, findings)
        found.update(counts)
        ended += bool(code)
    return {"kind": kind, "seconds": seconds, "ended": ended, **found, "findings": found["findings"] + ended}


def _fuzzed_once(kind: str, seconds: int, findings: Path) -> tuple[int, dict[str, int]]:
    """In a process of its own, as libFuzzer never returns: its exit code and counts."""
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        command = [
            sys.executable,
            "-m",
            "scripts.reliability.fuzzing.target",
            kind,
            str(seconds),
            str(counts),
            str(findings),
        ]
        with (Path(folder) / "log").open("w") as log:
            code = ended(command, log, Path(folder), seconds + SLACK_S)
        if code:
            shutil.copytree(Path(folder) / "work", findings / f"{kind}-last", dirs_exist_ok=True)
        said = (Path(folder) / "log").read_text(errors="replace")
        found: dict[str, int] = json.loads(counts.read_text()) if counts.is_file() else {}
    if code:
        print(f"{kind}: the fuzzer ended with {code}\n{said[-2000:]}", file=sys.stderr)
    return code, found


def ended(command: list[str], log: IO[str], folder: Path, seconds: int) -> int:
    """The exit code; that of `timeout` for a process which nothing but the kernel can stop any more."""
    try:
        environment = {**os.environ, "TMPDIR": str(folder)}
        return subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, env=environment, timeout=seconds).returncode
    except subprocess.TimeoutExpired:
        return 124


def main() -> None:
    """Exit code 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all, without any")
    parser.add_argument("--seconds", type=int, default=300, help="for each kind")
    parser.add_argument("--findings", type=Path, default=ROOT / "findings")
    parser.add_argument("--keep", action="store_true", help="add the figures to docs/measured")
    asked = parser.parse_args()
    bad = 0
    for kind in asked.kinds or KINDS:
        line = fuzzed(kind, asked.seconds, asked.findings.resolve())
        print(json.dumps(line), flush=True)
        bad += bool(line["findings"])
        if asked.keep:
            MEASUREMENTS.keep(line)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
