"""What a graph and its workload must have in common, counted twice: work, volumes and edges. Nothing is run."""
