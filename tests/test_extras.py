"""Extras that anything of ours tells people to install are there to be installed."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
NAMED = re.compile(r"(?:onnx2zz|-e \"?\.)\[([a-z,]+)\]")


def named() -> dict[str, str]:
    """Each extra that is asked for, and a file that asks for it."""
    files = [ROOT / "Makefile", ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    files += [*(ROOT / "onnx2zz").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
    return {
        extra: path.name for path in files for asked in NAMED.findall(path.read_text()) for extra in asked.split(",")
    }


def test_every_extra_that_is_named_exists() -> None:
    assert {"dev", "fuzz", "cluster", "plot"} <= named().keys()
    assert {extra: path for extra, path in named().items() if extra not in EXTRAS} == {}
