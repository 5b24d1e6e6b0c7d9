"""What fuzz.py runs: kinds of files, how they are changed, and what is held against the commands."""
