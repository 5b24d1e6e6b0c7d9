"""Costs that somebody can cite: energies and areas of units and memories at a technology node, each with its source."""
