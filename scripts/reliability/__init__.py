"""What hostile files, kills, hours of work and other versions of the dependencies do: docs/reliability.md."""
