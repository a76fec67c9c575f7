"""The bodies of the scripts."""
