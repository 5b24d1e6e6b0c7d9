"""Plays a written schedule: who holds what when, from what its file says alone, and what each tile computes from it."""
