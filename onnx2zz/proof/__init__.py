"""Proves that a workload computes what its model computes: its layers are run, and its volumes and edges counted."""
