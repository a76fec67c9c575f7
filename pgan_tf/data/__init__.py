"""From pictures to batches: sources, records on disk, the input pipeline."""
