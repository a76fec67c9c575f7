"""Tests of generate.py as a user runs it."""

import base64
import contextlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from unittest import mock

import imageio_ffmpeg
import keras
import numpy as np
from PIL import Image

import generate
from pgan_tf import (
    directions,
    errors,
    images,
    run_folder,
    sampling,
    snapshots,
    video,
    walks,
)
from pgan_tf.generation import page
from tests import common, small_run

ROOT = pathlib.Path(__file__).parent.parent


class GenerateCase(common.TestCase):
    """Runs the script in an empty folder."""

    def setUp(self) -> None:
        super().setUp()
        self.cwd = self.folder()

    def run_script(self, *args: object) -> subprocess.CompletedProcess[str]:
        """The real script, in a process of its own."""
        command = [sys.executable, ROOT / "generate.py", *args]
        return subprocess.run(
            [str(each) for each in command],
            capture_output=True,
            text=True,
            cwd=self.cwd,
            timeout=300,
        )

    def succeed(self, *args: object) -> str:
        """The real script's output; bars alone may go to stderr."""
        done = self.run_script(*args)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in done.stderr.replace("\r", "\n").splitlines():
            self.assertRegex(line, r"^\s*$|\d+%\|")
        return done.stdout

    def call(self, *args: object) -> str:
        """The same without a new process, which is quicker."""
        stream = io.StringIO()
        parsed = generate.parse(["generate.py", *map(str, args)])
        with contextlib.chdir(self.cwd), contextlib.redirect_stdout(stream):
            generate.main(parsed)
        return stream.getvalue()

    def refuse(self, message: str, *args: object) -> None:
        """Expects one line of error."""
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            self.call(*args)
        self.assertNotIn("\n", str(caught.exception))

    def pixels(self, name: str) -> np.ndarray:
        return np.asarray(Image.open(self.cwd / name))


class HelpTest(GenerateCase):
    def test_help_is_instant(self):
        for args in (["--help"], ["interpolate", "--help"]):
            start = time.monotonic()
            output = self.succeed(*args)
            # Half a second alone; importing TensorFlow takes several.
            self.assertLess(time.monotonic() - start, 2.5)
            self.assertIn("python generate.py interpolate", output)

    def test_parsing_does_not_import_tensorflow(self):
        code = "import sys, generate; print('tensorflow' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        self.assertEqual(done.stdout, "False\n")

    def test_examples_parse(self):
        for verb in generate.VERBS:
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                with self.assertRaises(SystemExit):
                    generate.parse(["generate.py", verb, "--help"])
            text = stream.getvalue().replace("\\\n", "")
            found = re.findall(r"^ *python (generate.py .*)", text, re.M)
            self.assertNotEmpty(found, verb)
            names = [generate.parse(each.split()).name for each in found]
            self.assertEqual(names[0], verb)

    def test_mistakes_get_one_line(self):
        cases = {
            (): "VERB",
            ("destroy",): "invalid choice: 'destroy'",
            ("images", "--out=x"): "--network",
            ("images", "--network=x", "--out=x", "--colour=red"): "--colour",
        }
        for args, message in cases.items():
            with self.assertRaisesRegex(errors.UserError, message):
                generate.parse(["generate.py", *args])
        done = self.run_script("images", "--network=absent.keras", "--out=x",
                               "--seeds=1")  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertLen(done.stderr.splitlines(), 1, done.stderr)
        self.assertIn("generate.py: error: absent.keras", done.stderr)


class ImagesTest(GenerateCase):
    def setUp(self):
        super().setUp()
        self.run_dir = small_run.make(self.cwd)
        self.path = run_folder.list_snapshots(self.run_dir)[-1]
        self.network = f"--network={self.path}"

    def expected(self, seed: int) -> np.ndarray:
        """The picture of a seed, drawn alone."""
        G = snapshots.load_generator(self.path)
        latents = sampling.latents(0, 1, G.latent_size, seed)
        return images.to_uint8(sampling.generate(G, latents))[0]

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
        sheet = self.pixels("grid.png")
        self.assertEqual(sheet.shape, (32, 48, 3))
        last = self.expected(5).astype(int)
        self.assertLessEqual(np.abs(sheet[16:, 32:] - last).max(), 1)

    def test_latents_of_a_file(self):
        latents = np.random.RandomState(0).randn(2, 8).astype(np.float32)
        np.save(self.cwd / "z.npy", latents)
        self.call("images", self.network, "--latents=z.npy", "--out=c",
                  "--shrink=4")  # fmt: skip
        G = snapshots.load_generator(self.path)
        drawn = sampling.generate(G, latents)[1]
        means = drawn.reshape(4, 4, 4, 4, 3).mean(axis=(1, 3))
        found = self.pixels("c/latent0001.png").astype(int)
        expected = np.clip(np.rint(means * 127.5 + 127.5), 0, 255)
        self.assertLessEqual(np.abs(found - expected).max(), 1)

    def test_truncation(self):
        self.call("images", self.network, "--seeds=3", "--out=d",
                  "--truncation=0.5")  # fmt: skip
        G = snapshots.load_generator(self.path)
        latents = sampling.latents(0, 1, G.latent_size, 3, truncation=0.5)
        expected = images.to_uint8(sampling.generate(G, latents))[0]
        self.assertAllEqual(self.pixels("d/seed0003.png"), expected)
        self.assertNotAllEqual(expected, self.expected(3))

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

    def test_mistakes(self):
        (self.cwd / "file").write_text("")
        (self.cwd / "foreign.keras").write_text("no network")
        draw = ("images", self.network, "--out=x")
        cases = {
            "nothing to draw": draw,
            "not both": (*draw, "--seeds=1", "--latents=z.npy"),
            "--grid=2x2 has no room for 5": (*draw, "--seeds=0-4",
                                             "--grid=2x2"),
            "--grid=2by2 is not": (*draw, "--grid=2by2"),
            "--seeds=many": (*draw, "--seeds=many"),
            "--shrink=32: the pictures have 16": (*draw, "--seeds=0",
                                                  "--shrink=32"),
            "--truncation: 0 is not": (*draw, "--seeds=0", "--truncation=0"),
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


class InterpolateTest(GenerateCase):
    def setUp(self):
        super().setUp()
        self.run_dir = small_run.make(self.cwd)
        path = run_folder.list_snapshots(self.run_dir)[-1]
        self.draw = ("interpolate", f"--network={path}")
        self.G = snapshots.load_generator(path)

    def test_mp4(self):
        output = self.succeed(
            *self.draw, "--grid=3x2", "--duration=0.5", "--fps=10",
            "--zoom=2", "--out=new/walk.mp4",
        )  # fmt: skip
        self.assertEqual(output, "wrote 5 frames to new/walk.mp4\n")
        reader = imageio_ffmpeg.read_frames(self.cwd / "new" / "walk.mp4")
        self.assertEqual(next(reader)["size"], (96, 64))
        self.assertLen(list(reader), 5)

    def test_random_walk(self):
        self.call(*self.draw, "--grid=2x1", "--duration=2", "--fps=5",
                  "--smoothing=0.4", "--seed=7", "--out=walk.gif")  # fmt: skip
        size = self.G.latent_size
        noise = sampling.latents(0, 20, size, seed=7).reshape(10, 2, size)
        latents = walks.smooth(noise, 2.0)
        drawn = sampling.generate(self.G, latents[3])
        expected = np.concatenate(images.to_uint8(drawn), axis=1)
        with Image.open(self.cwd / "walk.gif") as found:
            self.assertEqual(found.n_frames, 10)
            found.seek(3)
            error = np.asarray(found.convert("RGB")).astype(int) - expected
        self.assertLess(np.abs(error).mean(), 8)  # 256 colours

    def test_between(self):
        self.call(*self.draw, "--between=3,7", "--duration=1", "--fps=4",
                  "--out=walk.gif")  # fmt: skip
        latents = [
            sampling.latents(0, 1, self.G.latent_size, seed)[0]
            for seed in (3, 7)
        ]
        middle = walks.slerp(*latents, 0.5)[None]
        path = [latents[0][None], middle, latents[1][None], middle]
        with Image.open(self.cwd / "walk.gif") as found:
            self.assertEqual(found.n_frames, 4)
            for i, latent in enumerate(path):
                found.seek(i)
                drawn = sampling.generate(self.G, latent.astype(np.float32))
                expected = images.to_uint8(drawn)[0].astype(int)
                error = np.asarray(found.convert("RGB")) - expected
                self.assertLess(np.abs(error).mean(), 8)  # 256 colours

    def test_mistakes(self):
        short = (*self.draw, "--duration=1", "--fps=2")
        cases = {
            "walk.avi: videos are named": (*self.draw, "--out=walk.avi"),
            "two seeds or more": (*short, "--between=3", "--out=a.gif"),
            "5 seeds in 2 frames": (*short, "--between=0-4", "--out=a.gif"),
            "leave out --grid": (*short, "--between=3,4", "--grid=2x1",
                                 "--out=a.gif"),
            "makes 0 frames": (*self.draw, "--duration=0.01", "--out=a.gif"),
            "--truncation is for": (*short, "--truncation=1", "--out=a.gif"),
            "--fps: 0 is not": (*self.draw, "--fps=0", "--out=a.gif"),
            "--duration: -1 is not": (*self.draw, "--duration=-1",
                                      "--out=a.gif"),
            "--out=folder.gif: is a folder": (*short, "--out=folder.gif"),
        }  # fmt: skip
        (self.cwd / "folder.gif").mkdir()
        for message, args in cases.items():
            self.refuse(message, *args)


class TrainingVideoTest(GenerateCase):
    def test_all_formats(self):
        run_dir = small_run.make(self.cwd, resolution=16)
        for nimg in (0, 5000, 10_000):
            grid = np.full((512, 960, 3), nimg // 50, np.uint8)
            images.save_png(run_folder.fakes_path(run_dir, nimg), grid)
        for suffix in video.FORMATS:
            output = self.succeed(
                "training_video", f"--run_dir={run_dir}", "--duration=1",
                "--fps=4", "--grid=2x1", f"--out=film{suffix}",
            )  # fmt: skip
            self.assertEqual(
                output, f"wrote 10 frames of 3 grids to film{suffix}\n"
            )
            self.assertGreater((self.cwd / f"film{suffix}").stat().st_size, 100)
        self.refuse("not a run folder", "training_video", "--run_dir=absent",
                    "--out=a.gif")  # fmt: skip


class ProjectTest(GenerateCase):
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
        latents = sampling.latents(0, 1, self.G.latent_size, seed=3)
        drawn = sampling.generate(self.G, latents)
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
        self.assertAllClose(latent[0], facts["latent"], atol=1e-6)
        self.call("images", self.draw[1], "--latents=found/latent.npy",
                  "--out=again")  # fmt: skip
        picture = self.pixels("found/picture.png").astype(int)
        again = self.pixels("again/latent0000.png")
        self.assertLessEqual(np.abs(picture - again).max(), 1)
        reader = imageio_ffmpeg.read_frames(self.cwd / "found" / "search.mp4")
        self.assertEqual(next(reader)["size"], (512, 256))
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

    def test_mistakes(self):
        (self.cwd / "note.png").write_text("no picture")
        self.write_target()
        cases = {
            "--target=absent.png: No such file": ("--target=absent.png",),
            "--target=note.png is no image": ("--target=note.png",),
            "--features=x.keras: no such file": ("--target=target.png",
                                                 "--features=x.keras"),
            "--steps: 0 is not": ("--target=target.png", "--steps=0"),
            "--video: invalid choice": ("--target=target.png", "--video=avi"),
        }  # fmt: skip
        for message, args in cases.items():
            self.refuse(message, *self.draw, *args, "--out=x")


class ExploreTest(GenerateCase):
    def setUp(self):
        super().setUp()
        self.run_dir = small_run.make(self.cwd)
        self.draw = ("explore", f"--network={self.run_dir}")
        # Where the classifier of the labels is kept.
        environment = {"XDG_CACHE_HOME": str(self.cwd)}
        self.enterContext(mock.patch.dict(os.environ, environment))

    def content(self, name: str = "page.html") -> dict:
        """What the page holds, which must be all it needs."""
        text = (self.cwd / name).read_text()
        self.assertNotRegex(text, r"https?:|src=|href=|@import")
        found = re.search(r'id="content">(.*?)</script>', text, re.S)
        return json.loads(found[1])

    def sprite(self, card: dict) -> np.ndarray:
        head, data = card["sprite"].split(",")
        self.assertEqual(head, "data:image/webp;base64")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))

    def test_directions_and_attributes(self):
        output = self.succeed(
            *self.draw, "--out=page.html", "--directions=3", "--seeds=4,7",
            "--places=5", "--reach=2",
        )  # fmt: skip
        self.assertRegex(
            output, "^wrote 3 principal directions and [12] attributes to page"
        )
        content = self.content()
        self.assertEqual((content["seeds"], content["places"]), ([4, 7], 5))
        sections = [card["section"] for card in content["cards"]]
        self.assertEqual(sections[:3], ["Principal directions"] * 3)
        self.assertEqual(sections[3], "Attributes")
        self.assertIn(content["cards"][3]["title"], ("0", "1"))
        # The sliders begin at the places nearest to the latents, and there
        # are the pictures of these latents.
        G = snapshots.load_generator(self.run_dir)
        samples = sampling.latents(0, 2000, G.latent_size, seed=0)
        activations = np.asarray(G.first_activations(samples))
        found = directions.principal(samples, activations, 3)
        latents = np.concatenate(
            [sampling.latents(0, 1, G.latent_size, seed) for seed in (4, 7)]
        )
        places = np.linspace(-2, 2, 5)
        for card, vector in zip(content["cards"], found.vectors, strict=False):
            sprite = self.sprite(card)
            self.assertEqual(sprite.shape, (2 * 16, 5 * 16, 3))
            nearest = np.abs((latents @ vector)[:, None] - places)
            self.assertAllEqual(card["starts"], nearest.argmin(axis=1))
            moved = directions.along(latents, vector, places)[1, 4]
            drawn = sampling.generate(G, moved[None])[0]
            expected = images.to_uint8(drawn).astype(int)
            error = sprite[16:, 64:] - expected
            # Noise of an untrained network suits no lossy format; but only
            # these latents give this picture.
            other = sprite[:16, :16] - expected
            self.assertLess(np.abs(error).mean(), 0.6 * np.abs(other).mean())

    def test_without_the_dataset(self):
        shutil.rmtree(self.cwd / "dataset")
        output = self.call(*self.draw, "--out=page.html", "--directions=2",
                           "--seeds=0", "--places=3")  # fmt: skip
        self.assertIn("0 attributes (the run's dataset is not here)", output)
        self.assertLen(self.content()["cards"], 2)
        output = self.call(
            *self.draw, "--out=a.html", "--directions=1", "--seeds=0",
            "--attributes=0", "--size=4",
        )  # fmt: skip
        self.assertIn("and 0 attributes to a.html", output)
        (card,) = self.content("a.html")["cards"]
        self.assertEqual(self.sprite(card).shape, (4, 9 * 4, 3))

    def test_texts_cannot_leave_their_place(self):
        text = page.render({"title": "</title><b>", "cards": ["</script>"]})
        self.assertIn("<title>&lt;/title&gt;&lt;b&gt;</title>", text)
        self.assertEqual(text.count("</script>"), 2)
        self.assertIn('"\\u003c/script>"', text)

    def test_mistakes(self):
        cases = {
            "--directions=9: the network's latents have 8": ("--directions=9",),
            "give a smaller --size": ("--seeds=0-1999",),
            "--places: 2 is not": ("--places=2",),
            "--out=run: is a folder": ("--out=run",),
        }
        for message, args in cases.items():
            self.refuse(message, *self.draw, "--out=x.html", *args)


class ClassTest(GenerateCase):
    def setUp(self):
        super().setUp()
        run_dir = small_run.make(self.cwd, label_size=2)
        self.path = run_folder.list_snapshots(run_dir)[-1]
        self.draw = ("images", f"--network={self.path}", "--seeds=5")

    def expected(self, label: list[float]) -> np.ndarray:
        G = snapshots.load_generator(self.path)
        latents = sampling.latents(0, 1, G.latent_size, 5)
        labels = np.array([label], np.float32)
        return images.to_uint8(sampling.generate(G, latents, labels))[0]

    def test_index_and_attributes(self):
        wanted = {"1": [0, 1], "0": [1, 0], "0,1": [1, 1], "none": [0, 0]}
        for name, label in wanted.items():
            self.call(*self.draw, f"--class={name}", "--out=a")
            file = f"a/seed0005-{name.replace(',', '-')}.png"
            self.assertAllEqual(self.pixels(file), self.expected(label))
        # A label that makes no difference would pass all of the above.
        self.assertNotAllEqual(self.expected([0, 1]), self.expected([1, 0]))

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
