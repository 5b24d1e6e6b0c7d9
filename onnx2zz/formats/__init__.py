"""ZigZag's own files: schemas, places in YAML, limits, and which entry belongs to which."""
