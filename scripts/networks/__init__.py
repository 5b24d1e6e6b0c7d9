"""The networks that ship in models/, one file each, written from their published descriptions."""
