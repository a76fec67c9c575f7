"""The tiny networks in plain NumPy, as they are published: loops, no tricks.

Images are [N,H,W,C] here. Constants are written out, so that they do not come
from the code under test.
"""

import numpy as np

RELU = 2**0.5  # gain of He's constant


def convolve(x, kernel):
    """3x3 or 1x1, zeros around, so that the size stays."""
    size = len(kernel)
    margin = size // 2
    x = np.pad(x, [(0, 0), (margin, margin), (margin, margin), (0, 0)])
    height, width = (n - size + 1 for n in x.shape[1:3])
    y = 0.0
    for i in range(size):
        for j in range(size):
            y = y + x[:, i : i + height, j : j + width] @ kernel[i, j]
    return y


def leaky(x, slope):
    return np.where(x > 0, x, slope * x)


def double(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def halve(x):
    count, height, width, fmaps = x.shape
    x = x.reshape(count, height // 2, 2, width // 2, 2, fmaps)
    return x.mean(axis=(2, 4))


def pixel_norm(x):
    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-8)


def batch_norm(x, gamma, beta):
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    return (x - mean) / np.sqrt(variance + 1e-4) * gamma + beta


def with_stddev(x):
    deviation = np.sqrt(x.var(axis=0) + 1e-8).mean()
    plane = np.full((*x.shape[:-1], 1), deviation)
    return np.concatenate([x, plane], axis=-1)


def he(kernel, gain):
    """What a kernel of unit variance is multiplied by."""
    return gain / np.sqrt(np.prod(kernel.shape[:-1]))


class Plain:
    """A network as its weights, by names such as 16x16_conv/kernel.

    Args:
        weights: The arrays.
        batch_norm: Whether it is of the form with batch normalisation.
    """

    def __init__(self, weights, batch_norm):
        self.weights = weights
        self.batch_norm = batch_norm

    def kernel(self, layer, gain=RELU):
        kernel = self.weights[f"{layer}/kernel"]
        return kernel if self.batch_norm else kernel * he(kernel, gain)

    def convolved(self, layer, x, slope, gain=RELU):
        """A convolution with its bias, and the activation."""
        x = (
            convolve(x, self.kernel(layer, gain))
            + self.weights[f"{layer}/bias"]
        )
        return leaky(x, slope)

    def normalized(self, r, x, slope):
        """Batch normalisation ahead of the activation."""
        gamma, beta = (
            self.weights[f"{r}x{r}_norm/{name}"] for name in ("gamma", "beta")
        )
        return leaky(batch_norm(x, gamma, beta), slope)

    def generator(self, latents, resolution, alpha=None):
        x = pixel_norm(latents)
        kernel = self.kernel("4x4_conv")
        # A full convolution of one pixel.
        x = np.stack(
            [[x @ kernel[3 - i, 3 - j] for j in range(4)] for i in range(4)]
        ).transpose(2, 0, 1, 3)
        r = 4
        while True:
            if r > 4:
                below = x
                x = convolve(double(x), self.kernel(f"{r}x{r}_conv"))
            if self.batch_norm:
                x = self.normalized(r, x, 0.3)
            else:
                x = leaky(x + self.weights[f"{r}x{r}_conv/bias"], 0.3)
                x = pixel_norm(x)
            if r == resolution:
                break
            r *= 2
        image = self.convolved(f"{r}x{r}_to_rgb", x, 1.0, gain=1.0)
        if alpha is not None:
            old = f"{r // 2}x{r // 2}_to_rgb"
            old = double(self.convolved(old, below, 1.0, gain=1.0))
            image = (1 - alpha) * old + alpha * image
        return np.tanh(image)

    def discriminator(self, images, final, stddev, alpha=None):
        r = top = images.shape[1]
        x = images
        if top < final:
            x = self.convolved(f"{r}x{r}_from_rgb", x, 0.2)
        while r > 4:
            if self.batch_norm:
                x = convolve(x, self.kernel(f"{r}x{r}_conv"))
                x = self.normalized(r, x, 0.2)
            else:
                x = self.convolved(f"{r}x{r}_conv", x, 0.2)
            x = halve(x)
            r //= 2
            if 2 * r == top and alpha is not None:
                old = self.convolved(f"{r}x{r}_from_rgb", halve(images), 0.2)
                x = (1 - alpha) * old + alpha * x
        if stddev:
            x = with_stddev(x)
        # Map by map, as in Theano.
        x = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        score = x @ self.kernel("4x4_score", 1.0)
        return score + self.weights["4x4_score/bias"]


def slope_along(function, at, direction, step=1e-5):
    """The derivative of a function of arrays by finite differences."""
    ahead, behind = (
        function(
            [a + sign * step * d for a, d in zip(at, direction, strict=True)]
        )
        for sign in (1, -1)
    )
    return (ahead - behind) / (2 * step)
