"""What silicon does and ZigZag's model leaves out, a file a rule. docs/physical.md has formulas, sources and limits."""
