"""Layers without a price, in as few sentences as there are reasons."""

from collections.abc import Iterator, Sequence

from onnx2zz.pricing.result import LayerResult

SHOWN = 8
"""Layers that a sentence names before the rest is only counted; the JSON has all of them."""


def reasons(layers: Sequence[LayerResult]) -> Iterator[str]:
    """A sentence for each reason why layers have no price, with the layers: `L0_conv, L3_fc (2 layers): ...`."""
    said = {layer.name: _reason(layer) for layer in layers if layer.error}
    if not said:
        return
    from onnx2zz.pricing.room import in_common  # it brings the checks along, which a run without a fault has no use for

    groups: dict[str, list[str]] = {}
    for name, reason in said.items():
        groups.setdefault(in_common([reason]) or reason, []).append(name)
    for common, names in groups.items():
        if len(names) == 1:
            yield f"{names[0]}: {said[names[0]]}"
        else:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            yield f"{', '.join(names[:SHOWN])}{more} ({len(names)} layers): {common}"


def _reason(layer: LayerResult) -> str:
    return (layer.error or "").removeprefix(f"{layer.name}: ")
