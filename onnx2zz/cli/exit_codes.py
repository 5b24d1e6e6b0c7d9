"""What a command's end tells a script. Fixed: others measure through these."""

INPUT_AT_FAULT = 1
DIFFERS = 1
"""What was compared is not the same."""
NOT_PRICED = 3
"""A layer has no price; the rest was priced and written."""
INCOMPLETE = 3
"""Something is not in the result: work that the host has, a node that could not be run, numbers of what is compared."""
BUG = 70
INTERRUPTED = 130
