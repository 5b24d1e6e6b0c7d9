"""The loop-nest IR: layers and their access maps, the functions that they apply, and what runs them."""
