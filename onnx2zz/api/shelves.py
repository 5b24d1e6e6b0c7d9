"""`onnx2zz.models`, `accelerators`, `mappings` and `systems`: what ships, by the names that functions take."""

from onnx2zz.formats.shipped_files import ACCELERATORS, MAPPINGS, MODELS, SYSTEMS, ZIGZAG, Shelf, ours, zigzags


def models() -> tuple[str, ...]:
    """The names of the networks that ship with onnx2zz, then of those that ship with ZigZag.

    >>> import onnx2zz
    >>> "lenet5" in onnx2zz.models()
    True
    """
    return _names(MODELS)


def accelerators() -> tuple[str, ...]:
    """The names of the accelerators that ship, ours first. ZigZag's own file of a name that is ours, too, has `zigzag:`
    in front.

    >>> import onnx2zz
    >>> "seneca" in onnx2zz.accelerators()
    True
    """
    return _names(ACCELERATORS)


def mappings() -> tuple[str, ...]:
    """The names of the spatial mappings that ship, ours first.

    >>> import onnx2zz
    >>> "seneca" in onnx2zz.mappings()
    True
    """
    return _names(MAPPINGS)


def systems() -> tuple[str, ...]:
    """The names of the systems of cores that ship; `evaluate` takes them in place of an accelerator.

    >>> import onnx2zz
    >>> "seneca_4x4" in onnx2zz.systems()
    True
    """
    return _names(SYSTEMS)


def _names(shelf: Shelf) -> tuple[str, ...]:
    mine = ours(shelf)
    theirs = {} if shelf is SYSTEMS else zigzags(shelf)
    return (*mine, *(f"{ZIGZAG}{name}" if name in mine else name for name in theirs))
