"""Keep our figures of a run beside the published ones, to the last bit."""

from onnx2zz.files.comma_separated import csv_text
from onnx2zz.files.written_file import write_whole
from onnx2zz.validation.run import Held, Outcome


def keep(outcome: Outcome) -> None:
    """Write published.csv of the case anew, with the figures of this run."""
    write_whole(outcome.case.folder / "published.csv", csv_text([_row(one) for one in outcome.held]))


def _row(one: Held) -> dict[str, object]:
    figure = one.figure
    return {
        "run": figure.run,
        "layer": figure.layer,
        "measure": str(figure.measure),
        "published": _shortest(figure.published),
        "band_percent": _shortest(figure.band),
        "ours": "" if one.ours is None else repr(one.ours),
        "source": figure.source,
        "note": figure.note,
    }


def _shortest(number: float | None) -> str:
    # As people write published numbers, so that keeping ours changes no line but for our own column.
    return "" if number is None else repr(int(number)) if number == int(number) else repr(number)
