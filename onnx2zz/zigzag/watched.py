"""Which modules of ZigZag are imported in another way than Python would (late_imports.py), and what finds them.

Every run has this installed, also one that has no need of ZigZag; so nothing is imported here for it.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

UTILS, DATATYPES = "zigzag.utils", "zigzag.datatypes"
WATCHED = frozenset({UTILS, DATATYPES, "zigzag.stages.mapping.spatial_mapping_generation", "zigzag.opt.loma.engine"})
"""The modules of ZigZag that import what they hardly use, and the one that has its names (light_names.py)."""


def install() -> None:
    """From here on ZigZag's modules are imported so."""
    if not any(isinstance(finder, WatchingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, WatchingFinder())


class WatchingFinder:
    """Finds the watched modules where they are, and has them executed beside stand-ins."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for any module that is not watched: the other finders look for it."""
        if fullname not in WATCHED:
            return None
        # Not `importlib.util.find_spec`: that would ask this finder again, without end.
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            from onnx2zz.zigzag.late_imports import BesideStandIns

            spec.loader = BesideStandIns(spec.loader)
        return spec
