"""Options checked before any work."""

import dataclasses
import math
import os
import pathlib
import shutil

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.data.format import datasets
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.networks.tiny.options import TinyOptions
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import grid_layout
from pgan_tf.runs.options import (
    DataOptions,
    OptimizerOptions,
    RunOptions,
    ScheduleOptions,
    SnapshotsOptions,
)
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import checks
from tests import common, dataset_files


class SetupTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        random = np.random.RandomState(0)
        pixels = random.randint(0, 256, (8, 16, 16, 3)).astype(np.uint8)
        dataset_files.save(
            self.here / "set", pixels, np.eye(8, dtype=np.float32)
        )

    def options(self, **sections) -> RunOptions:
        data = {"data_dir": str(self.here / "set")}
        return RunOptions(
            run_dir=str(self.here / "run"),
            data=DataOptions(**{**data, **sections.pop("data", {})}),
            **sections,
        )

    def assert_refused(self, options, message):
        with self.assertRaisesRegex(errors.UserError, message):
            checks.check(options)

    def test_fills_in_what_was_left_open(self):
        options = checks.check(self.options(data={"max_label_size": -1}))
        self.assertEqual(options.data.resolution, 16)
        self.assertEqual(options.data.max_label_size, 8)
        self.assertEqual(options.networks.latent_size, 512)

    def test_a_lower_resolution_than_the_dataset_has(self):
        options = checks.check(self.options(data={"resolution": 8}))
        self.assertEqual(options.data.resolution, 8)

    @parameterized.parameters(
        ({"data_dir": ""}, "--data_dir is missing"),
        ({"data_dir": "nowhere"}, "no such dataset folder: nowhere"),
        ({"resolution": 32}, "--resolution=32: .* levels of 4 to 16"),
        ({"resolution": 12}, "--resolution=12 is not a power of two"),
        ({"max_label_size": 9}, "--max_label_size=9: .* has 8 labels"),
    )
    def test_data(self, data, message):
        self.assert_refused(self.options(data=data), message)

    def test_the_tiny_family(self):
        given = {"family": "tiny", "networks": TinyOptions(growing=False)}
        options = checks.check(self.options(**given))
        self.assertEqual(options.networks, TinyOptions(growing=False))
        self.assertEqual(options.schedule.lod_initial_resolution, 16)
        growing = {**given, "networks": TinyOptions()}
        options = checks.check(self.options(**growing))
        self.assertEqual(options.schedule.lod_initial_resolution, 4)
        labels = self.options(data={"max_label_size": 2}, **given)
        self.assert_refused(labels, "--max_label_size: .*tiny take no labels")

    def test_run_dir_is_needed(self):
        options = dataclasses.replace(self.options(), run_dir="")
        self.assert_refused(options, "--run_dir is missing")

    @parameterized.parameters(
        ({"minibatch_base": -1}, "--minibatch_base=-1: must be at least 0"),
        ({"g_lrate_dict": {8: -1.0}}, "--g_lrate_dict=.* must be above 0"),
        ({"lod_initial_resolution": 6}, "--lod_initial_resolution=6"),
        ({"total_kimg": math.nan}, "--total_kimg=nan"),
    )
    def test_schedule(self, schedule, message):
        schedule = ScheduleOptions(**schedule)
        self.assert_refused(self.options(schedule=schedule), message)

    def test_widths(self):
        networks = ProgressiveOptions(fmap_base=7)
        self.assert_refused(self.options(networks=networks), "give 8 or more")
        networks = ProgressiveOptions(fmap_base=8)
        checks.check(self.options(networks=networks))

    def test_grid(self):
        snapshots = SnapshotsOptions(grid="15by8")
        self.assert_refused(self.options(snapshots=snapshots), "--grid=15by8")
        snapshots = SnapshotsOptions(grid="15x8")
        options = checks.check(self.options(snapshots=snapshots))
        self.assertEqual(grid_layout.grid_size(options), (15, 8))

    def test_a_row_of_the_grid_for_each_label(self):
        snapshots = SnapshotsOptions(grid="3x4")
        options = self.options(
            snapshots=snapshots, data={"resolution": 16, "max_label_size": 3}
        )
        labels = np.float32(
            [[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]]
        )
        latents, pictures = grid_layout.grid_cells(options, labels)
        self.assertAllEqual(latents, [0, 1, 2] * 4)
        self.assertAllEqual(
            pictures.reshape(4, 3),
            # The first label once more, with images that have not been shown.
            [[0, 2, 3], [1, 2, 1], [0, 1, 2], [4, 0, 2]],
        )

    def test_the_grid_without_labels(self):
        snapshots = SnapshotsOptions(grid="3x2")
        options = self.options(snapshots=snapshots, data={"resolution": 16})
        latents, pictures = grid_layout.grid_cells(options, np.zeros((4, 7)))
        self.assertAllEqual(latents, range(6))
        self.assertAllEqual(pictures, [0, 1, 2, 3, 0, 1])

    def test_reused_fakes(self):
        """They would not be there for another step or part of one."""
        reusing = OptimizerOptions(reuse_fakes=True)
        checks.check(self.options(optimizer=reusing))
        several = ScheduleOptions(d_repeats=2, max_micro_batch_dict={16: 4})
        self.assert_refused(
            self.options(optimizer=reusing, schedule=several),
            "--reuse_fakes .* --d_repeats and --max_micro_batch_dict",
        )
        compiled = dataclasses.replace(reusing, xla=True)
        self.assert_refused(self.options(optimizer=compiled), "with --xla:")

    def test_as_many_rows_as_labels_by_default(self):
        for resolution, labels, rows in (
            (32, 10, 10), (32, 100, 32), (1024, 10, 2), (32, 0, 8),
        ):  # fmt: skip
            data = {"resolution": resolution, "max_label_size": labels}
            found = grid_layout.grid_size(self.options(data=data))
            self.assertEqual(found[1], rows)

    def test_labels_that_are_no_classes(self):
        pixels = np.zeros((2, 4, 4, 3), np.uint8)
        folder = self.here / "degrees"
        dataset_files.save(folder, pixels, np.float32([[20.5], [-3]]))
        data = {"data_dir": str(folder), "max_label_size": -1}
        self.assert_refused(
            self.options(data=data),
            "labels that are values .* --max_label_size=0",
        )
        checks.check(self.options(data={**data, "max_label_size": 0}))

    def test_the_same_schedule_in_other_flags(self):
        """What was the default may be derived, or the other way round."""
        before = ScheduleOptions(minibatch_base=8, g_lrate_base=0.001)
        after = ScheduleOptions(
            minibatch_dict={4: 8, 8: 8, 16: 8}, total_kimg=7
        )
        options = checks.check(self.options(schedule=before))
        run_dir = pathlib.Path(options.run_dir)
        run_dir.mkdir()
        digest = datasets.open_dataset(self.here / "set").digest
        run_folder.begin(run_dir, options, digest)
        checks.check(self.options(schedule=after))
        passes = dataclasses.replace(before, max_micro_batch_dict={16: 4})
        checks.check(self.options(schedule=passes))
        other = dataclasses.replace(after, minibatch_dict={4: 8, 8: 8})
        self.assert_refused(self.options(schedule=other), "minibatch_dict")

    def test_a_run_of_another_configuration(self):
        options = checks.check(self.options())
        run_dir = pathlib.Path(options.run_dir)
        run_dir.mkdir()
        digest = datasets.open_dataset(self.here / "set").digest
        run_folder.begin(run_dir, options, digest)
        checks.check(self.options())
        longer = ScheduleOptions(total_kimg=20000)
        checks.check(self.options(schedule=longer))
        checks.check(dataclasses.replace(options, init_from="another.keras"))
        smaller = ProgressiveOptions(fmap_max=64)
        self.assert_refused(
            self.options(networks=smaller),
            r"another configuration \(fmap_max: 512 -> 64; latent_size: ",
        )

    def test_another_dataset_of_the_same_name(self):
        options = checks.check(self.options())
        run_dir = pathlib.Path(options.run_dir)
        run_dir.mkdir()
        run_folder.begin(run_dir, options, "of another dataset")
        self.assert_refused(options, "--data_dir=.* is not the dataset that")

    def test_the_same_dataset_by_another_name(self):
        options = checks.check(self.options())
        run_dir = pathlib.Path(options.run_dir)
        run_dir.mkdir()
        digest = datasets.open_dataset(self.here / "set").digest
        run_folder.begin(run_dir, options, digest)
        shutil.copytree(self.here / "set", self.here / "copied elsewhere")
        (self.here / "link").symlink_to(self.here / "set")
        relative = os.path.relpath(self.here / "set")
        names = ["set/", "copied elsewhere", "link", "../" + self.here.name]
        paths = [f"{self.here}/{name}" for name in names[:3]]
        paths += [relative, f"{self.here}/{names[3]}/set"]

        def given(path):
            data = dataclasses.replace(options.data, data_dir=path)
            return dataclasses.replace(options, data=data)

        for path in paths:
            checks.check(given(path))
        pixels = np.zeros((8, 16, 16, 3), np.uint8)
        other = self.here / "other" / "set"
        dataset_files.save(other, pixels, np.eye(8, dtype=np.float32))
        self.assert_refused(given(str(other)), "is not the dataset that")

    def test_what_others_leave_in_a_folder_is_no_obstacle(self):
        run_dir = self.here / "run"
        run_dir.mkdir()
        (run_dir / "lost+found").mkdir()
        for name in (
            *("console.log", ".DS_Store", "._x", "slurm-123.out", "Thumbs.db"),
            *("job.err", "train.o1234", "train.e1234", ".nfs0001", "a b.log"),
            *(".lock-train", ".lock-evaluate", "nohup.out", "desktop.ini"),
        ):
            (run_dir / name).touch()
            checks.check(self.options())

    @parameterized.parameters(
        *("thesis.txt", "log", "holiday.png", "partial-mine", "slurm-1.out.gz"),
        *("log.txt", "stats.jsonl", "network-snapshot-000001.keras"),
    )
    def test_anything_else_is_one(self, name):
        run_dir = self.here / "run"
        run_dir.mkdir()
        (run_dir / name).touch()
        self.assert_refused(self.options(), "exists and is not a run")

    def test_what_a_failed_start_leaves_is_no_obstacle(self):
        run_dir = self.here / "run"
        run_dir.mkdir()
        (run_dir / "tensorflow.log").touch()
        (run_dir / "config.json").write_text("{}")
        (run_dir / "partial-1-dataset.sha256").touch()
        checks.check(self.options())

    def test_a_folder_of_other_things(self):
        run_dir = self.here / "run"
        run_dir.mkdir()
        checks.check(self.options())
        (run_dir / "thesis.txt").touch()
        self.assert_refused(self.options(), "exists and is not a run")

    def test_minibatches(self):
        def check(replicas, group=4, **schedule):
            options = self.options(
                networks=ProgressiveOptions(mbstd_group_size=group),
                schedule=ScheduleOptions(**schedule),
            )
            schedule = Schedule.of_run(checks.check(options), replicas)
            checks.check_minibatches(schedule, group)

        check(2, minibatch_base=8)
        check(4, minibatch_base=8)
        with self.assertRaisesRegex(errors.UserError, "minibatch of 6 .* 4x4"):
            check(2, minibatch_base=12)
        with self.assertRaisesRegex(errors.UserError, "at 16x16 .* groups of"):
            check(1, minibatch_base=8, minibatch_dict={16: 6})
        with self.assertRaisesRegex(errors.UserError, "fewer images than"):
            check(4, minibatch_base=3)
        check(2, group=0, minibatch_base=12)
        check(1, minibatch_base=16, max_micro_batch_dict={4: 8, 8: 7})
        with self.assertRaisesRegex(errors.UserError, "passes of 2 .* 16x16"):
            check(1, minibatch_base=16, max_micro_batch_dict={16: 2})
