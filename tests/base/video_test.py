"""Videos: what is written is read back."""

import sys
from unittest import mock

import imageio_ffmpeg
import numpy as np
from absl.testing import parameterized
from PIL import Image

from pgan_tf.base import errors, video
from tests import common


def frames(count: int = 6, channels: int = 3) -> np.ndarray:
    """uint8 [count,33,47,channels]: a bright bar that moves, on grey."""
    result = np.full((count, 33, 47, channels), 60, np.uint8)
    for i in range(count):
        result[i, :, 6 * i : 6 * i + 10] = 200
    return result


class VideoTest(common.TestCase, parameterized.TestCase):
    def read_mp4(self, path) -> tuple[dict, np.ndarray]:
        reader = imageio_ffmpeg.read_frames(path)
        facts = next(reader)
        width, height = facts["size"]
        found = [
            np.frombuffer(each, np.uint8).reshape(height, width, 3)
            for each in reader
        ]
        return facts, np.stack(found)

    @parameterized.parameters(1, 3)
    def test_mp4(self, channels):
        path = self.folder() / "a.mp4"
        wanted = frames(channels=channels)
        video.write(path, iter(wanted), fps=12)
        facts, found = self.read_mp4(path)
        self.assertEqual(facts["fps"], 12)
        # Odd sizes are filled up by repeating the edge.
        self.assertEqual(found.shape, (6, 34, 48, 3))
        error = np.abs(found[:, :33, :47].astype(int) - wanted)
        self.assertLess(error.mean(), 3)
        edge = found[:, 33].astype(int) - found[:, 32]
        self.assertLess(np.abs(edge).mean(), 3)
        self.assertLen(list(path.parent.iterdir()), 1)

    @parameterized.parameters("gif", "webp", "WEBP")
    def test_gif_and_webp(self, suffix):
        path = self.folder() / f"a.{suffix}"
        wanted = frames()
        video.write(path, iter(wanted), fps=10)
        with Image.open(path) as found:
            self.assertEqual((found.n_frames, found.size), (6, (47, 33)))
            self.assertEqual(found.info["loop"], 0)
            for i, frame in enumerate(wanted):
                found.seek(i)
                found.load()
                self.assertEqual(found.info["duration"], 100)
                pixels = np.asarray(found.convert("RGB")).astype(int)
                self.assertLess(np.abs(pixels - frame).mean(), 3)

    def test_other_formats(self):
        for name in ("a.avi", "a", "a.png"):
            with self.assertRaisesRegex(errors.UserError, "named .mp4, .gif"):
                video.check(self.folder() / name)

    def test_without_ffmpeg(self):
        path = self.folder() / "a.mp4"
        message = (
            r'a.mp4: MP4 needs more packages: pip install "pgan_tf\[video\]", '
            "or name the file .gif or .webp"
        )
        with mock.patch.dict(sys.modules, {"imageio_ffmpeg": None}):
            with self.assertRaisesRegex(errors.UserError, message):
                video.check(path)
            video.check(path.with_suffix(".webp"))
        with mock.patch.dict(sys.modules):
            with mock.patch.object(
                imageio_ffmpeg, "get_ffmpeg_exe", side_effect=RuntimeError
            ):
                with self.assertRaisesRegex(errors.UserError, message):
                    video.write(path, frames(), 10)

    @parameterized.parameters("mp4", "gif")
    def test_nothing_half_written(self, suffix):
        path = self.folder() / f"a.{suffix}"

        def torn():
            yield from frames(2)
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            video.write(path, torn(), 10)
        self.assertEmpty(list(path.parent.iterdir()))

    def test_ffmpeg_that_fails(self):
        folder = self.folder()
        with mock.patch.object(video, "even", lambda frame: frame):
            with self.assertRaisesRegex(errors.UserError, "ffmpeg failed: "):
                video.write(folder / "a.mp4", frames(), 10)
        self.assertEmpty(list(folder.iterdir()))
