"""Which mapping the zoo prices with: read by `evaluate` too, which must not import all that the zoo runs."""

from onnx2zz.formats.shipped_files import MAPPINGS, ZIGZAG, Found, ours, zigzag_mapping


def kept_mapping(accelerator: Found) -> Found:
    """The mapping file of the accelerator's name, ours or ZigZag's: golden numbers must not move with what `evaluate`
    chooses unless told otherwise."""
    if accelerator.name in ours(MAPPINGS):
        return Found(accelerator.name, ours(MAPPINGS)[accelerator.name])
    theirs = zigzag_mapping(accelerator)
    return Found(f"{ZIGZAG}{theirs.name}", theirs.path)
