"""`interpolate`: walks in all formats."""

from unittest import mock

import imageio_ffmpeg
import numpy as np
from PIL import Image

from pgan_tf.base import images, video
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from pgan_tf.sampling import drawing, latent_table, walks
from tests import small_run
from tests.commands.generate import generate_case


class InterpolateTest(generate_case.GenerateCase):
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
        noise = latent_table.latents(0, 20, size, seed=7).reshape(10, 2, size)
        latents = walks.smooth(noise, 2.0)
        drawn = drawing.generate(self.G, latents[3])
        expected = np.concatenate(images.to_uint8(drawn), axis=1)
        # 16 pixels high by 32 times.
        expected = expected.repeat(32, axis=0).repeat(32, axis=1)
        with Image.open(self.cwd / "walk.gif") as found:
            self.assertEqual(found.n_frames, 10)
            self.assertEqual(found.size, (1024, 512))
            found.seek(3)
            error = np.asarray(found.convert("RGB")).astype(int) - expected
        self.assertLess(np.abs(error).mean(), 8)  # 256 colours

    def test_between(self):
        self.call(*self.draw, "--between=3,7", "--duration=1", "--fps=4",
                  "--zoom=1", "--out=walk.gif")  # fmt: skip
        latents = [
            latent_table.latents(0, 1, self.G.latent_size, seed)[0]
            for seed in (3, 7)
        ]
        middle = walks.slerp(*latents, 0.5)[None]
        path = [latents[0][None], middle, latents[1][None], middle]
        with Image.open(self.cwd / "walk.gif") as found:
            self.assertEqual(found.n_frames, 4)
            for i, latent in enumerate(path):
                found.seek(i)
                drawn = drawing.generate(self.G, latent.astype(np.float32))
                expected = images.to_uint8(drawn)[0].astype(int)
                error = np.asarray(found.convert("RGB")) - expected
                self.assertLess(np.abs(error).mean(), 8)  # 256 colours

    def test_strip(self):
        self.call(*self.draw, "--between=3,7", "--duration=2", "--fps=2",
                  "--out=walk.png")  # fmt: skip
        size = self.G.latent_size
        stations = [
            latent_table.latents(0, 1, size, seed)[0] for seed in (3, 7)
        ]
        walk = walks.through(np.stack(stations), 4)
        drawn = images.to_uint8(drawing.generate(self.G, walk))
        expected = np.concatenate(drawn, axis=1).astype(int)
        found = self.pixels("walk.png")
        self.assertEqual(found.shape, (512, 4 * 512, 3))
        self.assertAllEqual(
            found, found[::32, ::32].repeat(32, 0).repeat(32, 1)
        )
        self.assertLessEqual(np.abs(found[::32, ::32] - expected).max(), 1)

    def test_at_least_512_pixels_high(self):
        """Height, width, by what is asked for of 16x16 pictures."""
        cases = {
            (): (512, 512),
            ("--grid=2x3",): (11 * 48, 11 * 32),
            ("--grid=2x3", "--zoom=1"): (48, 32),
            ("--grid=2x3", "--shrink=2"): (24, 16),
        }
        for flags, size in cases.items():
            self.call(*self.draw, "--duration=1", "--fps=2", *flags,
                      "--out=walk.webp")  # fmt: skip
            with Image.open(self.cwd / "walk.webp") as found:
                self.assertEqual(found.size[::-1], size, flags)

    def test_every_flag_arrives(self):
        """With a class, which each cell of each frame is of."""
        folder = self.folder()
        run_dir = small_run.make(folder, label_size=2)
        path = run_folder.list_snapshots(run_dir)[-1]
        G = snapshots.load_generator(path)
        seen = []
        write = mock.patch.object(
            video, "write", lambda *made: seen.append([*made, list(made[1])])
        )
        with (
            write,
            mock.patch.object(drawing, "pixels", wraps=drawing.pixels) as drawn,
        ):
            self.call(
                *("interpolate", f"--network={path}", "--class=1"),
                *("--grid=2x1", "--duration=1", "--fps=4", "--seed=7"),
                *("--smoothing=0.5", "--zoom=3", "--shrink=2"),
                *("--minibatch=5", "--out=walk.gif"),
            )
        self.assertEqual(drawn.call_args.args[3:], (2, 5))
        (_, _, fps, frames) = seen[0]
        self.assertEqual(fps, 4)
        noise = latent_table.latents(0, 8, G.latent_size, seed=7)
        latents = walks.smooth(noise.reshape(4, 2, -1), 2.0).reshape(8, -1)
        labels = np.tile(np.float32([0, 1]), [8, 1])
        cells = list(drawing.pixels(G, latents, labels, 2))
        self.assertLen(frames, 4)
        for i, frame in enumerate(frames):
            pair = np.stack(cells[2 * i : 2 * i + 2])
            expected = np.concatenate(images.upscale(pair, 3), axis=1)
            self.assertEqual(frame.shape, (24, 48, 3))
            # Sums of another order may round a pixel otherwise.
            difference = frame.astype(int) - expected
            self.assertLessEqual(np.abs(difference).max(), 1)
        other = np.stack(list(drawing.pixels(G, latents, 1 - labels, 2)))
        self.assertGreater(np.abs(other - np.stack(cells) * 1.0).max(), 1)

    def test_truncation_between_seeds(self):
        with mock.patch.object(
            walks, "through", wraps=walks.through
        ) as through:
            self.call(
                *(*self.draw, "--between=3,7", "--truncation=0.5"),
                *("--duration=1", "--fps=2", "--out=walk.png"),
            )
        stations, frames = through.call_args.args
        expected = latent_table.latents_of_seeds([3, 7], self.G, 0.5)
        self.assertAllEqual(stations, expected)
        self.assertLessEqual(np.abs(stations).max(), 0.5)
        self.assertEqual(frames, 2)

    def test_mistakes(self):
        short = (*self.draw, "--duration=1", "--fps=2")
        cases = {
            "walk.avi: videos are named": (*self.draw, "--out=walk.avi"),
            "walk.png: 1800 frames are too many": (*self.draw,
                                                   "--out=walk.png"),
            "--between=x: 'x' is no number": (*short, "--between=x",
                                            "--out=a.gif"),
            "two seeds or more": (*short, "--between=3", "--out=a.gif"),
            "5 seeds in 2 frames": (*short, "--between=0-4", "--out=a.gif"),
            "leave out --grid": (*short, "--between=3,4", "--grid=2x1",
                                 "--out=a.gif"),
            "makes 0 frames": (*self.draw, "--duration=0.01", "--out=a.gif"),
            "--truncation is for": (*short, "--truncation=1", "--out=a.gif"),
            "--fps=0: must be": (*self.draw, "--fps=0", "--out=a.gif"),
            "--duration=-1: must be": (*self.draw, "--duration=-1",
                                      "--out=a.gif"),
            "--out=folder.gif: is a folder": (*short, "--out=folder.gif"),
        }  # fmt: skip
        (self.cwd / "folder.gif").mkdir()
        for message, args in cases.items():
            self.refuse(message, *args)
