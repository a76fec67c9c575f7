"""`images`: seeds, latents, classes and what is refused."""

import json
import os
from unittest import mock

import numpy as np

import pgan_tf
from pgan_tf.base import images
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from pgan_tf.sampling import drawing, latent_table
from tests import small_run
from tests.commands.generate import generate_case


class ImagesTest(generate_case.GenerateCase):
    def setUp(self):
        super().setUp()
        self.run_dir = small_run.make(self.cwd)
        self.path = run_folder.list_snapshots(self.run_dir)[-1]
        self.network = f"--network={self.path}"

    def expected(self, seed: int) -> np.ndarray:
        """The picture of a seed, drawn alone."""
        G = snapshots.load_generator(self.path)
        latents = latent_table.latents(0, 1, G.latent_size, seed)
        return images.to_uint8(drawing.generate(G, latents))[0]

    def test_seed_alone_fixes_a_picture(self):
        output = self.succeed(
            "images", self.network, "--seeds=0-4,200", "--out=a"
        )
        self.assertEqual(output, "wrote 6 pictures to a\n")
        names = sorted(path.name for path in (self.cwd / "a").iterdir())
        self.assertEqual(names[-2:], ["seed0004.png", "seed0200.png"])
        self.assertLen(names, 6)
        self.call("images", self.network, "--seeds=200,3", "--out=b",
                  "--minibatch=1")  # fmt: skip
        for seed in (3, 200):
            alone = self.expected(seed).astype(int)
            for folder in "ab":
                found = self.pixels(f"{folder}/seed{seed:04d}.png")
                # Sums of another order may round a pixel otherwise.
                self.assertLessEqual(np.abs(found - alone).max(), 1)

    def test_grid(self):
        output = self.call("images", self.network, "--grid=3x2", "--out=.")
        self.assertEqual(output, "wrote 6 pictures in one to grid.png\n")
        # The smallest whole factor that makes it 512 pixels high.
        sheet = self.pixels("grid.png")
        self.assertEqual(sheet.shape, (512, 768, 3))
        last = self.expected(5).astype(int).repeat(16, 0).repeat(16, 1)
        self.assertLessEqual(np.abs(sheet[256:, 512:] - last).max(), 1)

    def test_sizes_of_sheets(self):
        """Height, width, by what is asked for of 16x16 pictures."""
        cases = {
            ("--grid=2x3",): (11 * 48, 11 * 32),
            ("--grid=2x3", "--zoom=1"): (48, 32),
            ("--grid=2x3", "--zoom=5"): (240, 160),
            ("--grid=2x3", "--shrink=2"): (24, 16),
            ("--grid=2x3", "--shrink=2", "--zoom=2"): (48, 32),
        }
        for flags, size in cases.items():
            self.call("images", self.network, *flags, "--out=sheet.png")
            self.assertEqual(self.pixels("sheet.png").shape, (*size, 3), flags)
        self.assertEqual(images.zoom_to_see(511), 2)
        self.assertEqual(images.zoom_to_see(512), 1)
        self.assertEqual(images.zoom_to_see(4096), 1)

    def test_the_first_sixteen(self):
        output = self.call("images", self.network, "--out=first")
        self.assertEqual(output, "wrote 16 pictures to first\n")
        names = sorted(path.name for path in (self.cwd / "first").iterdir())
        self.assertEqual(names, [f"seed{i:04d}.png" for i in range(16)])
        # For other programs: as the network draws them.
        self.assertEqual(self.pixels("first/seed0009.png").shape, (16, 16, 3))
        output = self.call("images", self.network, "--out=new/first.PNG")
        self.assertEqual(output, "wrote 16 pictures in one to new/first.PNG\n")
        sheet = self.pixels("new/first.PNG").astype(int)
        self.assertEqual(sheet.shape, (512, 512, 3))
        for row, column in ((0, 0), (0, 3), (2, 1), (3, 3)):
            alone = self.expected(4 * row + column)
            part = sheet[128 * row :: 8, 128 * column :: 8][:16, :16]
            self.assertLessEqual(np.abs(part - alone).max(), 1)
        self.assertEqual(
            [path.name for path in (self.cwd / "new").iterdir()], ["first.PNG"]
        )

    def test_one_picture_in_a_file(self):
        output = self.call("images", self.network, "--seeds=3", "--out=g.png")
        self.assertEqual(output, "wrote 1 picture to g.png\n")
        alone = self.expected(3).astype(int)
        found = self.pixels("g.png")
        self.assertLessEqual(np.abs(found - alone).max(), 1)
        self.call("images", self.network, "--seeds=3", "--out=h.png",
                  "--zoom=3")  # fmt: skip
        self.assertAllEqual(
            self.pixels("h.png"), found.repeat(3, 0).repeat(3, 1)
        )
        # Neither a folder nor a lock beside them.
        names = {path.name for path in self.cwd.iterdir()}
        self.assertEqual(names, {"dataset", "run", "g.png", "h.png"})
        # A folder is one whatever it is called.
        (self.cwd / "d.png").mkdir()
        self.call("images", self.network, "--seeds=3", "--out=d.png")
        self.assertAllEqual(self.pixels("d.png/seed0003.png"), found)

    def test_latents_of_a_file(self):
        latents = np.random.RandomState(0).randn(2, 8).astype(np.float32)
        np.save(self.cwd / "z.npy", latents)
        self.call("images", self.network, "--latents=z.npy", "--out=c",
                  "--shrink=4")  # fmt: skip
        G = snapshots.load_generator(self.path)
        drawn = drawing.generate(G, latents)[1]
        means = drawn.reshape(4, 4, 4, 4, 3).mean(axis=(1, 3))
        found = self.pixels("c/latent0001.png").astype(int)
        expected = np.clip(np.rint(means * 127.5 + 127.5), 0, 255)
        self.assertLessEqual(np.abs(found - expected).max(), 1)

    def test_truncation(self):
        self.call("images", self.network, "--seeds=3", "--out=d",
                  "--truncation=0.5")  # fmt: skip
        G = snapshots.load_generator(self.path)
        latents = latent_table.latents(0, 1, G.latent_size, 3, truncation=0.5)
        expected = images.to_uint8(drawing.generate(G, latents))[0]
        self.assertAllEqual(self.pixels("d/seed0003.png"), expected)
        self.assertNotAllEqual(expected, self.expected(3))

    def test_every_flag_of_drawing_arrives(self):
        G = snapshots.load_generator(self.path)
        latents = np.concatenate(
            [
                latent_table.latents(0, 1, G.latent_size, seed, truncation=0.5)
                for seed in (3, 5)
            ]
        )
        with mock.patch.object(
            drawing, "pixels", wraps=drawing.pixels
        ) as pixels:
            self.call(
                *("images", self.network, "--seeds=3,5", "--truncation=0.5"),
                *("--shrink=4", "--minibatch=1", "--out=e"),
            )
            _, found, labels, *others = pixels.call_args.args
            self.assertAllEqual(found, latents)
            self.assertIsNone(labels)
            self.assertEqual(others, [4, 1])
            pgan_tf.generate(self.path, [3, 5], truncation=0.5, minibatch=1)
            _, found, labels = pixels.call_args.args
            self.assertAllEqual(found, latents)
            self.assertEqual(pixels.call_args.kwargs, {"minibatch": 1})

    def test_bad_latents(self):
        np.save(self.cwd / "wide.npy", np.zeros((2, 9)))
        np.save(self.cwd / "nan.npy", np.full((2, 8), np.nan))
        np.save(self.cwd / "text.npy", np.array(["a"] * 8))
        np.save(self.cwd / "empty.npy", np.zeros((0, 8)))
        np.save(self.cwd / "code.npy", np.array([print]), allow_pickle=True)
        np.savez(self.cwd / "many.npz", a=np.zeros((1, 8)))
        whole = (self.cwd / "wide.npy").read_bytes()
        (self.cwd / "torn.npy").write_bytes(whole[:-9])
        (self.cwd / "note.npy").write_text("no array")
        cases = {
            "absent.npy": "no such file",
            "wide.npy": r"shape is \[2, 9\].*latents \[N,8\]",
            "nan.npy": "not finite",
            "text.npy": "not one array of numbers",
            "empty.npy": r"shape is \[0, 8\]",
            "code.npy": "not an array that numpy.save wrote",
            "many.npz": "not one array of numbers",
            "torn.npy": "not an array that numpy.save wrote",
            "note.npy": "not an array that numpy.save wrote",
        }
        for name, message in cases.items():
            self.refuse(
                f"--latents={name}: .*{message}",
                "images", self.network, f"--latents={name}", "--out=x",
            )  # fmt: skip

    def test_folder_without_permission(self):
        with mock.patch.object(os, "access", return_value=False):
            self.refuse(
                "--out=x: no permission to write there",
                "images", self.network, "--seeds=0", "--out=x",
            )  # fmt: skip

    def test_mistakes(self):
        (self.cwd / "file").write_text("")
        (self.cwd / "foreign.keras").write_text("no network")
        np.save(self.cwd / "three.npy", np.zeros((3, 8), np.float32))
        draw = ("images", self.network, "--out=x")
        cases = {
            "--out=g.jpg: name a .png file, or a folder": (
                "images", self.network, "--out=g.jpg"),
            "gone: no such snapshot": (
                "images", "--network=gone", "--out=y"),
            "not both": (*draw, "--seeds=1", "--latents=z.npy"),
            "--grid=2x2 has no room for 5": (*draw, "--seeds=0-4",
                                             "--grid=2x2"),
            "--grid=2x1 has no room for 3": (*draw, "--latents=three.npy",
                                             "--grid=2x1"),
            "--grid=2by2 is not": (*draw, "--grid=2by2"),
            "--seeds=many: .many. is no number": (*draw, "--seeds=many"),
            "--shrink=32: the pictures have 16": (*draw, "--seeds=0",
                                                  "--shrink=32"),
            "--truncation=0: must be": (*draw, "--seeds=0", "--truncation=0"),
            "--truncation is for": (*draw, "--latents=z.npy",
                                    "--truncation=1"),
            "--class=3: .* takes no labels": (*draw, "--seeds=0", "--class=3"),
            "--out=file/x: cannot make": ("images", self.network,
                                          "--seeds=0", "--out=file/x"),
            "foreign.keras: not a snapshot": (
                "images", "--network=foreign.keras", "--seeds=0", "--out=x"),
        }  # fmt: skip
        for message, args in cases.items():
            self.refuse(message, *args)
        # What is refused at once leaves no folder behind.
        self.assertFalse((self.cwd / "g.jpg").exists())
        self.assertFalse((self.cwd / "y").exists())


class ClassTest(generate_case.GenerateCase):
    def setUp(self):
        super().setUp()
        run_dir = small_run.make(self.cwd, label_size=2)
        self.path = run_folder.list_snapshots(run_dir)[-1]
        self.draw = ("images", f"--network={self.path}", "--seeds=5")

    def expected(self, label: list[float]) -> np.ndarray:
        G = snapshots.load_generator(self.path)
        latents = latent_table.latents(0, 1, G.latent_size, 5)
        labels = np.array([label], np.float32)
        return images.to_uint8(drawing.generate(G, latents, labels))[0]

    def test_index_and_attributes(self):
        wanted = {"1": [0, 1], "0": [1, 0], "0,1": [1, 1], "none": [0, 0]}
        for name, label in wanted.items():
            self.call(*self.draw, f"--class={name}", "--out=a")
            file = f"a/seed0005-{name.replace(',', '-')}.png"
            self.assertAllEqual(self.pixels(file), self.expected(label))
        # A label that makes no difference would pass all of the above.
        self.assertNotAllEqual(self.expected([0, 1]), self.expected([1, 0]))

    def test_numbers_of_named_classes(self):
        manifest = self.cwd / "dataset" / "dataset.json"
        content = json.loads(manifest.read_text())
        content["labels"] = {"names": ["old", "new"], "kind": "onehot"}
        manifest.write_text(json.dumps(content))
        self.call(*self.draw, "--class=1", "--out=a")
        (path,) = (self.cwd / "a").iterdir()
        found = self.pixels(path.relative_to(self.cwd))
        self.assertAllEqual(found, self.expected([0, 1]))

    def test_names_of_the_dataset(self):
        manifest = self.cwd / "dataset" / "dataset.json"
        content = json.loads(manifest.read_text())
        content["labels"] = {"names": ["Dark One", "1"], "kind": "onehot"}
        manifest.write_text(json.dumps(content))
        self.call(*self.draw, "--class=Dark One", "--out=a")
        found = self.pixels("a/seed0005-dark-one.png")
        self.assertAllEqual(found, self.expected([1, 0]))
        self.refuse(
            r"--class=grey: no class 'grey', only Dark One \(0\), 1",
            *self.draw, "--class=grey", "--out=a",
        )  # fmt: skip
        self.refuse("no class '2'", *self.draw, "--class=2", "--out=a")
        self.refuse(
            r"takes labels: choose with --class one of Dark One \(0\), 1",
            *self.draw, "--out=a",
        )  # fmt: skip
