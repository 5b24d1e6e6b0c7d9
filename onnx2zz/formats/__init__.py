"""ZigZag's own files: what they say, as types; schemas, places in YAML, limits, and which entry belongs to which."""
