"""Writes models/*.onnx: all networks, or those that are named."""

from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from scripts.measurements import ROOT


def names() -> list[str]:
    """Every network that can be built: the modules of scripts/networks that have a `build`."""
    modules = [module.name for module in iter_modules([str(Path(__file__).parent)])]
    return [name for name in modules if hasattr(import_module(f"scripts.networks.{name}"), "build")]


def written(name: str) -> bytes:
    """The file of a network, the same bytes at every call."""
    return import_module(f"scripts.networks.{name}").build().SerializeToString(deterministic=True)


def main() -> None:
    """Builds and writes."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    for name in parser.parse_args().names or names():
        path = ROOT / "models" / f"{name}.onnx"
        path.write_bytes(written(name))
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
