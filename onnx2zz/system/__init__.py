"""A system of cores on a network: tiles of layers, what moves between them, and when."""
