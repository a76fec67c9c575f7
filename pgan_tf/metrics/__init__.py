"""The mathematics of GAN metrics, and the features they look at."""
