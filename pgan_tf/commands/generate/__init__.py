"""generate.py: its verbs, and what they share."""
