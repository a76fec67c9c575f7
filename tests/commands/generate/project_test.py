"""`project`: the script finds a latent and writes what it should."""

import argparse
import json
from unittest import mock

import imageio_ffmpeg
import keras
import numpy as np
import tensorflow as tf

from pgan_tf.base import errors, images
from pgan_tf.commands.generate import project
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.sampling import drawing, latent_table, projection
from tests import common, small_run
from tests.commands.generate import generate_case


class ProjectTest(generate_case.GenerateCase):
    def setUp(self):
        super().setUp()
        self.G = common.golden_generator()
        # What it draws goes far beyond what files can hold.
        for layer in self.G.to_rgb:
            layer.kernel.assign(layer.kernel * 0.2)
            layer.bias.assign(layer.bias * 0.2)
        snapshots.save_generator(self.G, self.cwd / "golden.keras")
        self.draw = ("project", "--network=golden.keras")

    def write_target(self) -> np.ndarray:
        """The network's own picture of seed 3, three times as large."""
        latents = latent_table.latents(0, 1, self.G.latent_size, seed=3)
        drawn = drawing.generate(self.G, latents)
        self.assertLess(np.abs(drawn).max(), 1)
        pixels = images.to_uint8(drawn)
        large = images.upscale(pixels, 3)[0]
        # Wider than high: the middle counts.
        wide = np.pad(large, [(0, 0), (9, 9), (0, 0)])
        images.save_png(self.cwd / "target.png", wide)
        return pixels[0, :, :, 0]

    def test_finds_its_own_picture(self):
        target = self.write_target()
        output = self.succeed(
            *self.draw, "--target=target.png", "--out=found", "--steps=150",
            "--restarts=2",
        )  # fmt: skip
        self.assertRegex(output, r"^distance 0\.\d+ -> 0\.\d+; wrote")
        names = sorted(path.name for path in (self.cwd / "found").iterdir())
        self.assertEqual(names, [
            "latent.npy", "picture.png", "project.json", "search.mp4",
            "target.png",
        ])  # fmt: skip
        facts = json.loads((self.cwd / "found" / "project.json").read_text())
        curve = np.array(facts["distances"])
        self.assertEqual(curve.shape, (151, 2))
        self.assertEqual(facts["distance"], curve[-1].min())
        self.assertLess(facts["distance"], curve[0].min() / 10)
        self.assertAllEqual(self.pixels("found/target.png"), target)
        # The latent draws the picture.
        latent = np.load(self.cwd / "found" / "latent.npy")
        self.assertAllClose(latent[0], facts["latent"], rtol=1e-6, atol=1e-6)
        self.call("images", self.draw[1], "--latents=found/latent.npy",
                  "--out=again")  # fmt: skip
        picture = self.pixels("found/picture.png").astype(int)
        again = self.pixels("again/latent0000.png")
        self.assertLessEqual(np.abs(picture - again).max(), 1)
        reader = imageio_ffmpeg.read_frames(self.cwd / "found" / "search.mp4")
        self.assertEqual(next(reader)["size"], (1024, 512))
        self.assertLen(list(reader), 76)  # every second step of 0 to 150

    def test_features_and_webp(self):
        self.write_target()
        pixels = keras.Input([32, 32, 3])
        features = keras.layers.Flatten()(pixels)
        keras.Model(pixels, features).save(self.cwd / "flat.keras")
        self.call(*self.draw, "--target=target.png", "--out=found",
                  "--steps=3", "--restarts=1", "--features=flat.keras",
                  "--video=webp")  # fmt: skip
        facts = json.loads((self.cwd / "found" / "project.json").read_text())
        self.assertEqual(facts["features"], "flat.keras")
        self.assertLess(facts["distance"], facts["distances"][0][0])
        self.assertTrue((self.cwd / "found" / "search.webp").exists())

    def test_features_of_a_saved_model_and_of_random_weights(self):
        self.write_target()
        pixels = keras.Input([32, 32, 3])
        flat = keras.Model(pixels, keras.layers.Flatten()(pixels))
        flat.export(self.cwd / "flat", verbose=False)
        dead = tf.Module()
        dead.call = tf.function(
            lambda x: tf.stop_gradient(tf.reduce_mean(x, [1, 2])),
            [tf.TensorSpec([None, 32, 32, 3])],
        )
        tf.saved_model.save(dead, self.cwd / "dead", dead.call)
        draw = (*self.draw, "--target=target.png", "--steps=3",
                "--restarts=1", "--video=none")  # fmt: skip
        for features in ("flat", "random"):
            self.call(*draw, f"--features={features}", f"--out={features}-out")
            path = self.cwd / f"{features}-out" / "project.json"
            facts = json.loads(path.read_text())
            self.assertLess(facts["distance"], facts["distances"][0][0])
        self.refuse("no gradients go", *draw, "--features=dead", "--out=x")
        self.refuse("no labels", *draw, "--features=labels", "--out=x")

    def test_every_flag_arrives(self):
        """What is found is the best of the last step, not the first."""
        G = Generator(resolution=8, num_channels=3, fmap_base=64, label_size=2)
        snapshots.save_generator(G, self.cwd / "labels.keras")
        self.write_target()
        drawn = np.linspace(-1, 1, 2 * 8 * 8 * 3).reshape(2, 8, 8, 3)

        def descend(network, label, distance, latents, steps):
            for step in range(steps + 1):
                yield latents + step, drawn, np.array([2.0, 1.0]) / (step + 1)

        first = np.arange(2.0 * G.latent_size).reshape(2, -1)
        with (
            mock.patch.object(
                projection, "starts", return_value=first
            ) as starts,
            mock.patch.object(projection, "descend", wraps=descend) as search,
        ):
            self.call(
                *("project", "--network=labels.keras", "--target=target.png"),
                *("--class=1", "--steps=3", "--restarts=2", "--seed=9"),
                *("--video=none", "--out=found"),
            )
        _, label, _, *numbers = starts.call_args.args
        self.assertAllEqual(label, [0, 1])
        self.assertEqual(numbers, [2, 512, 9])
        _, label, _, latents, steps = search.call_args.args
        self.assertAllEqual(label, [0, 1])
        self.assertAllEqual(latents, first)
        self.assertEqual(steps, 3)
        facts = json.loads((self.cwd / "found" / "project.json").read_text())
        said = {"class": "1", "seed": 9, "steps": 3, "restarts": 2}
        said |= {"best_restart": 1, "distance": 0.25}
        said |= {"network": "labels.keras", "target": "target.png"}
        self.assertEqual({name: facts[name] for name in said}, said)
        self.assertAllEqual(facts["latent"], first[1] + 3)
        self.assertAllEqual(
            self.pixels("found/picture.png"), images.to_uint8(drawn[1])
        )

    def test_labels_are_those_of_the_runs_dataset(self):
        run_dir = small_run.make(self.folder())
        args = argparse.Namespace(features="labels", network=str(run_dir))
        made = mock.Mock(differentiable=None)
        with (
            mock.patch.object(
                project.features_by_name, "open_extractor", return_value=made
            ) as opened,
            self.assertRaisesRegex(errors.UserError, "no gradients go through"),
        ):
            project.choose_distance(args, np.zeros((16, 16, 3), np.float32))
        wanted, _, dataset, size, _ = opened.call_args.args
        self.assertEqual((wanted, size), ("labels", 16))
        self.assertEqual(dataset.name, "dataset")

    def test_mistakes(self):
        (self.cwd / "note.png").write_text("no picture")
        self.write_target()
        cases = {
            "--target=absent.png: no such file": ("--target=absent.png",),
            "--target=note.png is no image": ("--target=note.png",),
            "--features=x.keras: no such file": ("--target=target.png",
                                                 "--features=x.keras"),
            "--steps=0: must be": ("--target=target.png", "--steps=0"),
            "--video=avi: must be": ("--target=target.png", "--video=avi"),
        }  # fmt: skip
        for message, args in cases.items():
            self.refuse(message, *self.draw, *args, "--out=x")
        self.refuse("--out=me.png: name a folder", *self.draw,
                    "--target=target.png", "--out=me.png")  # fmt: skip
