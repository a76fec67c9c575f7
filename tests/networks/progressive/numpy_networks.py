"""NVIDIA's networks in plain NumPy, channels-first, slow and obvious.

Written after the description of the file format: weights are raw, `lod`
counts from the final resolution, which all images have.
"""

from collections.abc import Mapping

import numpy as np

Variables = Mapping[str, np.ndarray]
HE = np.sqrt(2)


def generator(
    variables: Variables,
    latents: np.ndarray,
    labels: np.ndarray,
    lod: float,
    epsilon: float = 1e-8,
) -> np.ndarray:
    """Images [N,C,R,R]; the final R is told by the variables' names."""
    final = final_resolution(variables)
    current = final >> int(lod)
    x = pixel_norm(np.concatenate([latents, labels], axis=1), epsilon)
    x = x @ scaled(variables["4x4/Dense/weight"], HE / 4)
    x = x.reshape(len(x), -1, 4, 4)
    x = pixel_norm(active(x + bias(variables, "4x4/Dense")), epsilon)
    x = layer(variables, "4x4/Conv", x, epsilon)
    image = to_rgb(variables, final, 4, x)
    r = 4
    while r < current:
        r, below = 2 * r, image
        x = layer(variables, f"{r}x{r}/Conv0", up(x), epsilon)
        x = layer(variables, f"{r}x{r}/Conv1", x, epsilon)
        image = to_rgb(variables, final, r, x)
        if r == current:
            image = image + (up(below) - image) * (lod - int(lod))
    return up(image, final // current)


def discriminator(
    variables: Variables, images: np.ndarray, lod: float, group_size: int
) -> np.ndarray:
    """Scores and logits [N,1+K] of images [N,C,R,R]."""
    final = final_resolution(variables)
    r = final >> int(lod)
    images = down(images, final // r)
    x = from_rgb(variables, final, images)
    fade = lod - int(lod)
    while r > 4:
        x = active(
            conv(variables, f"{r}x{r}/Conv0", x)
            + bias(variables, f"{r}x{r}/Conv0")
        )
        if f"{r}x{r}/Conv1_down/weight" in variables:
            name = f"{r}x{r}/Conv1_down"
            x = active(down(conv(variables, name, x)) + bias(variables, name))
        else:
            name = f"{r}x{r}/Conv1"
            x = down(active(conv(variables, name, x) + bias(variables, name)))
        r //= 2
        if fade:
            below = from_rgb(variables, final, down(images))
            x = x + (below - x) * fade
            fade = 0
    x = np.concatenate([x, stddev(x, group_size)], axis=1)
    x = active(conv(variables, "4x4/Conv", x) + bias(variables, "4x4/Conv"))
    x = x.reshape(len(x), -1) @ scaled(variables["4x4/Dense0/weight"], HE)
    x = active(x + variables["4x4/Dense0/bias"])
    x = x @ scaled(variables["4x4/Dense1/weight"], 1)
    return x + variables["4x4/Dense1/bias"]


def final_resolution(variables: Variables) -> int:
    return max(
        int(name.split("x")[0]) for name in variables if name[0].isdigit()
    )


def layer(
    variables: Variables, name: str, x: np.ndarray, epsilon: float
) -> np.ndarray:
    if name + "_up/weight" in variables:
        name += "_up"
    x = active(conv(variables, name, x) + bias(variables, name))
    return pixel_norm(x, epsilon)


def to_rgb(
    variables: Variables, final: int, r: int, x: np.ndarray
) -> np.ndarray:
    name = f"ToRGB_lod{int(np.log2(final // r))}"
    return conv(variables, name, x, gain=1) + bias(variables, name)


def from_rgb(variables: Variables, final: int, x: np.ndarray) -> np.ndarray:
    name = f"FromRGB_lod{int(np.log2(final // x.shape[2]))}"
    return active(conv(variables, name, x) + bias(variables, name))


def conv(
    variables: Variables, name: str, x: np.ndarray, gain: float = HE
) -> np.ndarray:
    """Correlation with zeros around; the kernel slides tap by tap."""
    kernel = variables[name + "/weight"]
    if name.endswith("Conv0_up"):
        kernel = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    kernel = scaled(kernel, gain)
    size, height, width = len(kernel), *x.shape[2:]
    edge = size // 2
    padded = np.pad(x, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    return sum(
        np.einsum(
            "nihw,io->nohw",
            padded[:, :, a : a + height, b : b + width],
            kernel[a, b],
        )
        for a in range(size)
        for b in range(size)
    )


def scaled(weight: np.ndarray, gain: float) -> np.ndarray:
    return weight.astype(float) * gain / np.sqrt(np.prod(weight.shape[:-1]))


def bias(variables: Variables, name: str) -> np.ndarray:
    return variables[name + "/bias"][:, None, None]


def active(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


def pixel_norm(x: np.ndarray, epsilon: float) -> np.ndarray:
    return x / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + epsilon)


def up(x: np.ndarray, factor: int = 2) -> np.ndarray:
    return x.repeat(factor, axis=2).repeat(factor, axis=3)


def down(x: np.ndarray, factor: int = 2) -> np.ndarray:
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // factor, factor, w // factor, factor)
    return x.mean(axis=(3, 5))


def stddev(x: np.ndarray, group_size: int) -> np.ndarray:
    """[N,1,4,4]: one number per strided group."""
    n = len(x)
    num_groups = n // min(group_size, n)
    result = np.empty((n, 1, *x.shape[2:]))
    for m in range(num_groups):
        group = x[m::num_groups]
        result[m::num_groups] = np.sqrt(group.var(axis=0) + 1e-8).mean()
    return result
