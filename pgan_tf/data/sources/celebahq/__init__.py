"""CelebA-HQ: ready-made images, or CelebA's photos and published deltas."""
