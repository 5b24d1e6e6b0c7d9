"""Frames that follow each other through a system: weights that stay, and a schedule that repeats at an interval."""
