"""The files that CACTI's answer depends on: those of the installed ZigZag, found without importing it.

They are what is digested, and what a private copy consists of; so nothing else can have a say.
"""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

POOL = "example_mem_pool.yaml"
"""Where ZigZag keeps what CACTI said before, and looks first (cacti/cacti_parser.py:17)."""
SOURCES = (".cc", ".h", ".o", ".pyc")
LEFTOVERS = ("obj_dbg", "self_gen", "__pycache__")


def cacti_folder() -> Path:
    """Where the installed ZigZag has its CACTI."""
    spec = find_spec("zigzag")
    assert spec is not None and spec.submodule_search_locations, "zigzag-dse is a dependency of this package"
    return Path(spec.submodule_search_locations[0], "cacti", "cacti_master")


def cacti_digest() -> str:
    """A digest of the program, of its tables and of the pool of earlier answers."""
    digest, folder = sha256(), cacti_folder()
    for file in _files(folder):
        digest.update(str(file.relative_to(folder)).encode() + b"\n" + sha256(file.read_bytes()).digest())
    return digest.hexdigest()


@contextmanager
def private_copy() -> Generator[Path]:
    """CACTI in a folder of its own, which only this user can open and which is gone afterwards: it writes beside
    itself, and what two of them write under one name is nobody's answer."""
    folder = cacti_folder()
    with TemporaryDirectory(prefix="onnx2zz-cacti-") as place:
        for file in _files(folder):
            copied = Path(place, "cacti_master", file.relative_to(folder))
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copied)
            # `copyfile` leaves the mode behind, and the program must be started from here. Nobody else has to read any
            # of it.
            copied.chmod(0o700 if file.stat().st_mode & 0o100 else 0o600)
        yield Path(place, "cacti_master")


def _files(folder: Path) -> list[Path]:
    # What the program was built from, and what earlier runs left beside it, has no say in an answer. In the digest it
    # would make equal installations look different. The order must not be that of the file system, for the same reason.
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in SOURCES)
    return sorted(path for path in found if not set(path.relative_to(folder).parts) & set(LEFTOVERS))
