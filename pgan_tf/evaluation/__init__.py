"""Numbers that tell how good and how varied images are."""
