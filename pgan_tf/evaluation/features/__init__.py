"""Networks that turn images into features, a file for each kind."""
