"""Faces that this package draws itself, with attributes as labels."""
