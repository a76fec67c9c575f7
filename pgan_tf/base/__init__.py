"""What knows nothing of GANs: files, images, text, devices, commands."""
