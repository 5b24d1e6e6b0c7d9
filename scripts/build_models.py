"""Writes models/*.onnx: `python scripts/build_models.py [NAME ...]`, all of them without a name."""

import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

ROOT = Path(__file__).resolve().parents[1]


def names() -> list[str]:
    """Every network that can be built: the modules of scripts/networks that have a `build`."""
    modules = [module.name for module in iter_modules([str(ROOT / "scripts" / "networks")])]
    return [name for name in modules if hasattr(import_module(f"scripts.networks.{name}"), "build")]


def written(name: str) -> bytes:
    """The file of a network, the same bytes at every call."""
    return import_module(f"scripts.networks.{name}").build().SerializeToString(deterministic=True)


def main(wanted: list[str]) -> None:
    """Builds and writes."""
    for name in wanted or names():
        path = ROOT / "models" / f"{name}.onnx"
        path.write_bytes(written(name))
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(sys.argv[1:])
