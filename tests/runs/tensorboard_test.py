"""Event files, read back record by record."""

import io
import os
import pathlib

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow.core.util import event_pb2

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.runs import tensorboard, tick_numbers
from pgan_tf.runs.options import RunOptions, ScheduleOptions
from tests import common


def events(folder: pathlib.Path) -> list[tuple]:
    """(step, value) of each value in the one file of a folder."""
    (path,) = (each for each in folder.iterdir() if each.is_file())
    return [
        (event.step, value)
        for record in tf.data.TFRecordDataset(str(path))
        for event in [event_pb2.Event.FromString(record.numpy())]
        for value in event.summary.value
    ]


def read(folder: pathlib.Path) -> dict[str, tuple]:
    """(step, plugin, tensor) of the last value, by its tag."""
    return {
        value.tag: (step, value.metadata.plugin_data.plugin_name, value.tensor)
        for step, value in events(folder)
    }


def curve(folder: pathlib.Path, tag: str) -> list[tuple[int, float]]:
    """(step, value) of each point."""
    return [
        (step, float(tf.make_ndarray(value.tensor)))
        for step, value in events(folder)
        if value.tag == tag
    ]


def resident() -> int:
    """Bytes of memory that this process has now."""
    pages = pathlib.Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class WriterTest(common.TestCase):
    def test_points_leave_nothing_in_memory(self):
        """A number of Python would: 0.7 kB each, 14 MB in 1,000 ticks."""
        writer = tensorboard.Writer(self.folder())
        pixels = np.zeros([8, 8, 3], np.uint8)

        def ticks(start: int, count: int) -> None:
            for i in range(start, start + count):
                values = {f"curve{k}": i + k / 32 for k in range(20)}
                writer.tick(values, nimg=1000 * i)
                writer.picture("fakes", pixels, nimg=1000 * i)
            writer.flush()

        ticks(0, 100)
        before = resident()
        ticks(1000, 500)
        # 10,500 numbers that are different: 7 MB if each left a tensor.
        self.assertLess(resident() - before, 3 << 20)
        writer.close()

    def test_scalars_and_pictures(self):
        folder = self.folder()
        picture = np.arange(36, dtype=np.uint8).reshape(4, 3, 3)
        writer = tensorboard.Writer(folder)
        writer.tick({"G_loss": 2.5, "lod": 1.0, "new": 3.0}, nimg=12_345)
        writer.picture("fakes", picture, nimg=13_000)
        writer.close()
        found = read(folder)
        self.assertEqual(
            set(found),
            {"Loss/G", "Progress/lod", "Other/new", "Pictures/fakes"},
        )
        step, plugin, tensor = found["Loss/G"]
        self.assertEqual((step, plugin), (12, "scalars"))
        self.assertAllEqual(tf.make_ndarray(tensor), 2.5)
        step, plugin, tensor = found["Pictures/fakes"]
        self.assertEqual((step, plugin), (13, "images"))
        width, height, png = tf.make_ndarray(tensor)
        self.assertEqual((int(width), int(height)), (3, 4))
        self.assertAllEqual(Image.open(io.BytesIO(png)), picture)

    def test_everything_is_described_once(self):
        folder = self.folder()
        writer = tensorboard.Writer(folder)
        for nimg in (1000, 2000):
            writer.tick(dict.fromkeys(tick_numbers.BY_NAME, 1.0), nimg)
            writer.picture("reals", np.zeros([4, 4, 3], np.uint8), nimg)
        writer.close()
        told: dict[str, list[str]] = {}
        for _, value in events(folder):
            description = value.metadata.summary_description
            told.setdefault(value.tag, []).append(description)
        self.assertLen(told, len(tick_numbers.BY_NAME) + 1)
        for tag, (first, *later) in told.items():
            self.assertRegex(tag, r"^[A-Z]\w+/\w+$")
            self.assertEndsWith(first, ".", tag)
            if tag != "Pictures/reals":
                self.assertEqual(later, [""])

    def test_what_stays_zero_is_left_out(self):
        folder = self.folder()
        writer = tensorboard.Writer(folder)
        values = {"D_skipped_steps": 0.0, "D_label_penalty": 0.0, "G_loss": 1.0}
        for kimg in (1, 2, 3):
            writer.tick(values, kimg * 1000)
        writer.tick({**values, "D_skipped_steps": 0.5}, 4000)
        writer.tick(values, 5000)
        writer.close()
        tag = "TrainD/overflow_frequency"
        self.assertEqual(set(read(folder)), {"Loss/G", tag})
        # What it was until then is told by its ends.
        self.assertEqual(curve(folder, tag), [(1, 0), (3, 0), (4, 0.5), (5, 0)])

    def test_a_curve_that_a_file_before_has_begun_goes_on(self):
        folder = self.folder()
        writer = tensorboard.Writer(folder)
        writer.has_begun(["lod"])
        writer.tick({"lod": 0.0, "G_skipped_steps": 0.0}, 7000)
        writer.close()
        self.assertEqual(curve(folder, "Progress/lod"), [(7, 0)])
        self.assertLen(events(folder), 1)

    def test_the_config_is_a_text(self):
        folder = self.folder()
        writer = tensorboard.Writer(folder)
        options = RunOptions(
            run_dir="a|b",
            schedule=ScheduleOptions(minibatch_dict={4: 16, 8: 8}),
        )
        writer.config(options, [("device", "CPU <2>")], nimg=3000)
        writer.close()
        ((step, value),) = events(folder)
        self.assertEqual((step, value.tag), (3, "config"))
        self.assertEqual(value.metadata.plugin_data.plugin_name, "text")
        self.assertIn("every option", value.metadata.summary_description)
        text = tf.make_ndarray(value.tensor).item().decode()
        command = (
            "    python train.py \\\n      '--run_dir=a|b' \\\n"
            "      --minibatch_dict=4:16,8:8\n\n|"
        )
        self.assertStartsWith(text, command)
        # A bar or a bracket would be Markdown.
        self.assertIn("| **run_dir** | a&#124;b |\n", text)
        self.assertIn("| **minibatch_dict** | 4:16,8:8 |\n", text)
        # What was chosen comes first.
        self.assertIn("| seed | 1000 |\n", text)
        self.assertLess(text.index("minibatch_dict** |"), text.index("| seed"))
        self.assertIn("| device | CPU &#60;2&#62; |\n", text)

    def test_folders_of_any_name(self):
        for name in ("lr=[1e-3]*?\\", "new\nline", os.fsdecode(b"caf\xe9")):
            folder = self.folder() / name / "tensorboard"
            writer = tensorboard.Writer(folder)
            writer.tick({"lod": 1.0}, nimg=1000)
            writer.close()
            (path,) = folder.iterdir()
            plain = path.rename(self.folder() / "events")
            self.assertEqual(set(read(plain.parent)), {"Progress/lod"})

    def test_histograms_of_weights(self):
        folder = self.folder()
        options = {"resolution": 8, "fmap_base": 32, "fmap_max": 8}
        G = Generator(**options)
        kernel = np.zeros((3, 3, 8, 8), np.float32)
        kernel[0, 0] = 3.0
        kernel[1, 1, 0, 0] = np.nan
        G.conv1[1].kernel.assign(kernel)
        writer = tensorboard.Writer(folder)
        writer.weights("G", nvidia.variables(G), nimg=12_345)
        D = Discriminator(**options)
        writer.weights("D", nvidia.variables(D), nimg=12_345)
        writer.close()
        found = read(folder)
        names = ["4x4_Dense", "4x4_Conv", "ToRGB_lod1", "8x8_Conv0_up"]
        names += ["8x8_Conv1", "ToRGB_lod0"]
        expected = {
            f"G_{part}/{name}" for name in names for part in ("weight", "bias")
        }
        self.assertEqual({n for n in found if n[0] == "G"}, expected)
        self.assertLen(found, 12 + 14)
        self.assertIn("D_weight/8x8_Conv1_down", found)
        step, plugin, tensor = found["G_weight/8x8_Conv1"]
        self.assertEqual((step, plugin), (12, "histograms"))
        rows = tf.make_ndarray(tensor)
        self.assertEqual(rows.shape, (30, 3))
        # 64 threes and one NaN among 576 numbers.
        self.assertAllClose(rows[0], [0, 0.1, 511], rtol=1e-6, atol=0)
        self.assertAllClose(rows[-1], [2.9, 3, 64], rtol=1e-6, atol=0)
        self.assertEqual(rows[1:-1, 2].sum(), 0)
