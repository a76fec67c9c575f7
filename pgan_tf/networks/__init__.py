"""G and D: the mathematics, the families of networks, and their files."""
