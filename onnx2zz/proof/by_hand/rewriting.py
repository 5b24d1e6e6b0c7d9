"""An aligned hand-written layer as an entry in the shape of the model's, so that it can be run on the same tensors."""

from onnx2zz.formats.workload_entry import EntryLayer, Relation, WorkloadEntry
from onnx2zz.proof.by_hand.alignment import terms


def rewritten(written: EntryLayer, model: EntryLayer, entry: WorkloadEntry) -> WorkloadEntry:
    """The model's `entry` with the loops, sizes, steps and padding of the hand-written layer."""
    relations = [_relation(written, relation) for relation in model.relations]
    # What only the author has must run as well: it is what the values will differ by.
    relations += [relation for relation in written.relations if relation.target not in model.related]
    # Loops that the author left out run once, so that the equation can name them.
    sizes = {**dict.fromkeys(model.loops, 1), **written.loops}
    changed: WorkloadEntry = {
        **entry,
        "equation": _equation(written, model, str(entry["equation"])),
        "dimension_relations": [str(relation) for relation in relations],
        "loop_dims": list(sizes),
        "loop_sizes": list(sizes.values()),
    }
    if relations:
        changed["pr_loop_dims"] = [relation.target for relation in relations]
        changed["pr_loop_sizes"] = [_extent(written, relation, sizes) for relation in relations]
        changed["padding"] = [list(written.padding.get(relation.target, (0, 0))) for relation in relations]
    return changed


def _relation(written: EntryLayer, model: Relation) -> Relation:
    """The model's relation with the steps that the hand-written layer takes."""
    mine = written.related.get(model.target)
    if mine is None:
        return model
    steps = {mine.first: mine.a, mine.second: mine.b}
    if model.first in steps and model.second in steps:
        return Relation(model.target, steps[model.first], model.first, steps[model.second], model.second)
    return mine


def _extent(written: EntryLayer, relation: Relation, sizes: dict[str, int]) -> int:
    """The true extent of an index: what the layer says, else all that its loops reach."""
    if relation.target in written.related:
        return written.extent(relation.target)
    return relation.a * (sizes[relation.first] - 1) + relation.b * (sizes[relation.second] - 1) + 1


def _equation(written: EntryLayer, model: EntryLayer, equation: str) -> str:
    """The model's equation with the operands' indices as far as the hand-written layer has them."""
    _, assign, inputs = equation.partition("+=" if "+=" in equation else "=")
    first, second = ("W", "I") if inputs.startswith("W") else ("I", "W")
    texts = {operand: _text(operand, written, model) for operand in "OIW"}
    return f"{texts['O']}{assign}{texts[first]}{written.combine}{texts[second]}"


def _text(operand: str, written: EntryLayer, model: EntryLayer) -> str:
    """An operand with its indices in the model's order, those that only the hand-written layer has behind them."""
    mine = list(written.indices.get(operand, ()))
    found: list[str] = []
    for index in model.indices.get(operand, ()):
        walked = terms(model, index)
        # By name or by a loop in common: `[oy]` for `[iy]` is the same axis, written without its window.
        match = next((own for own in mine if own == index or terms(written, own).keys() & walked.keys()), None)
        if match is not None:
            mine.remove(match)
            found.append(index)
        # An index of size 1 that was left out is put back, since axes are bound in order.
        elif all(written.loops.get(loop, 1) == 1 for loop in walked):
            found.append(index)
    return operand + "".join(f"[{index.lower()}]" for index in [*found, *mine]) if found or mine else f"{operand}[]"
