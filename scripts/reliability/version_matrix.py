"""Run the quick tests with the oldest and the newest of each dependency that pyproject.toml allows, on every Python.

    python -m scripts.reliability.version_matrix --keep

Needs uv (`pip install uv`) and the interpreters; one that is not on this machine is left out, and said. A line a
combination goes to docs/measured/versions.jsonl.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NotRequired, TypedDict

from scripts.measurements import MEASURED, ROOT, Measurements

PYTHONS = ("3.11", "3.12", "3.13")
RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
TOOLS = ("pytest>=8.2,<10", "hypothesis>=6.100,<7")
QUICK = (
    *("tests/ir/test_layer.py", "tests/test_networks.py", "tests/frontend", "tests/emission", "tests/lowering"),
    *("tests/pricing/test_run.py", "tests/pricing/test_store.py", "tests/pricing/test_price_cache.py"),
    *("tests/zigzag/test_price.py", "tests/cli/test_evaluate_command.py", "tests/ops/test_conv.py"),
)
"""The pipeline from end to end, in a minute: what breaks with a version breaks here."""


class Tried(TypedDict):
    """A Python and an end of the bounds: what was installed, and what came of the quick tests."""

    python: str
    dependencies: str
    versions: NotRequired[dict[str, str]]
    outcome: str
    said: str
    failed: NotRequired[list[str]]


MEASUREMENTS: Measurements[Tried] = Measurements(MEASURED / "versions.jsonl")


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Never downloads an interpreter."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    return subprocess.run([_uv(), *arguments], capture_output=True, text=True, env=environment, cwd=ROOT)


def _uv() -> str:
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if found is None:
        raise SystemExit("uv is not there: pip install uv")
    return found


def interpreter(version: str) -> str | None:
    """Where this Python is, None where it is not."""
    found = uv("python", "find", version)
    return found.stdout.strip() if found.returncode == 0 else None


def tried(python: str, version: str, end: str, folder: Path) -> Tried:
    """Install one end of the bounds and run the quick tests; what came of it."""
    own = folder / "bin" / "python"
    made = uv("venv", "--quiet", "--python", python, str(folder))
    wanted = ["-e", ".[dataframe,parquet,plot]", *TOOLS]
    if not made.returncode:
        made = uv("pip", "install", "--quiet", "--python", str(own), "--resolution", RESOLUTIONS[end], *wanted)
    if made.returncode:
        said = made.stderr.strip()[-400:]
        return {"python": version, "dependencies": end, "outcome": "does not install", "said": said}
    versions = installed(own)
    existing = [test for test in QUICK if (ROOT / test).exists()]
    command = [str(own), "-m", "pytest", "-q", "-p", "no:cacheprovider", *existing]
    tests = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    failed = [said.split(" ")[1] for said in tests.stdout.splitlines() if said.startswith(("FAILED", "ERROR"))]
    last = (tests.stdout.strip().splitlines() or [tests.stderr[-200:]])[-1]
    return {
        "python": version,
        "dependencies": end,
        "versions": versions,
        "outcome": "passes" if tests.returncode == 0 else "fails",
        "said": last,
        "failed": failed[:20],
    }


def installed(python: Path) -> dict[str, str]:
    """The versions of what pyproject.toml names."""
    every = json.loads(uv("pip", "list", "--format", "json", "--python", str(python)).stdout)
    versions = {one["name"].lower(): one["version"] for one in every}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = [*project["dependencies"], *extras["dataframe"], *extras["plot"], *extras["parquet"]]
    names = [requirement.split(">=")[0].split("[")[0] for requirement in named]
    return {name: versions.get(name, "not there") for name in names}


def main() -> None:
    """Exit code 1 if a combination that can be tried does not pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", choices=PYTHONS, action="append", help="only this one")
    parser.add_argument("--end", choices=RESOLUTIONS, action="append", help="only these versions")
    parser.add_argument("--keep", action="store_true", help="add the outcomes to docs/measured")
    asked, bad = parser.parse_args(), 0
    for version in asked.python or PYTHONS:
        python = interpreter(version)
        if python is None:
            print(f"Python {version} is not on this machine", file=sys.stderr)
            continue
        for end in asked.end or RESOLUTIONS:
            with tempfile.TemporaryDirectory() as folder:
                line = tried(python, version, end, Path(folder) / "venv")
            print(json.dumps(line), flush=True)
            bad += line["outcome"] != "passes"
            if asked.keep:
                MEASUREMENTS.keep(line)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
