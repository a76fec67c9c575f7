"""What the tests share: goldens, ramps, layer checks, the golden networks."""

import os
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from pgan_tf.networks.progressive import layers
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia

ROOT = pathlib.Path(__file__).parent.parent
GOLDEN_DIR = ROOT / "tests" / "golden"
# For `TestCase.widen_from`: all layers of the goldens scale with means of all
# neighbours, or none.
WIDE = (1, 64)


def golden(name: str) -> dict[str, np.ndarray]:
    """All arrays of `tests/golden/<name>.npz`."""
    with np.load(GOLDEN_DIR / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def nhwc(array: np.ndarray) -> np.ndarray:
    """Channels-first images, as the goldens have them, to channels-last."""
    return array.transpose(0, 2, 3, 1)


def native(images: np.ndarray, resolution: int) -> np.ndarray:
    """Images [N,H,W,C] of repeated pixels, without the repetition."""
    step = images.shape[1] // resolution
    return images[:, ::step, ::step]


def ramp(
    shape: tuple[int, ...], low: float = -1, high: float = 1
) -> np.ndarray:
    """A deterministic fill that no change of random generators can alter."""
    size = int(np.prod(shape))
    return np.linspace(low, high, size, dtype=np.float32).reshape(shape)


def golden_variables(name: str) -> dict[str, np.ndarray]:
    """The reference's variables of a golden network, by their names."""
    arrays = golden(name)
    return {k[4:]: v for k, v in arrays.items() if k.startswith("var/")}


def retyped(network, dtype):
    """The same network, of another type or policy of types."""
    twin = type(network).from_config({**network.get_config(), "dtype": dtype})
    twin.set_weights(network.get_weights())
    return twin


def golden_generator(fused_scale: bool = True) -> Generator:
    """The generator of g_res32.npz.

    The reference's two-step network has the same kernels with the last axes
    of Conv0 swapped, and is another function.
    """
    generator = Generator(
        resolution=32,
        num_channels=1,
        fmap_base=256,
        fmap_max=32,
        latent_size=32,
        fused_scale=fused_scale,
    )
    variables = golden_variables("g_res32")
    if not fused_scale:
        for key in [k for k in variables if "Conv0_up" in k]:
            value = variables.pop(key)
            if value.ndim == 4:
                value = value.transpose(0, 1, 3, 2)
            variables[key.replace("Conv0_up", "Conv0")] = value
    nvidia.assign(generator, variables)
    return generator


def golden_discriminator(
    fused_scale: bool = True, mbstd_group_size: int = 4
) -> Discriminator:
    """The discriminator of d_res32.npz."""
    discriminator = Discriminator(
        resolution=32,
        num_channels=1,
        fmap_base=256,
        fmap_max=32,
        mbstd_group_size=mbstd_group_size,
        fused_scale=fused_scale,
    )
    variables = golden_variables("d_res32")
    if not fused_scale:
        variables = {k.replace("_down", ""): v for k, v in variables.items()}
    nvidia.assign(discriminator, variables)
    return discriminator


def largest(values: Any) -> float:
    """The largest magnitude of an array, a tensor or a list of them."""
    try:
        found = np.abs(np.asarray(values, np.float64))
    except (TypeError, ValueError):
        return max(map(largest, values), default=0.0)
    return float(np.max(found, where=np.isfinite(found), initial=0))


def check_tolerance(expected: Any, rtol: float, atol: float) -> None:
    """Refuses a tolerance that would let zeros pass for what is expected.

    Zeros themselves have no scale, and may be expected with any tolerance.
    """
    if isinstance(expected, Mapping):
        for value in expected.values():
            check_tolerance(value, rtol, atol)
        return
    most = largest(expected)
    if most and atol + rtol * most >= most:
        raise ValueError(
            f"rtol={rtol} and atol={atol} let zeros pass: the largest value "
            f"expected is {most:.3g}"
        )


class TestCase(tf.test.TestCase):
    """`tf.test.TestCase` with our shared checks."""

    # A context manager of TensorFlow's, which pytest takes for a test.
    test_session = None

    def assertAllClose(
        self,
        found: Any,
        expected: Any,
        *,
        rtol: float,
        atol: float,
        msg: object = None,
    ) -> None:
        """Values within `atol + rtol * abs(expected)`, and of equal shape.

        TensorFlow's default of 1e-6 for either would be added to what a test
        says, so that it has to say both.
        """
        check_tolerance(expected, rtol, atol)
        super().assertAllClose(found, expected, rtol=rtol, atol=atol, msg=msg)

    def assertNotAllClose(
        self,
        found: Any,
        other: Any,
        *,
        rtol: float,
        atol: float,
        msg: object = None,
    ) -> None:
        """Some value differs, though the shapes are equal."""
        check_tolerance(other, rtol, atol)
        found, other = np.asarray(found), np.asarray(other)
        self.assertEqual(found.shape, other.shape)
        near = np.allclose(found, other, rtol=rtol, atol=atol)
        self.assertFalse(near, msg or "the two are close")

    def assert_near(self, found: Any, expected: Any, share: float) -> None:
        """Values whose difference is but a share of what is expected.

        Of norms, so that values of any size are compared; what is expected
        to be 0 must be.
        """
        found, expected = np.asarray(found), np.asarray(expected)
        self.assertEqual(found.shape, expected.shape)
        error = np.linalg.norm(np.ravel(found - expected).astype(np.float64))
        whole = np.linalg.norm(np.ravel(expected).astype(np.float64))
        self.assertLessEqual(error, share * whole)

    def widen_from(self, fmaps: int) -> None:
        """Layers scale with means of all neighbours from so many maps on."""
        self.enter_context(mock.patch.object(layers, "WIDE", fmaps))

    def needs_bfloat16(self) -> None:
        """Skips a test that computes in it, where oneDNN is kept from that.

        TensorFlow asks the CPU, not oneDNN, whether oneDNN can, and crashes.
        """
        if os.environ.get("ONEDNN_MAX_CPU_ISA") in ("SSE41", "AVX", "AVX2"):
            self.skipTest("oneDNN has no bfloat16 without AVX-512")

    def folder(self) -> pathlib.Path:
        """A new folder that goes away with the test."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        return pathlib.Path(temporary.name)

    def cache_folder(self) -> pathlib.Path:
        """A new folder under which this test keeps what others would share."""
        folder = self.folder()
        environment = {"XDG_CACHE_HOME": str(folder)}
        self.enter_context(mock.patch.dict(os.environ, environment))
        return folder

    def run_layer_test(
        self, layer: keras.layers.Layer, *inputs: np.ndarray, **options: Any
    ) -> np.ndarray:
        """Checks what any layer must do, and returns its output.

        Shape as announced, config round trip, equal output from a copy with
        the same weights, equal output inside a tf.function.
        """
        output = layer(*inputs, **options)
        announced = layer.compute_output_shape(*[x.shape for x in inputs])
        self.assertEqual(tuple(output.shape), tuple(announced))

        config = layer.get_config()
        copy = type(layer).from_config(config)
        self.assertEqual(copy.get_config(), config)
        copy.build(*[x.shape for x in inputs])
        copy.set_weights(layer.get_weights())
        self.assertAllEqual(copy(*inputs, **options), output)

        compiled = tf.function(lambda *x: layer(*x, **options))
        self.assertAllClose(compiled(*inputs), output, rtol=1e-6, atol=1e-6)
        return np.asarray(output)
