"""What a run of a model takes, and what it hands on to the next one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelInput:
    """An input of the model. `names_rows`: its elements name rows of a table of weights, as token ids do."""

    name: str
    shape: tuple[int, ...]
    names_rows: bool


@dataclass(frozen=True, slots=True)
class Cache:
    """An input that comes back as an output with what is new written into it or behind it: the keys and values of a
    decoder, say. `elements`: of the output, which is what the next run takes."""

    input: str
    output: str
    elements: int
