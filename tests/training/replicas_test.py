"""Several devices: the same gradients and losses as one."""

import dataclasses
import itertools
import subprocess
import sys
import tempfile

import numpy as np
import tensorflow as tf

from pgan_tf.runs.options import (
    DataOptions,
    LossesOptions,
    OptimizerOptions,
    RunOptions,
)
from tests import common
from tests.training import tiny

OPTIONS = RunOptions(
    data=DataOptions(mirror_augment=True),
    losses=LossesOptions(noise_stddev=0.1),
)
REUSING = OptimizerOptions(reuse_fakes=True)
CASES = {
    "plain": OPTIONS,
    "reusing": dataclasses.replace(OPTIONS, optimizer=REUSING),
}

MAIN = """
import sys
from tests.training import replicas_test
folder, replicas = sys.argv[1:]
replicas_test.main(f"{folder}/{replicas}.npz", int(replicas))
"""


class Reordered:
    """Draws in another order of the images."""

    def __init__(self, draws, order):
        self.draws, self.order = draws, order

    def normal(self, *arguments):
        return tf.gather(self.draws.normal(*arguments), self.order)

    def uniform(self, *arguments):
        return tf.gather(self.draws.uniform(*arguments), self.order)

    def rows(self, *arguments):
        return tf.gather(self.draws.rows(*arguments), self.order)


def order(replicas: int) -> list[int]:
    """Images in an order that gives one device the groups of several.

    The group of an image, of two, is itself and the one half a batch later.
    """
    shares = np.arange(tiny.MINIBATCH).reshape(replicas, 2, -1)
    return shares.transpose(1, 0, 2).ravel().tolist()


def shares(iteration) -> list[list[int]]:
    """What each of 4 replicas takes of a whole minibatch, and of a half."""
    found = []
    for count in (8, 4):
        parts = iteration.strategy.run(iteration.share, (tf.range(count),))
        local = iteration.strategy.experimental_local_results(parts)
        found.append([part.numpy().tolist() for part in local])
    return found


def main(path: str, replicas: int) -> None:
    """Writes what `tiny` gives on one device and on several."""
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * replicas,
    )
    pixels = tf.gather(tiny.images(), order(replicas))
    arrays = {}
    for case, options in CASES.items():
        one, several = (
            tiny.make(options, replicas=count, policy="float64")
            for count in (1, replicas)
        )
        one.draws = Reordered(one.draws, order(replicas))
        for name, found in (
            ("one", tiny.gradients(one, pixels)),
            ("several", tiny.gradients(several)),
        ):
            for key, value in found.items():
                arrays[f"{case}/{replicas}/{name}/{key}"] = value
    if replicas == 4:
        arrays["whole"], arrays["half"] = shares(several)
    np.savez(path, **arrays)


class ReplicasTest(common.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.found = {}
        with tempfile.TemporaryDirectory() as folder:
            # Devices are divided before TensorFlow's first use, so elsewhere.
            running = {
                f"{folder}/{replicas}.npz": subprocess.Popen(
                    [sys.executable, "-c", MAIN, folder, str(replicas)],
                    cwd=common.ROOT,
                )
                for replicas in (2, 4)
            }
            for path, process in running.items():
                assert process.wait(timeout=300) == 0
                with np.load(path) as file:
                    cls.found.update(file)

    def test_gradients_and_terms(self):
        """In float64, where sums in another order differ by some 1e-15.

        In float32 they differ by some 1e-5, more or less by the CPU's kernels.
        """
        for case, replicas, key in itertools.product(
            CASES,
            (2, 4),
            ("D/gradients", "D/terms", "G/gradients", "G/terms"),
        ):
            expected = self.found[f"{case}/{replicas}/one/{key}"]
            error = self.found[f"{case}/{replicas}/several/{key}"] - expected
            self.assertLess(
                np.linalg.norm(error), 1e-10 * np.linalg.norm(expected), key
            )

    def test_groups_matter(self):
        """Else the order above would prove nothing."""
        two, four = (self.found[f"plain/{r}/one/D/gradients"] for r in (2, 4))
        error = np.linalg.norm(two - four)
        self.assertGreater(error, 1e-3 * np.linalg.norm(two))

    def test_shares(self):
        """Of a worker's half, replicas 2 and 3 are the first two again."""
        self.assertAllEqual(
            self.found["whole"], [[0, 1], [2, 3], [4, 5], [6, 7]]
        )
        self.assertAllEqual(
            self.found["half"], [[0, 1], [2, 3], [0, 1], [2, 3]]
        )
