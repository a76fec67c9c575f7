"""The networks of Karras et al. 2018, which grow."""
