"""Files and folders of whatever names: never patterns, never protocols."""

import json
import os
import pathlib

import numpy as np
from PIL import Image

from pgan_tf.base import images
from pgan_tf.runs import folder as run_folder
from tests import small_run
from tests.commands.generate import generate_case

# All at once, as every verb takes a while.
NAME = (
    "-v ~ http:12:30 lr=[1e-3]*?{1..3} 100%d qu'o\"te\nnew $x$ ^_ <b>&amp; \\"
    " ünïcödé 猫 \udcff"
)


class NamesTest(generate_case.GenerateCase):
    def test_every_verb(self):
        """A run, a picture and what is written, all of one name."""
        name = NAME
        here = self.cwd / name
        here.mkdir()
        run_dir = small_run.make(here).rename(here / name)
        grid = np.full((512, 960, 3), 9, np.uint8)
        images.save_png(run_folder.fakes_path(run_dir, 0), grid)
        target = here / f"{name}.png"
        Image.new("RGB", (16, 16)).save(target, "PNG")
        latents = here / f"{name}.npy"
        network = f"--network={run_dir}"

        def out(suffix=""):
            return f"--out={here / 'out' / name}{suffix}"

        np.save(latents, np.ones((2, 8), np.float32))
        self.call("images", network, f"--latents={latents}", out())
        for suffix in (".mp4", ".gif", ".webp", ".png"):
            self.call("interpolate", network, "--duration=0.5", "--fps=4",
                      out(suffix))  # fmt: skip
        for suffix in (".mp4", ".gif", ".webp"):
            self.call("training_video", f"--run_dir={run_dir}", "--fps=4",
                      "--duration=0.5", out(f" film{suffix}"))  # fmt: skip
        self.call("explore", network, "--directions=1", "--attributes=0",
                  "--seeds=1", out(".html"))  # fmt: skip
        self.call("project", network, f"--target={target}", "--steps=2",
                  "--restarts=1", out(" me"))  # fmt: skip
        for form, suffix in (
            ("savedmodel", " model"),
            ("onnx", ".onnx"),
            ("keras", ".keras"),
        ):
            self.call("export", network, f"--format={form}", out(suffix))
        found = {each.name for each in (here / "out").iterdir()}
        expected = {
            f"{name}{suffix}"
            for suffix in (
                *("", ".mp4", ".gif", ".webp", ".png", " film.mp4"),
                *(" film.gif", " film.webp", ".html", " me", " model"),
                *(".onnx", ".keras"),
            )
        }
        self.assertEqual(found, expected)
        for each in (here / "out").rglob("*"):
            self.assertTrue(each.is_dir() or each.stat().st_size)
        # Nothing was written anywhere else.
        self.assertEqual({each.name for each in self.cwd.iterdir()}, {name})


class TornTest(generate_case.GenerateCase):
    """Lines of a run that a kill or a disk has damaged."""

    def test_training_video(self):
        run_dir = small_run.make(self.cwd)
        for nimg in (0, 5000):
            grid = np.full((512, 960, 3), nimg // 50, np.uint8)
            images.save_png(run_folder.fakes_path(run_dir, nimg), grid)
        whole = json.dumps({"nimg": 5000, "lod": 1.5, "tick": 1}).encode()
        make = ("training_video", f"--run_dir={run_dir}", "--duration=0.5",
                "--fps=4", "--out=a.gif")  # fmt: skip
        stats = run_folder.stats_path(run_dir)
        for content in (
            *(whole[:end] for end in range(0, len(whole), 7)),
            whole + b"\n" + whole[:20],
            whole + b"\n\xff\xfe\n",
            b"{}\n[]\nnull\n3\n",
            b'{"nimg": null, "lod": 1}\n{"nimg": 5000}\n{"lod": "x"}\n',
            b"[" * 100_000,
            b"\0" * 1000,
        ):
            stats.write_bytes(content)
            self.assertIn("2 grids", self.call(*make), content)
        picture = run_folder.fakes_path(run_dir, 5000)
        for content in (b"", b"\x89PNG\r\n", picture.read_bytes()[:-50]):
            picture.write_bytes(content)
            self.refuse("fakes000005.000.png", *make)

    def test_home(self):
        """`~` means the same everywhere."""
        run_dir = small_run.make(self.cwd)
        os.environ["HOME"], before = str(self.cwd), os.environ.get("HOME")
        self.addCleanup(os.environ.__setitem__, "HOME", before or "/")
        name = f"~/{pathlib.Path(run_dir).name}"
        self.call("images", f"--network={name}", "--seeds=1", "--out=~/b/c")
        self.assertTrue((self.cwd / "b" / "c" / "seed0001.png").is_file())
        self.call("interpolate", f"--network={name}", "--duration=1",
                  "--fps=4", "--out=~/b/w.gif")  # fmt: skip
        self.assertTrue((self.cwd / "b" / "w.gif").is_file())
        self.assertFalse((self.cwd / "~").exists())
