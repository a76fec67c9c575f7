"""The metrics, a file each; mathematics on features, pixels or patches."""
