"""Runs the model and counts what an event-driven core would have to do: the values that are not zero."""
