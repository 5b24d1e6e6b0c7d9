"""What `compare` says of each result, in a line."""

from onnx2zz.pricing.accounted import HostNode, lost_work
from onnx2zz.report.page import PageRun


def is_incomplete(run: PageRun) -> bool:
    """Whether something is not in the run's total: layers without a price, or MACs that were left to the host."""
    return bool(run.evaluation["total"].get("incomplete") or _missing(run))


def line(run: PageRun) -> str:
    """The run's total, and what it lacks; a run of which nothing is priced has no numbers."""
    evaluation, total = run.evaluation, run.evaluation["total"]
    said = f"{total['latency_cycles']:,.0f} cycles, {total['energy_pj']:,.1f} pJ"
    if _unpriced(run) == len(evaluation["layers"]):
        said = "nothing is priced"
    if is_incomplete(run):
        said += f" (incomplete: {'; '.join(_missing(run)) or 'so its file says'})"
    return f"{evaluation['model']} on {evaluation['accelerator']}: {said}"


def _missing(run: PageRun) -> list[str]:
    unpriced, layers = _unpriced(run), len(run.evaluation["layers"])
    said = [f"{unpriced} of {layers} layers are not priced"] if unpriced else []
    return said + [f"left to the host: {node}" for node in lost_work(_hosts(run))]


def _unpriced(run: PageRun) -> int:
    return sum(layer.get("error") is not None for layer in run.evaluation["layers"])


def _hosts(run: PageRun) -> list[HostNode]:
    """Those of the result; one of before their MACs were kept has none with MACs."""
    nodes = run.evaluation.get("host", ())
    return [HostNode(node["node"], node["op"], node["why"], node.get("macs", 0)) for node in nodes]
