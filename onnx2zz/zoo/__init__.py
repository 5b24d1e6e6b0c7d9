"""The models at hand, and what we found for them before: a change that moves a number shows here."""
