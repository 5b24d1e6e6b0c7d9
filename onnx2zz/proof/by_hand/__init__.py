"""A workload that someone wrote by hand, held against the model: its layers in the model's words, compared and run."""
