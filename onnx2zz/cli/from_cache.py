"""How many prices came from where."""

from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.cli.talk import notice

if TYPE_CHECKING:
    from onnx2zz.pricing.result import Evaluation


def tell_of_prices(evaluation: "Evaluation", cache_folder: Path | None, kept: bool, repeatable: bool) -> None:
    """Says how many prices were found now, and for how many layers they lay in the cache, and where that is. On a
    system a layer has many prices, and tiles are priced that no schedule takes. `kept`: whether a cache was asked,
    `repeatable`: whether prices may be kept at all."""
    from onnx2zz.pricing.cache_on_disk import folder_or_default

    layers = evaluation.layers
    cached = f"{sum(layer.from_cache for layer in layers)} of {len(layers)} layer{'s' * (len(layers) != 1)}"
    if not kept:
        where = "no cache was asked"
    elif not repeatable:
        where = "none from a cache, as annealing may find others each time"
    else:
        where = f"those of {cached} from the cache in {folder_or_default(cache_folder)}"
    notice(f"prices: {evaluation.evaluated} found now, {where}")
