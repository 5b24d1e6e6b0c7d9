"""The checks, a file for each family; registry.py finds them."""
