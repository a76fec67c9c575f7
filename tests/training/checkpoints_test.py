"""Saving, restoring, and what cannot be read."""

import dataclasses
import errno
import os
import shutil
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

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


class CheckpointsTest(common.TestCase, parameterized.TestCase):
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

    def test_copies_that_a_user_made_are_neither_taken_nor_deleted(self):
        copies = (
            *("ckpt-900 (copy)", "ckpt-901-good", "ckpt-0902", "my-ckpt-903"),
            *(
                "ckpt-904.bak",
                "ckpt-905\n",
                "ckpt- 906",
                "ckpt-\u0669",
                "ckpt-",
            ),
            *("partial-ckpt", "partial-ckpt-907-good", "partial-mine"),
        )
        self.saving.save(position.Position(5))
        for name in copies:
            shutil.copytree(self.here / "ckpt-5", self.here / name)
        (self.here / "ckpt-908").touch()  # No folder.
        for nimg in (6, 7, 8):
            self.saving.save(position.Position(nimg))
        self.assertEqual(self.restore()[2].nimg, 8)
        self.assertCountEqual(
            os.listdir(self.here), [*copies, "ckpt-908", "ckpt-7", "ckpt-8"]
        )

    def test_another_runs(self):
        def of_run(run_id):
            nets = make_networks()
            fill(nets, len(run_id))
            return nets, checkpoints.Checkpoints(
                self.here, nets, run_id=lambda: run_id
            )

        for writer, reader in (("a", "bc"), ("", "bc"), ("a", "")):
            of_run(writer)[1].save(position.Position(9))
            nets, reading = of_run(reader)
            with self.assertRaisesRegex(
                errors.UserError, "ckpt-9 is not this run's.*--init_from"
            ):
                reading.restore()
            self.assert_filled(nets, len(reader))  # Nothing was taken of it.
            self.assertEqual(of_run(writer)[1].restore().nimg, 9)

    def test_one_that_lacks_something_or_has_something_else(self):
        fill(self.nets, 1)
        self.saving.save(position.Position(1))
        whole = self.saving._checkpoint
        parts = {
            field.name: checkpoints._trackable(getattr(self.nets, field.name))
            for field in dataclasses.fields(self.nets)
        }
        lacking = {
            f"{part} {path}": {
                **parts,
                part: {k: v for k, v in parts[part].items() if k != path},
            }
            for part in ("G", "D", "Gs")
            for path in list(parts[part])[::6]
        }
        for part in parts:
            rest = {k: v for k, v in parts.items() if k != part}
            lacking[f"all of {part}"] = rest
        lacking["of another size"] = {
            **parts,
            "G": {path: tf.Variable(np.zeros(7)) for path in parts["G"]},
        }
        lacking["more"] = {**parts, "H": {"x": tf.Variable(1.0)}}
        for what, those in lacking.items():
            self.saving._checkpoint = tf.train.Checkpoint(
                position=self.saving._position, **those
            )
            self.saving.save(position.Position(2))
            nets, reading, restored = self.restore()
            self.assertEqual(restored.nimg, 1, what)
            self.assertLen(reading.unreadable, 1, what)
            self.assert_filled(nets, 1)
        self.saving._checkpoint = whole

    @parameterized.parameters(
        *("lr=[1e-3]", "back\\slash", "*", "?", "a b", "new\nline", "'\"'"),
        *("{a,b}", "~", "s3:x", "%s", "\u00e4", os.fsdecode(b"caf\xe9")),
    )
    def test_folders_of_any_name(self, name):
        self.here = self.here / name / "checkpoints"
        saving = checkpoints.Checkpoints(self.here, self.nets)
        fill(self.nets, 3)
        for nimg in (1, 2, 3):
            saving.save(position.Position(nimg))
        self.assertCountEqual(os.listdir(self.here), ["ckpt-2", "ckpt-3"])
        nets, _, restored = self.restore()
        self.assertEqual(restored.nimg, 3)
        self.assert_filled(nets, 3)

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
