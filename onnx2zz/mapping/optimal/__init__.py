"""The best mapping of a layer, and the proof that no other of a stated space is better (docs/optimal.md).

space -> search -> certificate: every unrolling is either priced, or bounded by what it costs whatever its loop
ordering.
"""
