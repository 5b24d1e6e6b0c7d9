"""How many prices came from where."""

from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.cli.talk import notice

if TYPE_CHECKING:
    from onnx2zz.pricing.result import Evaluation


def tell_of_prices(evaluation: "Evaluation", cache_folder: Path | None, kept: bool) -> None:
    """Says how many distinct layers were priced now and how many prices were kept, and where."""
    from onnx2zz.pricing.store import folder_or_default

    now, distinct = evaluation.evaluated, evaluation.distinct_layers
    where = f"{distinct - now} from the cache in {folder_or_default(cache_folder)}" if kept else "no cache was asked"
    notice(f"prices of {distinct} distinct layer{'s' * (distinct != 1)}: {now} found now, {where}")
