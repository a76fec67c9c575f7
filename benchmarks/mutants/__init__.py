"""Small mistakes put into the code one at a time, to see what tests notice."""
