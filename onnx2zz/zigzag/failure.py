"""Why ZigZag could not price a layer, in a sentence: its own exceptions often carry no message at all."""

SENTENCES = {
    "NoValidLoopOrderingFoundException": (
        "no loop ordering fits the memories; one that the layer needs is too small, "
        "or no memory carries an operand that it has"
    ),
    "StopIteration": "ZigZag ran out of candidates in the middle of its search",
    # Its arrays that compute in memory know only loops of windows along the word lines, and end so at a product's row.
    "KeyError": "ZigZag looked up {message} in vain: accelerator or mapping have none, or its model has no case for it",
    "OrderingError": "{message}",
    "AssertionError": "ZigZag's own check failed{colon}",
}


class PricingError(Exception):
    """ZigZag could not price a layer; the message is a sentence for the report."""


def sentence(error: Exception) -> str:
    """What went wrong, with the name of ZigZag's exception; never empty."""
    kind = type(error).__name__
    message = " ".join(str(error).split())
    # Inside a generator, and ZigZag's stages are generators, Python turns a StopIteration into a RuntimeError (PEP
    # 479).
    if kind == "RuntimeError" and "StopIteration" in message:
        kind = "StopIteration"
    template = SENTENCES.get(kind, "ZigZag failed{colon}")
    cause = template.format(message=message or "something", colon=f": {message}" if message else "")
    return f"{cause} ({kind})"
