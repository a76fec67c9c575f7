"""What a run is: its options, its schedule, and its folder with the page."""
