"""Networks of other people's PyTorch programs, read without PyTorch."""
