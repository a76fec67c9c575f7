"""Saving, restoring, and what cannot be read."""

import errno
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf import errors, networks
from pgan_tf.training import checkpoints, optim, steps
from tests import common


def make_networks() -> steps.Networks:
    options = {"resolution": 8, "fmap_base": 32, "fmap_max": 8}
    G = networks.Generator(**options)
    D = networks.Discriminator(**options)
    return steps.Networks(
        G=G,
        D=D,
        Gs=networks.Generator(**options, name="Gs"),
        g_adam=optim.Adam(G.trainable_variables),
        d_adam=optim.Adam(D.trainable_variables),
    )


def variables(nets: steps.Networks) -> list[tf.Variable]:
    """Everything that must survive."""
    found = [v.value for n in (nets.G, nets.D, nets.Gs) for v in n.weights]
    return [*found, *nets.g_adam.variables, *nets.d_adam.variables]


def fill(nets: steps.Networks, start: int) -> None:
    """Gives every entry of every variable a value of its own kind."""
    for i, variable in enumerate(variables(nets)):
        values = np.full(variable.shape, start + i)
        variable.assign(tf.cast(values, variable.dtype))


class CheckpointsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        self.nets = make_networks()
        self.saving = checkpoints.Checkpoints(self.here, self.nets)

    def restore(self):
        nets = make_networks()
        restoring = checkpoints.Checkpoints(self.here, nets)
        return nets, restoring, restoring.restore()

    def assert_filled(self, nets, start):
        for i, variable in enumerate(variables(nets)):
            self.assertAllEqual(variable, np.full(variable.shape, start + i))

    def test_nothing_to_restore(self):
        self.assertIsNone(self.saving.restore())

    def test_every_variable_and_the_position(self):
        # G and Gs have 12, D has 14; two moments each, and two step counts.
        self.assertEqual(len(variables(self.nets)), 38 + 2 * 26 + 2)
        fill(self.nets, 1)
        position = checkpoints.Position(7_000, 3, 1.25, 60.5)
        self.saving.save(position)
        nets, _, restored = self.restore()
        self.assertEqual(restored, position)
        self.assert_filled(nets, 1)

    def test_before_the_first_look_at_the_schedule(self):
        self.saving.save(checkpoints.Position())
        self.assertEqual(self.restore()[2], checkpoints.Position())

    def test_a_torn_newest_falls_back_to_the_one_before(self):
        for start in (1, 1000):
            fill(self.nets, start)
            self.saving.save(checkpoints.Position(start))
        (newest,) = self.here.glob("ckpt-1000.data*")
        newest.write_bytes(newest.read_bytes()[:100])
        nets, restoring, restored = self.restore()
        self.assertEqual(restored.nimg, 1)
        self.assert_filled(nets, 1)
        self.assertLen(restoring.unreadable, 1)

    def test_a_damaged_list_of_checkpoints(self):
        fill(self.nets, 1)
        self.saving.save(checkpoints.Position(1))
        for content in (b"", b"garbage"):
            (self.here / "checkpoint").write_bytes(content)
            nets, _, restored = self.restore()
            self.assertEqual(restored.nimg, 1)
            self.assert_filled(nets, 1)

    def test_none_that_can_be_read(self):
        self.saving.save(checkpoints.Position(1))
        for path in self.here.glob("ckpt-1.data*"):
            path.unlink()
        with self.assertRaisesRegex(errors.UserError, "no checkpoint can be"):
            self.restore()

    def test_a_full_disk_is_an_oserror(self):
        full = tf.errors.ResourceExhaustedError(None, None, "No space left")
        with mock.patch.object(
            tf.train.CheckpointManager, "save", side_effect=full
        ):
            with self.assertRaises(OSError) as caught:
                self.saving.save(checkpoints.Position(1))
        self.assertEqual(caught.exception.errno, errno.ENOSPC)
