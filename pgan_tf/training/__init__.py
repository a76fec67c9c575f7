"""Growing the networks: optimizers, steps, checkpoints, the loop."""
