"""Timeloop's problems and mappings as a workload of one layer and its mapping entry.

Sources: Timeloop's documentation (timeloop.csail.mit.edu: problem, mapping), timeloop-accelergy-exercises.
"""
