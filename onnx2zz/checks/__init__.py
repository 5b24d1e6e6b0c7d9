"""The doctor: what is wrong with an accelerator, a mapping and a workload, before ZigZag says it worse."""
