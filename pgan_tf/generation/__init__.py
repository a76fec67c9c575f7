"""The sub-commands of generate.py, a module each, and what they share."""
