"""Saving, restoring, and what cannot be read."""

import errno
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.training import checkpoints, optim, position, state
from tests import common


def make_networks() -> state.Networks:
    options = {"resolution": 8, "fmap_base": 32, "fmap_max": 8}
    G = Generator(**options)
    D = Discriminator(**options)
    return state.Networks(
        G=G,
        D=D,
        Gs=Generator(**options, name="Gs"),
        g_adam=optim.Adam(G.trainable_variables),
        d_adam=optim.Adam(D.trainable_variables),
    )


def variables(nets: state.Networks) -> list[tf.Variable]:
    """Everything that must survive."""
    found = [v.value for n in (nets.G, nets.D, nets.Gs) for v in n.weights]
    return [*found, *nets.g_adam.variables, *nets.d_adam.variables]


def fill(nets: state.Networks, start: int) -> None:
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
        where = position.Position(
            nimg=7_000,
            tick=3,
            lod=1.25,
            seconds=60.5,
            tick_nimg=6_500,
            tick_seconds=0.1,
            tick_calls=4,
            tick_sums=[0.1, -2e30],
        )
        self.saving.save(where)
        nets, _, restored = self.restore()
        self.assertEqual(restored, where)
        self.assert_filled(nets, 1)

    def test_the_two_newest_are_kept(self):
        for nimg in (8, 64, 640):
            self.saving.save(position.Position(nimg))
        names = sorted(path.name for path in self.here.iterdir())
        self.assertEqual(names, ["ckpt-64", "ckpt-640"])

    def test_saved_again_after_as_many_images(self):
        for start in (1, 5):
            fill(self.nets, start)
            self.saving.save(position.Position(64, tick=start))
        nets, _, restored = self.restore()
        self.assertEqual(restored.tick, 5)
        self.assert_filled(nets, 5)

    def test_what_a_kill_leaves_does_not_count(self):
        fill(self.nets, 1)
        self.saving.save(position.Position(1))
        half = self.here / "partial-ckpt-1000"
        half.mkdir()
        (half / "state.index").write_bytes(b"half")
        _, restoring, restored = self.restore()
        self.assertEqual(restored.nimg, 1)
        restoring.save(position.Position(2000))
        self.assertFalse(half.exists())

    def test_a_damaged_newest_falls_back_to_the_one_before(self):
        for start in (1, 1000):
            fill(self.nets, start)
            self.saving.save(position.Position(start))
        for path in (self.here / "ckpt-1000").iterdir():
            whole = path.read_bytes()
            damaged = [whole[: len(whole) // 2], b"", None]
            for place in np.linspace(0, len(whole) - 1, 12).astype(int):
                damaged.append(flip(whole, place))
            for content in damaged:
                path.unlink()
                if content is not None:
                    path.write_bytes(content)
                nets, restoring, restored = self.restore()
                self.assertEqual(restored.nimg, 1)
                self.assert_filled(nets, 1)
                self.assertLen(restoring.unreadable, 1)
                path.write_bytes(whole)
        self.assertEqual(self.restore()[2].nimg, 1000)

    def test_a_damaged_position(self):
        for nimg in (1, 1000):
            self.saving.save(position.Position(nimg))
        (path,) = (self.here / "ckpt-1000").glob("*.data*")
        whole = path.read_bytes()
        path.write_bytes(flip(whole, whole.index(b'"tick_calls"')))
        self.assertEqual(self.restore()[2].nimg, 1)

    def test_none_that_can_be_read(self):
        self.saving.save(position.Position(1))
        for path in (self.here / "ckpt-1").glob("*.data*"):
            path.unlink()
        with self.assertRaisesRegex(errors.UserError, "no checkpoint can be"):
            self.restore()

    def test_a_full_disk_keeps_the_last_good_one(self):
        self.saving.save(position.Position(1))
        full = tf.errors.ResourceExhaustedError(None, None, "No space left")
        with mock.patch.object(tf.train.Checkpoint, "write", side_effect=full):
            with self.assertRaises(OSError) as caught:
                self.saving.save(position.Position(2))
        self.assertEqual(caught.exception.errno, errno.ENOSPC)
        names = [path.name for path in self.here.iterdir()]
        self.assertEqual(names, ["ckpt-1"])
        self.assertEqual(self.restore()[2].nimg, 1)


def flip(content: bytes, place: int) -> bytes:
    """The same bytes but for one."""
    changed = bytearray(content)
    changed[place] ^= 0x5A
    return bytes(changed)
