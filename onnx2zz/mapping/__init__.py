"""Choose the spatial mapping of every layer (`--mapping auto`).

From the outside in: network (a whole workload) -> choice (one layer) -> candidates, bound, rules -> enumeration,
interconnect, space. docs/mapping.md tells what is compared, and what is refused.
"""
