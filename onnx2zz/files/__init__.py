"""Files as such: written whole or not at all, shipped with the package, tables and JSON as text."""
