"""Networks of the Theano code: what their arrays mean.

The expected images come from NumPy networks that work as Theano does: kernels
[out,in,kh,kw] that convolve, and a stored scale per layer.
"""

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.networks.progressive.nvidia import theano
from tests import common
from tests.base import pickle_bytes
from tests.networks.progressive import numpy_networks

WIDTHS = {2: 8, 4: 8, 8: 6}  # fmap_base 24, fmap_max 8; 2x2 stands for latents
SPEC = {"resolution": 8, "num_channels": 3, "fmap_base": 24, "fmap_max": 8}


def convolve(x: np.ndarray, kernel: np.ndarray, full: bool) -> np.ndarray:
    """True convolution [N,in,H,W] * [out,in,kh,kw]: the kernel is turned.

    Args:
        x: Images.
        kernel: The kernel.
        full: Every overlap counts; else only whole ones.
    """
    size = kernel.shape[-1]
    if full:
        edge = ((0, 0), (0, 0), (size - 1,) * 2, (size - 1,) * 2)
        x = np.pad(x, edge)
    height, width = (n - size + 1 for n in x.shape[2:])
    return sum(
        np.einsum(
            "nihw,oi->nohw",
            x[:, :, a : a + height, b : b + width],
            kernel[:, :, size - 1 - a, size - 1 - b],
        )
        for a in range(size)
        for b in range(size)
    )


class Layers:
    """Draws a network's arrays while it computes with them."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.RandomState(seed)
        self.groups: list[list[np.ndarray]] = []

    def draw(self, *shape: int) -> list[np.ndarray]:
        weight = self.random.standard_normal(shape).astype(np.float32)
        scale = np.float32(self.random.uniform(0.1, 0.5))
        size = shape[1] if len(shape) == 2 else shape[0]
        bias = self.random.standard_normal(size).astype(np.float32)
        self.groups.append([weight, scale, bias])
        return self.groups[-1]

    def conv(self, x: np.ndarray, out: int, mode: str = "same") -> np.ndarray:
        size = 3 if mode == "same" else 4
        weight, scale, bias = self.draw(out, x.shape[1], size, size)
        if mode == "same":
            x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        y = convolve(x, weight, full=mode == "full")
        return y * scale + bias[:, None, None]

    def dense(self, x: np.ndarray, out: int) -> np.ndarray:
        """On the channels of images, or on vectors."""
        weight, scale, bias = self.draw(x.shape[1], out)
        y = np.einsum("ni...,io->no...", x, weight) * scale
        return y + bias.reshape(-1, *[1] * (x.ndim - 2))

    def arrays(self, order: list[int]) -> list[np.ndarray]:
        return [array for i in order for array in self.groups[i]]


def generator(layers: Layers, latents: np.ndarray) -> np.ndarray:
    active, norm = numpy_networks.active, numpy_networks.pixel_norm
    x = norm(latents, 1e-8)[:, :, None, None]
    x = norm(active(layers.conv(x, WIDTHS[4], "full")), 1e-8)
    x = norm(active(layers.conv(x, WIDTHS[4])), 1e-8)
    x = numpy_networks.up(x)
    for _ in range(2):
        x = norm(active(layers.conv(x, WIDTHS[8])), 1e-8)
    return layers.dense(x, 3)


def discriminator(layers: Layers, images: np.ndarray) -> np.ndarray:
    active = numpy_networks.active
    x = active(layers.dense(images, WIDTHS[8]))
    x = active(layers.conv(x, WIDTHS[8]))
    x = numpy_networks.down(active(layers.conv(x, WIDTHS[4])))
    x = np.concatenate([x, numpy_networks.stddev(x, 16)], axis=1)
    x = active(layers.conv(x, WIDTHS[4]))
    x = active(layers.conv(x, WIDTHS[2], "valid"))
    return layers.dense(x[:, :, 0, 0], 1)


def network(function: str, arrays: list[np.ndarray], lod: float) -> bytes:
    """A state without version, as Python 2 wrote it."""
    values = [
        pickle_bytes.python2_array(a) if a.ndim else pickle_bytes.scalar(a)
        for a in arrays
    ]
    spec = {"func": function, **SPEC, "use_gdrop": True, "mbstat_avg": "all"}
    state = {
        "build_module_src": pickle_bytes.plain("raise SystemExit"),
        "build_func_spec": pickle_bytes.dict_of(
            {k: pickle_bytes.plain(v) for k, v in spec.items()}
        ),
        "param_values": pickle_bytes.list_of(*values),
        "toplevel_params": pickle_bytes.dict_of(
            {"cur_lod": pickle_bytes.scalar(lod)}
        ),
    }
    made = pickle_bytes.old_name("network", "Network") + b")\x81"
    return made + pickle_bytes.dict_of(state) + b"b"


class TheanoTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        random = np.random.RandomState(0)
        self.latents = random.standard_normal((4, 8)).astype(np.float32)
        self.images = random.uniform(-1, 1, (4, 3, 8, 8)).astype(np.float32)

    @parameterized.parameters("paper", "progressive_8")
    def test_networks_of_a_file(self, suffix):
        g, d, gs = Layers(1), Layers(2), Layers(3)
        drawn = [generator(layers, self.latents) for layers in (g, gs)]
        scores = discriminator(d, self.images)
        for layers in (g, gs):
            # The layer to colours of 4x4, out of use at lod 0, comes last.
            layers.draw(WIDTHS[4], 3)
        d.draw(3, WIDTHS[4])
        g_order, d_order = [0, 1, 2, 3, 4, 5], [0, 1, 2, 6, 3, 4, 5]
        content = (
            network(f"G_{suffix}", g.arrays(g_order), 0.0)
            + network(f"D_{suffix}", d.arrays(d_order), 0.0)
            + network(f"G_{suffix}", gs.arrays(g_order), 0.0)
        )
        path = self.folder() / "network-final.pkl"
        path.write_bytes(pickle_bytes.whole(content + b"\x87", 2))
        G, D, Gs = nvidia.load_pickle(path)
        for found, expected in zip((G, Gs), drawn, strict=True):
            self.assertAllClose(
                np.asarray(found(self.latents)),
                common.nhwc(expected),
                rtol=0,
                atol=2e-5,
            )
        self.assertAllClose(
            D(common.nhwc(self.images))[0], scores, rtol=0, atol=2e-5
        )
        self.assertEqual((D.mbstd_group_size, D.fused_scale), (16, False))
        self.assertEqual((G.lod, G.fused_scale), (0.0, False))

    def test_lod(self):
        layers = Layers(1)
        generator(layers, self.latents)
        layers.draw(WIDTHS[4], 3)
        one = network("G_paper", layers.arrays([0, 1, 2, 3, 4, 5]), 0.75)
        path = self.folder() / "network-final.pkl"
        path.write_bytes(pickle_bytes.whole(one * 3 + b"\x87", 2))
        with self.assertRaisesRegex(errors.UserError, "D is not"):
            nvidia.load_pickle(path)
        state = {
            "build_func_spec": {"func": "G_paper", **SPEC},
            "param_values": layers.arrays([0, 1, 2, 3, 4, 5]),
            "toplevel_params": {"cur_lod": np.float32(0.75)},
        }
        variables = dict(theano.modernize(state)["variables"])
        self.assertEqual(variables["lod"], 0.75)

    @parameterized.parameters(
        ({"func": "G_other"}, "not G_paper or D_paper"),
        ({"func": 3}, "not G_paper or D_paper"),
        ({"label_size": 5}, "label_size"),
        ({"use_batchnorm": True}, "use_batchnorm"),
        ({"resolution": 12}, "power of two"),
        ({"resolution": 16}, "axes"),
        ({"resolution": 4}, "axes"),
        ({"use_wscale": False}, "axes"),
    )
    def test_other_networks(self, changes, reason):
        layers = Layers(1)
        generator(layers, self.latents)
        layers.draw(WIDTHS[4], 3)
        state = {
            "build_func_spec": {"func": "G_paper", **SPEC, **changes},
            "param_values": layers.arrays([0, 1, 2, 3, 4, 5]),
        }
        with self.assertRaisesRegex(ValueError, reason):
            theano.modernize(state)

    def test_another_number_of_arrays(self):
        layers = Layers(1)
        generator(layers, self.latents)
        layers.draw(WIDTHS[4], 3)
        arrays = layers.arrays([0, 1, 2, 3, 4, 5])
        for values, reason in (
            (arrays[:-1], "too few arrays"),
            ([*arrays, arrays[-1]], "too many arrays"),
            ([*arrays[:-1], 1.0], "other than arrays"),
        ):
            state = {
                "build_func_spec": {"func": "G_paper", **SPEC},
                "param_values": values,
            }
            with self.assertRaisesRegex(ValueError, reason):
                theano.modernize(state)

    def test_states_without_anything(self):
        for state in ({}, {"build_func_spec": {}}, {"param_values": []}):
            with self.assertRaisesRegex(ValueError, "without version has no"):
                theano.modernize(state)
