"""What the terminal shows: tables of results and the progress of a run."""
