"""The networks of the paper's test of modes, with a D of some 500 numbers."""
