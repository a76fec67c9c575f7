"""NVIDIA's network files, read without running what is in them."""
