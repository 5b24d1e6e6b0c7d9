"""ZigZag's files of before 2024-05, which were Python: read, never executed, and written as today's YAML."""
