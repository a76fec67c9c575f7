"""Snapshots and the run folder."""

import json
import os
import zipfile

import keras
import numpy as np

import pgan_tf
from pgan_tf.base import errors
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import RunOptions
from tests import common, processes


class SnapshotsTest(common.TestCase):
    def test_round_trip_with_lod(self):
        generator = Generator(resolution=8, fmap_base=32, lod=0.25)
        path = self.folder() / "network-snapshot-000012.keras"
        snapshots.save_generator(generator, path)
        loaded = snapshots.load_generator(path)
        self.assertEqual(loaded.lod, 0.25)
        latents = common.ramp((3, generator.latent_size))
        self.assertAllEqual(loaded(latents), generator(latents))
        self.assertEqual([p.name for p in path.parent.iterdir()], [path.name])

    def test_what_is_no_snapshot_is_named(self):
        folder = self.folder()
        torn = folder / "torn.keras"
        generator = Generator(resolution=4, fmap_base=16)
        snapshots.save_generator(generator, torn)
        torn.write_bytes(torn.read_bytes()[:-2000])
        other = folder / "other.keras"
        Discriminator(resolution=4, fmap_base=16).save(other)
        for path, reason in (
            (folder / "none.keras", "no such snapshot"),
            (torn, "not a snapshot"),
            (other, "not a generator"),
        ):
            with self.assertRaisesRegex(
                errors.UserError, f"{path.name}: {reason}"
            ):
                snapshots.load_generator(path)

    def test_code_in_a_file_is_not_run(self):
        folder = self.folder()
        trace = str(folder / "trace")
        hostile = keras.layers.Lambda(lambda x: [open(trace, "w"), x][1])
        model = keras.Sequential([keras.layers.Input((2,)), hostile])
        path = folder / "hostile.keras"
        model.save(path)
        os.unlink(trace)
        with self.assertRaisesRegex(errors.UserError, "not a generator"):
            snapshots.load_generator(path)
        self.assertFalse(os.path.exists(trace))

    def test_a_small_file_makes_no_large_network(self):
        path = self.folder() / "bomb.keras"
        generator = Generator(resolution=4, fmap_base=16)
        snapshots.save_generator(generator, path)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(parts["config.json"])
        config["config"].update(
            fmap_base=2**20, fmap_max=2**20, latent_size=2**20
        )
        parts["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        with self.assertRaisesRegex(errors.UserError, "without all its"):
            snapshots.load_generator(path)

    def test_a_run_folder_means_its_latest_snapshot(self):
        folder = self.folder()
        with self.assertRaisesRegex(errors.UserError, "no snapshots"):
            snapshots.load_generator(folder)
        for nimg, lod in ((9_000, 1.0), (1_024_000, 0.25), (100_000, 0.5)):
            generator = Generator(8, fmap_base=32, lod=lod)
            path = run_folder.snapshot_path(folder, nimg)
            snapshots.save_generator(generator, path)
        self.assertEqual(snapshots.load_generator(folder).lod, 0.25)

    def test_load_of_the_package(self):
        """Also NVIDIA's files; three lines from nothing to images."""
        generator = pgan_tf.load(common.GOLDEN_DIR / "ref_snapshot.pkl")
        latents = common.golden("ref_snapshot")["latents"]
        drawn = np.asarray(generator(latents))
        expected = common.nhwc(common.golden("ref_snapshot")["Gs_out"])
        self.assertAllClose(drawn, expected, rtol=0, atol=2e-5)

    def test_importing_the_package_is_cheap(self):
        code = "import sys, pgan_tf; sys.exit('keras' in sys.modules)"
        processes.succeed("-c", code)


class RunFolderTest(common.TestCase):
    def test_snapshots_in_order(self):
        folder = self.folder()
        for nimg in (1_024_000, 9_000, 100_000):
            run_folder.snapshot_path(folder, nimg).touch()
        (folder / ".partial-network-snapshot-000001.keras").touch()
        found = run_folder.list_snapshots(folder)
        self.assertEqual([run_folder.kimg_of(p) for p in found], [9, 100, 1024])

    def test_where_names_what_is_there(self):
        folder = self.folder()
        self.assertEqual(run_folder.where(folder), [])
        for nimg in (0, 1_024_000, 16_000):
            run_folder.fakes_path(folder, nimg).touch()
        (folder / "metric-swd.jsonl").touch()
        (folder / "metric-fid.jsonl").touch()
        self.assertEqual(
            run_folder.where(folder),
            [
                f"pictures     {folder}/fakes001024.000.png",
                f"metrics      {folder}/metric-*.jsonl: fid, swd",
            ],
        )

    def test_config_round_trip(self):
        folder = self.folder()
        options = RunOptions(seed=9)
        run_folder.begin(folder, options, "5eed")
        self.assertEqual(run_folder.read_config(folder), options)
        self.assertEqual(run_folder.read_dataset_digest(folder), "5eed")

    def test_what_is_no_run_is_named(self):
        folder = self.folder()
        with self.assertRaisesRegex(errors.UserError, "not a run folder"):
            run_folder.read_config(folder)
        (folder / "config.json").write_text("{")
        with self.assertRaisesRegex(
            errors.UserError, "no configuration of a run"
        ):
            run_folder.read_config(folder)

    def test_kimg_of_names(self):
        for name, kimg in (
            ("network-snapshot-000120.keras", 120),
            ("runs/x/network-snapshot-010211.pkl", 10_211),
            ("network-snapshot-000120.keras truncation 0.5", None),
            ("G.keras", None),
        ):
            self.assertEqual(run_folder.kimg_of(name), kimg, name)
