"""From a workload, an accelerator and a mapping to numbers: check, price each distinct layer once, add up."""
