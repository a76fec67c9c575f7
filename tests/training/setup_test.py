"""Options checked before any work."""

import dataclasses
import math
import pathlib

import numpy as np
from absl.testing import parameterized

from pgan_tf import config, errors, run_folder
from pgan_tf.data import records, writing
from pgan_tf.training import setup
from tests import common


class SetupTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        random = np.random.RandomState(0)
        pixels = random.randint(0, 256, (8, 16, 16, 3)).astype(np.uint8)
        writing.save(self.here / "set", pixels, np.eye(8, dtype=np.float32))

    def options(self, **sections) -> config.RunConfig:
        data = {"data_dir": str(self.here / "set")}
        return config.RunConfig(
            run_dir=str(self.here / "run"),
            data=config.DataConfig(**{**data, **sections.pop("data", {})}),
            **sections,
        )

    def assert_refused(self, options, message):
        with self.assertRaisesRegex(errors.UserError, message):
            setup.check(options)

    def test_fills_in_what_was_left_open(self):
        options = setup.check(self.options(data={"max_label_size": -1}))
        self.assertEqual(options.data.resolution, 16)
        self.assertEqual(options.data.max_label_size, 8)
        self.assertEqual(options.networks.latent_size, 512)

    def test_a_lower_resolution_than_the_dataset_has(self):
        options = setup.check(self.options(data={"resolution": 8}))
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
        schedule = config.ScheduleConfig(**schedule)
        self.assert_refused(self.options(schedule=schedule), message)

    def test_widths(self):
        networks = config.NetworksConfig(fmap_base=7)
        self.assert_refused(self.options(networks=networks), "give 8 or more")
        networks = config.NetworksConfig(fmap_base=8)
        setup.check(self.options(networks=networks))

    def test_grid(self):
        snapshots = config.SnapshotsConfig(grid="15by8")
        self.assert_refused(self.options(snapshots=snapshots), "--grid=15by8")
        snapshots = config.SnapshotsConfig(grid="15x8")
        options = setup.check(self.options(snapshots=snapshots))
        self.assertEqual(setup.grid_size(options), (15, 8))

    def test_a_run_of_another_configuration(self):
        options = setup.check(self.options())
        run_dir = pathlib.Path(options.run_dir)
        run_dir.mkdir()
        digest = records.open_dataset(self.here / "set").digest
        run_folder.begin(run_dir, options, digest)
        setup.check(self.options())
        longer = config.ScheduleConfig(total_kimg=20000)
        setup.check(self.options(schedule=longer))
        smaller = config.NetworksConfig(fmap_max=64)
        self.assert_refused(
            self.options(networks=smaller),
            r"another configuration \(fmap_max: 512 -> 64; latent_size: ",
        )

    def test_another_dataset_of_the_same_name(self):
        options = setup.check(self.options())
        run_dir = pathlib.Path(options.run_dir)
        run_dir.mkdir()
        run_folder.begin(run_dir, options, "of another dataset")
        self.assert_refused(options, "--data_dir=.* is not the dataset that")

    def test_what_a_failed_start_leaves_is_no_obstacle(self):
        run_dir = self.here / "run"
        run_dir.mkdir()
        (run_dir / "tensorflow.log").touch()
        (run_dir / "config.json").write_text("{}")
        (run_dir / "partial-1-dataset.sha256").touch()
        setup.check(self.options())

    def test_a_folder_of_other_things(self):
        run_dir = self.here / "run"
        run_dir.mkdir()
        setup.check(self.options())
        (run_dir / "thesis.txt").touch()
        self.assert_refused(self.options(), "exists and is not a run")

    def test_minibatches(self):
        def check(replicas, group=4, **schedule):
            options = self.options(
                networks=config.NetworksConfig(mbstd_group_size=group),
                schedule=config.ScheduleConfig(**schedule),
            )
            setup.check_minibatches(setup.check(options), replicas)

        check(2, minibatch_base=8)
        check(4, minibatch_base=8)
        with self.assertRaisesRegex(errors.UserError, "minibatch of 6 .* 4x4"):
            check(2, minibatch_base=12)
        with self.assertRaisesRegex(errors.UserError, "at 16x16 .* groups of"):
            check(1, minibatch_base=8, minibatch_dict={16: 6})
        with self.assertRaisesRegex(errors.UserError, "fewer images than"):
            check(4, minibatch_base=3)
        check(2, group=0, minibatch_base=12)
