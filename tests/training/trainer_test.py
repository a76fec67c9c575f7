"""The loop on tiny networks: files, growth, stopping and going on."""

import dataclasses
import json
import pathlib
from unittest import mock

import numpy as np
import tensorflow as tf
from PIL import Image

from pgan_tf.base import devices, images
from pgan_tf.data.format import writing
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import (
    DataOptions,
    RunOptions,
    ScheduleOptions,
    SnapshotsOptions,
)
from pgan_tf.sampling import drawing, latent_table
from pgan_tf.training import checks, state, stopping, trainer
from tests import common, dataset_files

# 4x4 for 64 images, 8x8 fading for 64, then settled.
SCHEDULE = {
    "total_kimg": 0.256,
    "lod_training_kimg": 0.064,
    "lod_transition_kimg": 0.064,
    "minibatch_base": 8,
    "minibatch_repeats": 2,
    "tick_kimg_base": 0.064,
}


def make_dataset(folder: pathlib.Path) -> None:
    random = np.random.RandomState(0)
    pixels = random.randint(0, 256, (48, 8, 8, 3)).astype(np.uint8)
    dataset_files.save(
        folder, pixels, np.eye(3, dtype=np.float32)[np.arange(48) % 3]
    )


def make_options(
    here: pathlib.Path, run: str = "run", **data: object
) -> RunOptions:
    return checks.check(
        RunOptions(
            run_dir=str(here / run),
            data=DataOptions(
                data_dir=str(here / "set"), mirror_augment=True, **data
            ),
            networks=ProgressiveOptions(fmap_base=32, fmap_max=8),
            schedule=ScheduleOptions(**SCHEDULE),
            snapshots=SnapshotsOptions(network_snapshot_ticks=2, grid="4x3"),
        )
    )


def stats(run_dir: str) -> list[dict]:
    text = (pathlib.Path(run_dir) / "stats.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


class StopAfter(stopping.StopRequest):
    """Requested once it was asked so many times."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def requested(self) -> bool:
        self.left -= 1
        return self.left < 0


class TrainerTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        make_dataset(self.here / "set")

    def weights(self, options) -> list[np.ndarray]:
        """Every weight, moment and average of the run's last state."""
        run = trainer.Run(options)
        self.addCleanup(run.close)
        nets = run.nets
        return [
            np.asarray(v)
            for group in (nets.G.weights, nets.D.weights, nets.Gs.weights)
            + (nets.g_adam.variables, nets.d_adam.variables)
            for v in group
        ]

    def label_penalty(self, kind: str, size: int) -> float:
        """D's, of the first step of a run on labels of a kind."""
        folder = self.here / f"{kind}{size}"
        random = np.random.RandomState(0)
        pixels = random.randint(0, 256, (48, 8, 8, 3)).astype(np.uint8)
        target = writing.Target(folder, 8, 3, 48, 3)
        manifest = {"labels": {"kind": kind, "names": ["a", "b", "c"]}}
        with dataset_files.Writer(target, manifest) as writer:
            # Rows that look like one class out of three.
            writer.add(pixels, np.eye(3, dtype=np.float32)[np.arange(48) % 3])
        options = make_options(
            self.here, f"run-{kind}{size}", max_label_size=size
        )
        options = dataclasses.replace(
            options,
            data=dataclasses.replace(options.data, data_dir=str(folder)),
            schedule=dataclasses.replace(options.schedule, total_kimg=0.016),
        )
        trainer.train(options)
        return stats(options.run_dir)[0]["D_label_penalty"]

    def test_the_kind_of_labels_decides_their_loss(self):
        """At first the logits are about 0, of reals and of fakes."""
        for kind, size, expected in (
            ("onehot", 3, 2 * np.log(3)),
            ("multihot", 3, 2 * 3 * np.log(2)),
            # Softmax over one logit would say nothing.
            ("multihot", 1, 2 * np.log(2)),
            ("onehot", 1, 2 * np.log(2)),
        ):
            found = self.label_penalty(kind, size)
            self.assertAllClose(found, expected, rtol=0.5, atol=0, msg=kind)
            self.assertGreater(found, 0.1)

    def test_a_row_of_the_pictures_for_each_label(self):
        options = make_options(self.here, max_label_size=-1)
        generate = mock.Mock(wraps=drawing.generate)
        with mock.patch.object(drawing, "generate", generate):
            run = trainer.Run(options)
        self.addCleanup(run.close)
        _, latents, labels = generate.call_args.args
        self.assertAllEqual(labels, np.repeat(np.eye(3), 4, axis=0))
        self.assertAllEqual(latents, np.tile(latents[:4], (3, 1)))
        self.assertLen({tuple(row) for row in latents}, 4)
        # Images 0, 3, 6 and 9 have the first label, and so on.
        reals = run.dataset.read(8, np.arange(12).reshape(4, 3).T.ravel())
        with Image.open(run.run_dir / "reals.png") as picture:
            cells = np.asarray(picture)[::8, ::8]
        self.assertAllEqual(cells, images.grid(reals, 4))

    def test_a_run_leaves_what_it_should(self):
        options = make_options(self.here)
        trainer.train(options)
        run_dir = pathlib.Path(options.run_dir)
        ticks = stats(options.run_dir)
        self.assertEqual([t["nimg"] for t in ticks], [64, 128, 192, 256])
        self.assertEqual([t["resolution"] for t in ticks], [4, 8, 8, 8])
        self.assertEqual([t["lod"] for t in ticks], [1.0, 0.25, 0.0, 0.0])
        self.assertTrue(all(np.isfinite(t["D_loss"]) for t in ticks))
        self.assertEqual(sum(t["D_skipped_steps"] for t in ticks), 0)
        self.assertEqual(run_folder.read_config(run_dir), options)
        self.assertNotEmpty(list((run_dir / "tensorboard").iterdir()))
        log = (run_dir / "log.txt").read_text().splitlines()
        start = next(i for i, line in enumerate(log) if line[:4] == "page")
        self.assertLen(log[start + 1 :], 13)
        page = run_folder.report_path(run_dir).read_text()
        self.assertIn("0.3 of 0.256 kimg", page)

        (path,) = run_folder.list_snapshots(run_dir)
        Gs = snapshots.load_generator(path)
        latents = latent_table.latents(0, 12, Gs.latent_size, options.seed)
        cells = images.to_uint8(drawing.generate(Gs, latents))
        picture = np.asarray(Image.open(run_dir / "fakes000000.256.png"))
        expected = images.grid(images.upscale(cells, 8), 4)
        self.assertEqual(picture.shape, (3 * 64, 4 * 64, 3))
        self.assertLessEqual(
            np.abs(picture.astype(int) - expected.astype(int)).max(), 1
        )

    def test_a_stopped_run_goes_on_as_if_it_had_not(self):
        whole = make_options(self.here, "whole")
        trainer.train(whole)
        parts = make_options(self.here, "parts")
        # Stops mid-fade, mid-tick, and again in the settled phase.
        for calls in (6, 7):
            trainer.train(parts, StopAfter(calls))
        trainer.train(parts)
        same = zip(self.weights(whole), self.weights(parts), strict=True)
        for expected, found in same:
            self.assert_near(found, expected, share=1e-5)
        ticks = [t["nimg"] for t in stats(parts.run_dir)]
        self.assertEqual(ticks, sorted(set(ticks)))
        self.assertEqual(ticks[-1], 256)

    def test_a_loss_scale_goes_on_where_it_was(self):
        options = make_options(self.here)
        options = dataclasses.replace(
            options,
            optimizer=dataclasses.replace(
                options.optimizer, precision="float16", loss_scale_log2=10.0
            ),
        )
        stopped = trainer.Run(options)
        self.addCleanup(stopped.close)
        # Asked once ahead of two calls of two steps each.
        stopped.train(StopAfter(2))
        resumed = trainer.Run(options)
        self.addCleanup(resumed.close)
        for name in ("g_adam", "d_adam"):
            before = getattr(stopped.nets, name).loss_scale.log2.numpy()
            after = getattr(resumed.nets, name).loss_scale.log2.numpy()
            self.assertNear(before, 10 + 4 * 0.0005, 1e-5)
            self.assertEqual(after, before)

    def test_weights_of_another_run(self):
        other = trainer.Run(make_options(self.here, "other"))
        self.addCleanup(other.close)
        kernel = other.nets.Gs.to_rgb[0].kernel
        kernel.assign(tf.ones_like(kernel))
        path = self.here / "other.keras"
        snapshots.save_generator(other.nets.Gs, path)
        options = make_options(self.here)
        options = dataclasses.replace(options, init_from=str(path))

        run = trainer.Run(options)
        self.addCleanup(run.close)
        self.assertEqual(run.position.nimg, 0)
        for network in (run.nets.G, run.nets.Gs):
            self.assertAllEqual(network.to_rgb[0].kernel, kernel)
        log = (run.run_dir / "log.txt").read_text().splitlines()
        self.assertEqual(
            log[-3:],
            [
                f"G: 6 of 6 layers from {path}",
                f"D: fresh, as {path} holds only Gs",
                f"Gs: 6 of 6 layers from {path}",
            ],
        )

        # Once it has begun, its own checkpoints count.
        kernel = run.nets.Gs.to_rgb[0].kernel
        kernel.assign(2 * kernel)
        run.checkpoints.save(run.position)
        options = dataclasses.replace(options, init_from="gone.keras")
        again = trainer.Run(checks.check(options))
        self.addCleanup(again.close)
        self.assertAllEqual(again.nets.Gs.to_rgb[0].kernel, kernel)
        log = (run.run_dir / "log.txt").read_text()
        self.assertIn("--init_from=gone.keras is ignored: this run has", log)

    def test_labels_end_to_end(self):
        options = make_options(self.here, max_label_size=3)
        trainer.train(options)
        (path,) = run_folder.list_snapshots(options.run_dir)
        self.assertEqual(snapshots.load_generator(path).label_size, 3)
        self.assertGreater(stats(options.run_dir)[-1]["D_label_penalty"], 0)


class GrowTest(common.TestCase):
    def test_both_optimizers_restart(self):
        here = self.folder()
        make_dataset(here / "set")
        options = make_options(here)
        run = trainer.Run(options)
        self.addCleanup(run.close)
        adams = (run.nets.g_adam, run.nets.d_adam)
        for reset in (False, True):
            for adam in adams:
                for variable in adam.variables:
                    variable.assign(tf.ones_like(variable))
            run.options = dataclasses.replace(
                options,
                schedule=dataclasses.replace(
                    options.schedule, reset_opt_for_new_lod=reset
                ),
            )
            run.grow()
            for adam in adams:
                for variable in adam.variables:
                    expected = np.full(variable.shape, 0 if reset else 1)
                    self.assertAllEqual(variable, expected)


class NetworksTest(common.TestCase):
    def test_the_seed_decides_and_gs_starts_as_g(self):
        here = self.folder()
        make_dataset(here / "set")
        options = make_options(here)
        strategy = devices.make_strategy("CPU:0")
        first = state.make_networks(options, 3, strategy)
        second = state.make_networks(options, 3, strategy)
        for a, b, average in zip(
            first.G.get_weights(),
            second.G.get_weights(),
            first.Gs.get_weights(),
            strict=True,
        ):
            self.assertAllEqual(a, b)
            self.assertAllEqual(a, average)
        self.assertEqual(first.Gs.lod, 1.0)
