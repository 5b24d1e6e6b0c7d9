"""Stacks of layers that run depth-first: a band of rows through all of them, then the next."""
