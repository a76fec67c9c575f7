"""Every flagfile that comes with the package can be started."""

import dataclasses
import io
import math
import pathlib
import re
from unittest import mock

import numpy as np
import pytest
from absl.testing import parameterized

from pgan_tf.commands import train
from pgan_tf.data.format import datasets
from pgan_tf.networks import families
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import checks, plan, speed
from tests import common, processes

CONFIGS = sorted((common.ROOT / "configs").glob("*.cfg"))
# What families of flagfiles share: no training by itself.
SHARED = ("celebahq", "celeba128", "modes")
WHOLE = [path for path in CONFIGS if path.stem not in SHARED]
BENCHMARKS = [path for path in WHOLE if path.stem.startswith("benchmark")]


def dataset_for(path: str, num_labels: int) -> datasets.Dataset:
    """What a training sees of a dataset as its folder's name says."""
    sizes = re.findall(r"(\d+)$", path)
    size = int(sizes[0]) if sizes else 0
    if size not in (32, 64, 128, 256, 1024):
        size = 32  # CIFAR-10, MNIST.
    labels = np.eye(10, num_labels, dtype=np.float32)
    made = datasets.open_dataset(f"black:{size}")
    return dataclasses.replace(
        made, num_images=len(labels), labels=labels, num_channels=3
    )


class FlagfilesTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*WHOLE)
    def test_it_is_checked_as_a_training_is(self, path):
        args = train.parse([f"--flagfile={path}"])
        given = run_flags.from_flags(args)
        self.assertNotEqual(given.run_dir, "")
        with mock.patch.object(
            datasets, "open_dataset", self.opened(datasets.open_dataset)
        ):
            options = checks.check(
                dataclasses.replace(given, run_dir=str(self.folder() / "new"))
            )
        again = run_flags.from_json(run_flags.to_json(options))
        self.assertEqual(again, options)
        devices = re.findall(r"(\d)gpus", path.stem)
        count = int(devices[0]) if devices else 1
        schedule = Schedule.of_run(options, count)
        self.assertEqual(schedule.resolution, options.data.resolution)
        family = families.by_name(options.family)
        checks.check_minibatches(schedule, family.group_size(options.networks))
        made = plan.make(options, 3, count, machine=speed.Machine(3300.0))
        self.assertTrue(math.isfinite(made.seconds))
        kimg = sum(row.kimg for row in made.rows)
        np.testing.assert_allclose(
            kimg, options.schedule.total_kimg, rtol=1e-9, atol=0
        )

    @staticmethod
    def opened(real):
        """Datasets as their names say; those without files as they are."""

        def open_dataset(path):
            if str(path).startswith("black:"):
                return real(path)
            with mock.patch.object(datasets, "open_dataset", real):
                return dataset_for(str(path), 10)

        return open_dataset

    @parameterized.parameters(*WHOLE)
    def test_plan(self, path):
        args = train.parse(
            [f"--flagfile={path}", "--plan", "--peak_gmac_per_sec=3300"]
        )
        here = pathlib.Path.cwd()
        with mock.patch("sys.stdout", io.StringIO()) as shown:
            train.main(args)
        self.assertRegex(shown.getvalue(), r"\ntotal +[0-9.e+]+ kimg, time ")
        self.assertNotIn("nan", shown.getvalue())
        self.assertEqual(pathlib.Path.cwd(), here)

    @parameterized.parameters(*BENCHMARKS)
    @pytest.mark.slow  # below, or parameterized would lose it
    def test_what_needs_no_data_trains(self, path):
        """The least of it: one call of one step, at its first resolution."""
        run_dir = self.folder() / "run"
        shown = processes.run(
            "train.py",
            f"--flagfile={path}",
            f"--run_dir={run_dir}",
            "--minibatch_repeats=1",
            "--total_kimg=0.001",
            timeout=1800,
        )
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("\ntick 1 ", shown.stdout)
        self.assertTrue((run_dir / "report.html").exists())

    def test_black_images_train(self):
        run_dir = self.folder() / "run"
        args = train.parse(
            [
                "--data_dir=black:8",
                f"--run_dir={run_dir}",
                "--fmap_base=32",
                "--fmap_max=8",
                "--minibatch_base=8",
                "--minibatch_repeats=1",
                "--lod_training_kimg=0.008",
                "--lod_transition_kimg=0.008",
                "--total_kimg=0.024",
            ]
        )
        processes.keep_signals(self)
        train.train_within(run_flags.from_flags(args))
        self.assertTrue((run_dir / "checkpoints" / "ckpt-24").is_dir())
